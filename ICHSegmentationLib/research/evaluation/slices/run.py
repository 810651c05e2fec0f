# SPDX-License-Identifier: Apache-2.0
"""Run a model on single slices, each as the middle of a stack of equal slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io import read_ct
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.research.evaluation.models.required_models import require_models
from ICHSegmentationLib.research.evaluation.models.run import RunSettings, segment_or_refuse
from ICHSegmentationLib.research.evaluation.slices.metrics import SliceMetrics, class_metrics

COPIES = 12
"""Equal slices in a stack; the patch-wise system returns nothing for fewer slices of 5 mm."""
MIDDLE = COPIES // 2


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
    """

    slices: Sequence[LabelledSlice] = ()
    images: Sequence[LabelledImage] = ()
    negatives: Sequence[Path] = ()

    def __len__(self) -> int:
        """Return the number of segmentations."""
        return len(self.slices) + len(self.images) + len(self.negatives)


@dataclass(frozen=True, kw_only=True)
class SliceRun:
    """Results of one model, or of one model for each fold.

    Attributes
    ----------
    models : tuple of str
        Names of the models.
    cleaned : bool
        Whether the labels were postprocessed.
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

    models: tuple[str, ...]
    cleaned: bool
    slices: list[SliceMetrics] = field(default_factory=list)
    images: list[ImageResult] = field(default_factory=list)
    negatives: list[ScanResult] = field(default_factory=list)
    predicted: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


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
    for model in sets:
        require_models(get_model(model), cleaned=settings.cleaning)
    run = SliceRun(models=tuple(sets), cleaned=settings.cleaning)
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
            predicted = segment(stack.volume, item.name)[MIDDLE]
            run.predicted[item.name] = predicted
            run.slices.append(
                SliceMetrics(
                    name=item.name,
                    patient=item.patient,
                    after_surgery=item.after_surgery,
                    model=model,
                    classes=class_metrics(predicted, stack.labels, stack.volume.grid.pixel_area_mm2),
                )
            )
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
