# SPDX-License-Identifier: Apache-2.0
"""Lesions that no box speaks for: painted by hand, or of a result whose boxes were not kept."""

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
    """Return the smallest box around each lesion that belongs to none of the boxes, largest first.

    A connected region of a subtype belongs to a box of that subtype that it reaches into, if some of it was made there
    by a model. What was painted by hand inside a neighbour's box, without touching the neighbour, thus is a lesion of
    its own, which a change of that box must not take along.

    Parameters
    ----------
    label_map : LabelMap
        The labels now.
    boxes : sequence of LesionBox
        Those that are kept.
    of_boxes : numpy.ndarray
        (slices, rows, columns) which voxels were ever made as a box's lesion.
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
    """Return (count + 1,) whether a region has a voxel of the mask."""
    return np.bincount(regions[mask], minlength=count + 1) > 0
