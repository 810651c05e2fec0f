# SPDX-License-Identifier: Apache-2.0
"""Lesion-level metrics: detected lesions, false detections, correct subtypes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.subtypes import Subtype

_TOUCHING = np.ones((3, 3, 3))


class LesionCounts(BaseModel):
    """Lesion counts of one class; a lesion is a 26-connected component.

    Attributes
    ----------
    reference : int
        Number of reference lesions.
    found : int
        Reference lesions that overlap a predicted voxel of the same class.
    predicted : int
        Number of predicted lesions.
    right : int
        Predicted lesions that overlap a reference voxel of the same class.
    """

    model_config = ConfigDict(frozen=True)

    reference: int
    found: int
    predicted: int
    right: int

    @classmethod
    def of_masks(cls, predicted: np.ndarray, reference: np.ndarray) -> Self:
        """Count the lesions of two bool masks of one shape."""
        expected, found = _regions_and_touched(reference, predicted)
        given, right = _regions_and_touched(predicted, reference)
        return cls(reference=expected, found=found, predicted=given, right=right)

    @classmethod
    def pooled(cls, counts: Iterable[Self]) -> Self:
        """Sum the counts of several cases."""
        rows = [(count.reference, count.found, count.predicted, count.right) for count in counts]
        reference, found, predicted, right = (sum(column) for column in zip(*rows, strict=True))
        return cls(reference=reference, found=found, predicted=predicted, right=right)

    @property
    def recall(self) -> float | None:
        """Fraction of the reference lesions that were detected."""
        return self.found / self.reference if self.reference else None

    @property
    def precision(self) -> float | None:
        """Fraction of the predicted lesions that are true."""
        return self.right / self.predicted if self.predicted else None


def largest_lesion(predicted: np.ndarray, reference: np.ndarray, grid: SliceGrid, first_slice: int) -> tuple[str, str]:
    """Return the subtype of the largest reference lesion and the predicted subtype of most of it.

    Parameters
    ----------
    predicted, reference : numpy.ndarray
        (slices, rows, columns) labels of one shape.
    grid : SliceGrid
        Grid of the whole label map; the largest lesion is the one with the largest volume.
    first_slice : int
        Index of the arrays' first slice on that grid.

    Returns
    -------
    tuple of str
        Two subtypes; empty if the reference has no lesion with a subtype, or none of it is predicted.
    """
    from scipy import ndimage

    voxel_mm3 = grid.voxel_volumes_mm3[first_slice : first_slice + len(reference), None, None]
    largest_mm3, name, place = 0.0, "", np.zeros(reference.shape, dtype=bool)
    for subtype in Subtype:
        regions, count = ndimage.label(reference == subtype, structure=_TOUCHING)
        if count == 0:
            continue
        volumes = ndimage.sum_labels(np.broadcast_to(voxel_mm3, regions.shape), regions, np.arange(1, count + 1))
        if volumes.max() > largest_mm3:
            largest_mm3, name, place = volumes.max(), subtype.name, regions == 1 + volumes.argmax()
    given = np.bincount(predicted[place], minlength=256)[list(Subtype)]
    return name, Subtype(1 + int(given.argmax())).name if given.any() else ""


def _regions_and_touched(mask: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    from scipy import ndimage

    regions, count = ndimage.label(mask, structure=_TOUCHING)
    return count, len(np.unique(regions[mask & other]))
