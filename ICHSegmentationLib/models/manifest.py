# SPDX-License-Identifier: Apache-2.0
"""Manifest of the installed models: one JSON file beside the weights."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ICHSegmentationLib.core.errors import MissingModelError, ModelError, NoManifestError, UnknownModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.resources import resource_path
from ICHSegmentationLib.core.subtypes import label_values
from ICHSegmentationLib.core.validation import first_problem
from ICHSegmentationLib.networks.box_decoding import NMS_OVERLAP, SCORE_THRESHOLD
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec

MODELS_FOLDER = resource_path("Models")
MANIFEST_NAME, BUILT_IN_NAME = "manifest.json", "built-in.json"
_DESCRIPTIONS = {"training_data", "licence", "non_commercial", "quality", "reference_seconds", "card", "folder"}


class ModelEntry(BaseModel):
    """One installed model; the manifest holds every field but `folder`, some under the key that is given here.

    Attributes
    ----------
    name, system, preset
        Name on the command line, and system and size of its network; see
        :func:`ICHSegmentationLib.systems.build_network`.
    file, sha256, size_bytes
        Safetensors file in `folder`, its checksum and size; empty for a model without weights.
    graph, graph_sha256
        Network in OpenVINO format without weights, in `folder`, and its checksum. A model without it is converted
        before its first run, which needs torch.
    parameters
        Number of trainable parameters.
    classes
        Label of each output channel, "background" first.
    window_hu
        HU that map to 0 and 1 of the network's input.
    pixel_mm
        Pixel size of the input.
    size_px
        Minimum number of rows and columns of the input; larger heads get more, in steps of 64.
    neighbours, neighbour_distance_mm
        Number of neighbouring slices on each side, given as channels, and the distance between them.
    crop_px
        Rows and columns of a network that takes crops of a fixed size; 0 for all others.
    detector
        Name of the model that finds the boxes of this one.
    joining
        Whether such a model segments each box separately, or the union of the boxes once per slice.
    score_threshold, nms_overlap
        Thresholds of a detector; see :func:`ICHSegmentationLib.networks.box_decoding.decode_boxes`.
    lone_threshold
        Threshold of a detector; see :func:`ICHSegmentationLib.segmentation.boxes.linking.link_boxes`.
    clip_hu, z_score, align_midline
        See :class:`ICHSegmentationLib.preprocessing.input_spec.InputSpec`.
    case_minimum_ml
        Smallest total volume of a scan that counts as positive; None makes no such decision.
    min_confidence
        Limits of the postprocessing by subtype, in place of the defaults (key ``least_certainty``); see
        :class:`ICHSegmentationLib.segmentation.postprocessing.PostProcessing`.
    verifier
        Name of the model that checks lesions that this one labels IVH (key ``second_reader``); see
        :mod:`ICHSegmentationLib.segmentation.verifier`.
    patches
        Patches of a patch-wise network; see
        :class:`ICHSegmentationLib.preprocessing.patch_spec.PatchSpec`.
    network
        Constructor arguments that override the preset's.
    training_data, licence, non_commercial
        Origin of the weights and the terms of their use.
    quality
        Measured metrics by name.
    reference_seconds
        Seconds for 40 slices on the computer that the model card names.
    card
        Path of the model card in the repository.
    folder
        Folder of the manifest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    system: str
    preset: str
    file: str = ""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    size_bytes: int = Field(default=0, ge=0)
    graph: str | None = None
    graph_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    parameters: int = Field(default=0, ge=0)
    classes: tuple[str, ...] = Field(min_length=2)
    window_hu: tuple[float, float]
    pixel_mm: float = Field(gt=0)
    size_px: int = Field(default=256, gt=0, multiple_of=64)
    neighbours: int = Field(default=0, ge=0)
    neighbour_distance_mm: float = Field(default=0.0, ge=0)
    clip_hu: tuple[float, float] | None = None
    z_score: tuple[float, float] | None = None
    align_midline: bool = False
    case_minimum_ml: float | None = Field(default=None, ge=0)
    min_confidence: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = Field(default=None, alias="least_certainty")
    verifier: str = Field(default="", alias="second_reader")
    patches: PatchSpec | None = None
    crop_px: int = Field(default=0, ge=0)
    detector: str = ""
    joining: Literal["boxes", "union"] = "boxes"
    score_threshold: float = Field(default=SCORE_THRESHOLD, gt=0, lt=1)
    nms_overlap: float = Field(default=NMS_OVERLAP, gt=0, le=1)
    lone_threshold: float = Field(default=0.0, ge=0, lt=1)
    network: dict[str, Any] = Field(default_factory=dict)
    training_data: str
    licence: str
    non_commercial: bool
    quality: dict[str, float | str] = Field(default_factory=dict)
    reference_seconds: float = Field(ge=0)
    card: str
    folder: Path = Field(default=MODELS_FOLDER, exclude=True)

    @field_validator("file")
    @classmethod
    def _check_file(cls, file: str) -> str:
        if file and (Path(file).name != file or not file.endswith(".safetensors")):
            raise ValueError(message("models.weights_name", file=file))
        return file

    @field_validator("graph")
    @classmethod
    def _check_graph(cls, graph: str | None) -> str | None:
        if graph is not None and (Path(graph).name != graph or not graph.endswith(".graph.zip")):
            raise ValueError(message("models.graph_name", file=graph))
        return graph

    @field_validator("window_hu")
    @classmethod
    def _check_window(cls, window_hu: tuple[float, float]) -> tuple[float, float]:
        if window_hu[0] >= window_hu[1]:
            raise ValueError(message("models.window_order", low=window_hu[0], high=window_hu[1]))
        return window_hu

    @field_validator("min_confidence")
    @classmethod
    def _check_confidence(cls, limits: dict[str, float] | None) -> dict[str, float] | None:
        label_values(("background", *(limits or {})))
        return limits

    @model_validator(mode="after")
    def _check_verifier(self) -> Self:
        if self.verifier and not {"IPH", "IVH"} <= set(self.classes):
            raise ValueError(message("models.verifier_classes"))
        return self

    @model_validator(mode="after")
    def _check_input(self) -> Self:
        _ = self.input_spec
        return self

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        weights = (self.file, self.sha256, self.size_bytes, self.parameters)
        if any(weights) and not all(weights):
            raise ValueError(message("models.weights_incomplete"))
        return self

    @property
    def has_weights(self) -> bool:
        """Whether the model has weights to load."""
        return bool(self.file)

    @property
    def path(self) -> Path:
        """Path of the weights."""
        return self.folder / self.file

    @property
    def fingerprint(self) -> str:
        """Checksum of everything that determines the model's output; a detector or verifier counts by name only.

        Fields with default values do not count, so the checksum stays the same when a version adds a field.
        """
        text = self.model_dump_json(exclude=_DESCRIPTIONS, exclude_defaults=True, by_alias=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def sides(self) -> tuple[int, ...]:
        """Size of the network's input in voxels, -1 for any: (rows, columns) or (slices, rows, columns)."""
        if self.crop_px:
            return self.crop_px, self.crop_px
        return (-1, -1, -1) if self.patches else (-1, -1)

    @property
    def input_spec(self) -> InputSpec:
        """Specification of the network's input."""
        return InputSpec(
            window_hu=self.window_hu,
            pixel_mm=self.pixel_mm,
            size_px=self.size_px,
            neighbours=self.neighbours,
            neighbour_distance_mm=self.neighbour_distance_mm,
            clip_hu=self.clip_hu,
            z_score=self.z_score,
            align_midline=self.align_midline,
            patches=self.patches,
        )


class Manifest(BaseModel):
    """All installed models; `default` names the one that is used if none is chosen, empty if there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The published field is called "schema", which pydantic's own classes once used for a method.
    schema_version: Literal[1] = Field(default=1, alias="schema")
    default: str = ""
    models: tuple[ModelEntry, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [entry.name for entry in self.models]
        if len(set(names)) != len(names):
            raise ValueError(message("models.same_name"))
        if not all(entry.has_weights for entry in self.models):
            raise ValueError(message("models.no_weights"))
        if names and self.default not in names:
            raise ValueError(message("models.no_default", name=self.default))
        return self

    @property
    def all_models(self) -> tuple[ModelEntry, ...]:
        """The installed models and the built-in one, which has no weights."""
        return *self.models, built_in_entry()

    def get(self, name: str = "default") -> ModelEntry:
        """Return a model by its name, or the default one: the built-in model if none is installed.

        Raises
        ------
        UnknownModelError
            If there is no such model; the message lists those that there are.
        """
        wanted = (self.default or built_in_entry().name) if name == "default" else name
        for entry in self.all_models:
            if entry.name == wanted:
                return entry
        detectors = {entry.detector for entry in self.models}  # no user chooses them
        known = ", ".join(entry.name for entry in self.all_models if entry.name not in detectors)
        raise UnknownModelError(message("models.unknown_model", name=name, known=known))


@cache
def built_in_entry() -> ModelEntry:
    """Return the model that needs no weights, which is always installed."""
    content = json.loads((MODELS_FOLDER / BUILT_IN_NAME).read_text(encoding="utf-8"))
    return ModelEntry.model_validate(content)


def models_folder() -> Path:
    """Return the folder of the installed models: ICHSEG_MODELS if set, else the folder of the package."""
    chosen = os.environ.get("ICHSEG_MODELS")
    return Path(chosen) if chosen else MODELS_FOLDER


def load_manifest(folder: Path | None = None) -> Manifest:
    """Read the manifest of a folder of models, by default that of the installed ones.

    Raises
    ------
    NoManifestError
        If the package itself contains none.
    MissingModelError
        If it cannot be read, or that of a named folder (also by ICHSEG_MODELS) does not exist or lists no model.
    ModelError
        If it is malformed; the message names the file and the first wrong field.
    """
    folder = folder or models_folder()
    path = folder / MANIFEST_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        kind = NoManifestError if folder == MODELS_FOLDER else MissingModelError
        raise kind(message("models.manifest_unreadable", path=path, reason=error.strerror)) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.reason
        raise MissingModelError(message("models.manifest_unreadable", path=path, reason=reason)) from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        place, problem = first_problem(error)
        raise ModelError(message("models.manifest_not_valid", path=path, place=place, problem=problem)) from error
    if not manifest.models and folder != MODELS_FOLDER:
        raise MissingModelError(message("models.manifest_empty", path=path))
    entries = tuple(entry.model_copy(update={"folder": folder}) for entry in manifest.models)
    return manifest.model_copy(update={"models": entries})


def get_model(name: str = "default", *, folder: Path | None = None) -> ModelEntry:
    """Return a model by its name, or the default one; see :meth:`Manifest.get`.

    The built-in model is always found by its name. It is the default only where no folder of models was named and the
    package contains none.

    Raises
    ------
    UnknownModelError
        If there is no such model.
    MissingModelError
        If the manifest cannot be read, or a named folder has no models.
    ModelError
        If the manifest is malformed.
    """
    try:
        manifest = load_manifest(folder)
    except NoManifestError:
        manifest = Manifest()
    except MissingModelError:
        if name != built_in_entry().name:
            raise
        return built_in_entry()
    return manifest.get(name)
