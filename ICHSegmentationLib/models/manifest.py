# SPDX-License-Identifier: Apache-2.0
"""What is known of each installed model: one JSON file beside the weights."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ICHSegmentationLib.core.errors import MissingModelError, ModelError, UnknownModelError
from ICHSegmentationLib.core.resources import resource_path
from ICHSegmentationLib.core.subtypes import label_values
from ICHSegmentationLib.models.runtimes.no_network import EM_FIELDS, EM_NAME
from ICHSegmentationLib.networks.box_decoding import NMS_OVERLAP, SCORE_THRESHOLD
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec

MODELS_FOLDER = resource_path("Models")
MANIFEST_NAME = "manifest.json"
_DESCRIPTIONS = {"training_data", "licence", "non_commercial", "quality", "reference_seconds", "card", "folder"}


class ModelEntry(BaseModel):
    """One installed model; every field but `folder` is in the manifest.

    Attributes
    ----------
    name, system, preset
        What the user types, the kind of network and its size, as :func:`ICHSegmentationLib.networks.build_network`
        takes them.
    file, sha256, size_bytes
        The safetensors file in `folder`, and what it must look like; all empty for a model without weights.
    graph, graph_sha256
        The network in OpenVINO's form without its weights, in `folder`, and its checksum. A model without it is
        converted where it runs, which takes torch.
    parameters
        Trainable numbers of the network.
    classes
        Label names by output channel, "background" first.
    window_hu
        HU that become 0 and 1 of the network's input.
    pixel_mm
        Size of the input's square pixels.
    size_px
        Least rows and columns of the input; a larger head takes more, in steps of 64.
    neighbours, neighbour_distance_mm
        Extra slices on each side, given as channels, and how far apart they are taken.
    crop_px
        Rows and columns of a network that takes crops of one size; 0 for all others.
    detector
        Name of the model that finds the boxes for this one.
    joining
        Whether such a model looks into each box by itself, or once a slice into the box that holds all of them.
    score_threshold, nms_overlap
        Of a detector; see :func:`ICHSegmentationLib.networks.box_decoding.decode_boxes`.
    lone_threshold
        Of a detector; see :func:`ICHSegmentationLib.segmentation.boxes.linking.link_boxes`.
    clip_hu, z_score, align_midline
        See :class:`ICHSegmentationLib.preprocessing.input_spec.InputSpec`.
    case_minimum_ml
        Volume of blood from which on a scan counts as one with a bleed; None makes no such decision.
    least_certainty
        Limits of the cleaning by subtype, in place of the usual ones; see
        :class:`ICHSegmentationLib.segmentation.postprocessing.PostProcessing`.
    second_reader
        Model of parenchymal blood that is asked about what this one calls ventricular; see
        :mod:`ICHSegmentationLib.segmentation.verifier`.
    patches
        Of a network that is shown patches of the volume; see
        :class:`ICHSegmentationLib.preprocessing.patch_spec.PatchSpec`.
    network
        Constructor arguments that differ from the preset's.
    training_data, licence, non_commercial
        Where the weights come from and what may be done with them.
    quality
        Measured figures by name.
    reference_seconds
        Seconds for 40 slices on the machine that the model card names.
    card
        Path of the model card in the repository.
    folder
        Where the manifest was found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    least_certainty: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None
    second_reader: str = ""
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
            message = "must be the name of a .safetensors file beside the manifest"
            raise ValueError(message)
        return file

    @field_validator("graph")
    @classmethod
    def _check_graph(cls, graph: str | None) -> str | None:
        if graph is not None and (Path(graph).name != graph or not graph.endswith(".graph.zip")):
            message = "must be the name of a .graph.zip file beside the manifest"
            raise ValueError(message)
        return graph

    @field_validator("window_hu")
    @classmethod
    def _check_window(cls, window_hu: tuple[float, float]) -> tuple[float, float]:
        if window_hu[0] >= window_hu[1]:
            message = "the lower end must be below the upper end"
            raise ValueError(message)
        return window_hu

    @field_validator("least_certainty")
    @classmethod
    def _check_certainty(cls, limits: dict[str, float] | None) -> dict[str, float] | None:
        label_values(("background", *(limits or {})))
        return limits

    @model_validator(mode="after")
    def _check_reader(self) -> Self:
        if self.second_reader and not {"IPH", "IVH"} <= set(self.classes):
            message = "second_reader needs the classes IPH and IVH"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_input(self) -> Self:
        _ = self.input_spec
        return self

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        weights = (self.file, self.sha256, self.size_bytes, self.parameters)
        if any(weights) and not all(weights):
            message = "file, sha256, size_bytes and parameters belong together"
            raise ValueError(message)
        return self

    @property
    def has_weights(self) -> bool:
        """Whether there is anything to load."""
        return bool(self.file)

    @property
    def path(self) -> Path:
        """Where the weights are."""
        return self.folder / self.file

    @property
    def fingerprint(self) -> str:
        """Checksum of all that decides what the model answers; a detector or second reader counts by its name alone.

        What is as usual does not count, so that it stays the same when a version adds a field.
        """
        text = self.model_dump_json(exclude=_DESCRIPTIONS, exclude_defaults=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def sides(self) -> tuple[int, ...]:
        """Sides of the network's input in voxels, -1 for any: rows and columns, or slices, rows and columns."""
        if self.crop_px:
            return self.crop_px, self.crop_px
        return (-1, -1, -1) if self.patches else (-1, -1)

    @property
    def input_spec(self) -> InputSpec:
        """What the network is shown."""
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
    """All installed models; `default` names the one that is used when none is chosen, empty where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The published field is called "schema", which pydantic's own classes once used for a method.
    schema_version: Literal[1] = Field(default=1, alias="schema")
    default: str = ""
    models: tuple[ModelEntry, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [entry.name for entry in self.models]
        if len(set(names)) != len(names):
            message = "two models have the same name"
            raise ValueError(message)
        if not all(entry.has_weights for entry in self.models):
            message = "a model has no weights"
            raise ValueError(message)
        if names and self.default not in names:
            message = f"the default model {self.default!r} is not in the list"
            raise ValueError(message)
        return self

    @property
    def available(self) -> tuple[ModelEntry, ...]:
        """The models that segment: the installed ones but those that only find boxes, and the one without weights."""
        return (*(entry for entry in self.models if entry.system != "detector"), em_entry())

    def get(self, name: str = "default") -> ModelEntry:
        """Find a model by its name, or the default one: where none is installed, the one that needs no weights.

        Raises
        ------
        UnknownModelError
            If there is no such model; the message lists those there are.
        """
        wanted = (self.default or EM_NAME) if name == "default" else name
        for entry in (*self.models, em_entry()):
            if entry.name == wanted:
                return entry
        known = ", ".join(entry.name for entry in self.available)
        message = f"There is no model named {name!r}; installed are: {known}."
        raise UnknownModelError(message)


def em_entry() -> ModelEntry:
    """Return the model that needs no weights."""
    return ModelEntry.model_validate(EM_FIELDS)


def models_folder() -> Path:
    """Where the installed models are: ICHSEG_MODELS if set, else the folder inside the package."""
    chosen = os.environ.get("ICHSEG_MODELS")
    return Path(chosen) if chosen else MODELS_FOLDER


def load_manifest(folder: Path | None = None) -> Manifest:
    """Read the manifest of a folder of models, by default of the installed ones.

    Raises
    ------
    MissingModelError
        If it cannot be read.
    ModelError
        If it is malformed; the message names the file and the first wrong field.
    """
    folder = folder or models_folder()
    path = folder / MANIFEST_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The list of models {path} cannot be read; reinstall the package."
        raise MissingModelError(message) from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        message = f"The list of models {path} is not valid at {place}: {first['msg']}."
        raise ModelError(message) from error
    entries = tuple(entry.model_copy(update={"folder": folder}) for entry in manifest.models)
    return manifest.model_copy(update={"models": entries})


def get_model(name: str = "default", *, folder: Path | None = None) -> ModelEntry:
    """Find a model by its name, or the default one; see :meth:`Manifest.get`.

    The model that needs no weights is there even without a list of models.
    """
    try:
        manifest = load_manifest(folder)
    except MissingModelError:
        if name not in ("default", EM_NAME):
            raise
        manifest = Manifest()
    return manifest.get(name)
