# SPDX-License-Identifier: Apache-2.0
"""Run a model on single slices, each as the middle of a stack of equal slices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from PIL import Image

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.models import LoadedModel, ModelEntry, get_model, output_subtypes
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY, CLASSES
from ICHSegmentationLib.research.evaluation.models.required_models import require_models, verifier_sha256
from ICHSegmentationLib.research.evaluation.models.run import RunSettings, segment_or_refuse
from ICHSegmentationLib.research.evaluation.slices.metrics import SliceMetrics, class_metrics

COPIES = 12
"""Equal slices in a stack; the patch-wise system returns nothing for fewer slices of 5 mm."""
MIDDLE = COPIES // 2
RECORD_NAME = "figures.json"


class LabelledStack(NamedTuple):
    """A stack of :data:`COPIES` equal slices, and the labels of one, (rows, columns) uint8."""

    volume: CTVolume
    labels: np.ndarray


@dataclass(frozen=True)
class LabelledSlice:
    """A slice with labels.

    Attributes
    ----------
    name, patient : str
        Names of the slice and of its patient.
    after_surgery : bool or None
        Whether the head was operated on; None if unknown.
    read : callable
        Reads it.
    """

    name: str
    patient: str
    after_surgery: bool | None
    read: Callable[[], LabelledStack]


@dataclass(frozen=True)
class LabelledImage:
    """A slice of which only the presence of hemorrhage is known; ``read`` reads its stack."""

    name: str
    has_hemorrhage: bool
    read: Callable[[], CTVolume]


class ImageResult(NamedTuple):
    """Predicted volume of hemorrhage of an image, counted with a slice of 5 mm."""

    name: str
    has_hemorrhage: bool
    predicted_ml: float


class ScanResult(NamedTuple):
    """Predicted volume of hemorrhage of a scan without hemorrhage."""

    name: str
    predicted_ml: float


@dataclass(frozen=True, kw_only=True)
class SliceSet:
    """What a model is evaluated on.

    Attributes
    ----------
    slices : sequence of LabelledSlice
        Slices with labels.
    images : sequence of LabelledImage
        Slices with labels by image.
    negatives : sequence of pathlib.Path
        Scans without hemorrhage.
    fold : int or None
        The fold that the slices are of; None for all.
    """

    slices: Sequence[LabelledSlice] = ()
    images: Sequence[LabelledImage] = ()
    negatives: Sequence[Path] = ()
    fold: int | None = None

    @classmethod
    def joined(cls, sets: Iterable[Self]) -> Self:
        """Return everything of several sets."""
        parts = list(sets)
        return cls(
            slices=[item for part in parts for item in part.slices],
            images=[item for part in parts for item in part.images],
            negatives=[path for part in parts for path in part.negatives],
        )

    def __len__(self) -> int:
        """Return the number of segmentations."""
        return len(self.slices) + len(self.images) + len(self.negatives)


@dataclass(frozen=True, kw_only=True)
class SliceRun:
    """Results of one model, or of one model for each fold.

    Attributes
    ----------
    models : tuple of dict
        Name (``model``), checksums and ``fold`` of each model; a model has a fold if it segmented only its slices.
    classes : tuple of str
        Classes that they predict, of `CLASSES`.
    postprocessed : bool or None
        Whether the labels were postprocessed; None if unknown.
    slices : list of SliceMetrics
        Metrics of the slices.
    images : list of ImageResult
        Volumes of the images.
    negatives : list of ScanResult
        Volumes of the scans without hemorrhage.
    predicted : dict of str to numpy.ndarray
        Labels of slices and images by name, (rows, columns) uint8.
    seconds : list of float
        Duration of each segmentation that was not refused.
    """

    models: tuple[dict[str, Any], ...]
    classes: tuple[str, ...]
    postprocessed: bool | None
    slices: list[SliceMetrics] = field(default_factory=list)
    images: list[ImageResult] = field(default_factory=list)
    negatives: list[ScanResult] = field(default_factory=list)
    predicted: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Names of the models."""
        return [str(model["model"]) for model in self.models]

    def add(self, item: LabelledSlice, stack: LabelledStack, predicted: np.ndarray, model: str) -> None:
        """Compare predicted labels, (rows, columns) uint8, with those of a slice and add them."""
        self.predicted[item.name] = predicted
        self.slices.append(
            SliceMetrics(
                name=item.name,
                patient=item.patient,
                after_surgery=item.after_surgery,
                model=model,
                classes=class_metrics(predicted, stack.labels, stack.volume.grid.pixel_area_mm2),
            )
        )


def run_on_slices(
    sets: Mapping[str, SliceSet],
    settings: RunSettings,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> SliceRun:
    """Segment every slice, image and scan like a user's scan and compute metrics.

    Parameters
    ----------
    sets : mapping of str to SliceSet
        What each model segments; more than one model only if each has slices of its own, as with one model per fold.
    settings : RunSettings
        How it runs.
    progress : callable
        Called with the current case and the fraction done.

    Raises
    ------
    MissingModelError
        Before any slice, if a companion model is not installed; see `require_models`.
    """
    entries = [get_model(name) for name in sets]
    for entry in entries:
        require_models(entry, postprocessed=settings.postprocessing)
    run = SliceRun(
        models=tuple(
            _described(entry, found.fold, postprocessed=settings.postprocessing)
            for entry, found in zip(entries, sets.values(), strict=True)
        ),
        classes=_classes(entries[0]),
        postprocessed=settings.postprocessing,
    )
    total = sum(len(found) for found in sets.values())
    done = 0
    for model, found in sets.items():
        loaded = LoadedModel()

        def segment(volume: CTVolume, name: str, model: str = model, loaded: LoadedModel = loaded) -> np.ndarray:
            nonlocal done
            progress(f"{model}, {name}", done / total)
            label_map, seconds = segment_or_refuse(volume, model, loaded, settings, name)
            done += 1
            if seconds is not None:
                run.seconds.append(seconds)
            return label_map.labels

        for item in found.slices:
            stack = item.read()
            run.add(item, stack, segment(stack.volume, item.name)[MIDDLE], model)
        for image in found.images:
            volume = image.read()
            predicted = segment(volume, image.name)[MIDDLE]
            run.predicted[image.name] = predicted
            voxel_ml = volume.grid.voxel_volumes_mm3[MIDDLE] / 1000
            predicted_ml = float(np.count_nonzero(predicted) * voxel_ml)
            run.images.append(ImageResult(image.name, image.has_hemorrhage, predicted_ml))
        for path in found.negatives:
            scan = read_ct(path)
            labels = segment(scan, path.name)
            volumes_mm3 = np.count_nonzero(labels, axis=(1, 2)) * scan.grid.voxel_volumes_mm3
            run.negatives.append(ScanResult(path.name, float(volumes_mm3.sum() / 1000)))
    progress(", ".join(sets), 1.0)
    return run


def read_predictions(slices: Sequence[LabelledSlice], folders: Sequence[Path]) -> SliceRun:
    """Take the labels of slices from folders, as of one model for each fold or of another program.

    Parameters
    ----------
    slices : sequence of LabelledSlice
        The slices.
    folders : sequence of pathlib.Path
        Folders of ``NAME.png`` with labels, such as ``predictions`` of earlier evaluations, whose ``figures.json`` says
        which model made them.

    Raises
    ------
    InputError
        If a slice is in none or in several of the folders, its labels do not fit it, or the folders were made with
        and without postprocessing.
    """
    made_by = [_made_by(folder) for folder in folders]
    if len({postprocessed for _, postprocessed in made_by}) > 1:
        raise InputError(message("research.predictions_differ", folders=", ".join(map(str, folders))))
    models = {str(model): model for found, _ in made_by for model in found}
    run = SliceRun(models=tuple(models.values()), classes=CLASSES, postprocessed=made_by[0][1])
    for item in slices:
        paths = [folder / f"{item.name}.png" for folder in folders if (folder / f"{item.name}.png").exists()]
        if len(paths) != 1:
            raise InputError(message("research.not_one_prediction", name=item.name, count=len(paths)))
        stack = item.read()
        with Image.open(paths[0]) as picture:
            predicted = np.asarray(picture)
        if predicted.shape != stack.labels.shape or predicted.max() > UNKNOWN_SUBTYPE:
            raise InputError(message("research.prediction_of_another_slice", path=paths[0]))
        run.add(item, stack, predicted.astype(np.uint8), paths[0].parent.parent.name)
    return run


def _made_by(folder: Path) -> tuple[list[dict[str, Any]], bool | None]:
    """Return the models that made the labels of a folder, and whether they were postprocessed; None if unknown."""
    path = folder.parent / RECORD_NAME
    if not path.exists():
        return [], None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return list(record["models"]), bool(record["postprocessed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(message("research.json_unreadable", path=path)) from error


def _described(entry: ModelEntry, fold: int | None, *, postprocessed: bool) -> dict[str, Any]:
    return {
        "model": entry.name,
        "sha256": entry.sha256,
        "fingerprint": entry.fingerprint,
        "verifier_sha256": verifier_sha256(entry, postprocessed=postprocessed),
        "fold": fold,
    }


def _classes(entry: ModelEntry) -> tuple[str, ...]:
    predicted = output_subtypes(entry)
    return (ANY,) if ANY_BLOOD in predicted else tuple(name for name in CLASSES if name == ANY or name in predicted)
