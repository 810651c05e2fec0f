# SPDX-License-Identifier: Apache-2.0
"""Lesions without a box: drawn by hand, or of a result whose boxes were not stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.lesion_boxes import BOX_SUBTYPES, LesionBox, box_around

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap


def lesions_without_box(label_map: LabelMap, boxes: Sequence[LesionBox], of_boxes: np.ndarray) -> tuple[LesionBox, ...]:
    """Return the bounding box of each lesion that belongs to none of the boxes, largest lesion first.

    A connected component of a subtype belongs to a box of that subtype that it extends into, if a model segmented some
    of it there. A lesion drawn by hand inside another lesion's box, without touching that lesion, is thus a lesion of
    its own, which editing the box must not change.

    Parameters
    ----------
    label_map : LabelMap
        The current labels.
    boxes : sequence of LesionBox
        Boxes of the result.
    of_boxes : numpy.ndarray
        (slices, rows, columns), nonzero where a voxel was ever segmented as a box's lesion.
    """
    grid = label_map.grid
    around = labelled_box(label_map.labels)
    labels = label_map.labels[around]
    found: list[tuple[int, LesionBox]] = []
    for name, label in BOX_SUBTYPES.items():
        mask = labels == label
        if not mask.any():
            continue
        inside = np.zeros(grid.shape, dtype=bool)
        for box in boxes:
            if box.subtype == name:
                region, within = box.voxels(grid)
                inside[region] |= within
        regions, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
        owned = _touched(regions, count, inside[around]) & _touched(regions, count, of_boxes[around] > 0)
        for index, extent in enumerate(ndimage.find_objects(regions, max_label=count), start=1):
            if not owned[index]:
                lesion = regions[extent] == index
                offset = (outer.start + inner.start for outer, inner in zip(around, extent, strict=True))
                found.append((int(lesion.sum()), box_around(lesion, offset, grid, name)))
    return tuple(box for _, box in sorted(found, key=lambda sized: -sized[0]))


def _touched(regions: np.ndarray, count: int, mask: np.ndarray) -> np.ndarray:
    """Return whether each region contains a voxel of the mask, (count + 1,)."""
    return np.bincount(regions[mask], minlength=count + 1) > 0
