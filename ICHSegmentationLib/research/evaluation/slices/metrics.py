# SPDX-License-Identifier: Apache-2.0
"""Compare the predicted labels of one slice with its reference."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY, CLASSES, class_mask
from ICHSegmentationLib.research.evaluation.metrics.overlap import Counts, Overlap

SPECK_MM2 = 2.0
"""Smaller lesions of the reference are drawing errors and not counted as lesions."""
_TOUCHING = np.ones((3, 3))


class SliceLesions(BaseModel):
    """Number of reference lesions of a class on a slice; a lesion is an 8-connected component.

    Attributes
    ----------
    reference : int
        Lesions of at least :data:`SPECK_MM2`.
    found : int
        Those that overlap a predicted pixel of any subtype.
    named_right : int
        Those of whose predicted pixels most have the correct subtype. 0 for :data:`ANY`.
    """

    model_config = ConfigDict(frozen=True)

    reference: int
    found: int
    named_right: int

    @classmethod
    def of(cls, predicted: np.ndarray, reference: np.ndarray, name: str, pixel_mm2: float) -> Self:
        """Count the lesions of a class in two (rows, columns) arrays of labels."""
        from scipy import ndimage

        components, count = ndimage.label(class_mask(reference, name), structure=_TOUCHING)
        lesions = found = named_right = 0
        for number in range(1, count + 1):
            inside = predicted[components == number]
            if inside.size * pixel_mm2 < SPECK_MM2:
                continue
            by_label = np.bincount(inside, minlength=max(Subtype) + 2)
            by_label[0] = 0
            lesions += 1
            found += bool(by_label.any())
            named_right += name != ANY and bool(by_label.any()) and int(by_label.argmax()) == Subtype[name]
        return cls(reference=lesions, found=found, named_right=named_right)


class SliceClass(BaseModel):
    """Metrics of one class on a slice."""

    model_config = ConfigDict(frozen=True)

    pixels: Counts
    overlap: Overlap
    lesions: SliceLesions

    @property
    def has_reference(self) -> bool:
        """Whether the reference has the class."""
        return self.pixels.tp + self.pixels.fn > 0


class SliceMetrics(BaseModel):
    """Metrics of one slice.

    Attributes
    ----------
    name, patient : str
        Names of the slice and of its patient.
    after_surgery : bool or None
        Whether the head was operated on; None if unknown.
    model : str
        The model that segmented it.
    classes : dict of str to SliceClass
        Metrics by subtype, and of ``any``.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    patient: str
    after_surgery: bool | None
    model: str
    classes: dict[str, SliceClass]


def class_metrics(predicted: np.ndarray, reference: np.ndarray, pixel_mm2: float) -> dict[str, SliceClass]:
    """Compare two (rows, columns) arrays of labels; return metrics by class."""
    result = {}
    for name in CLASSES:
        pixels = Counts.of(class_mask(predicted, name), class_mask(reference, name))
        # As in scans, pixels without hemorrhage in both are not counted: their number depends on how much air is shown.
        pixels = pixels.model_copy(update={"tn": 0})
        lesions = SliceLesions.of(predicted, reference, name, pixel_mm2)
        result[name] = SliceClass(pixels=pixels, overlap=Overlap.of(pixels), lesions=lesions)
    return result
