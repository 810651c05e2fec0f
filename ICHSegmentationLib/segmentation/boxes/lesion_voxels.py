# SPDX-License-Identifier: Apache-2.0
"""Assign voxels to boxes where boxes overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.lesion_boxes import BoxVoxels, LesionBox

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap

_Region = tuple[slice, ...]


def lesion_voxels(label_map: LabelMap, box: LesionBox, others: Sequence[LesionBox]) -> BoxVoxels:
    """Return the voxels of one box's lesion; see `voxels_of_lesions`."""
    return voxels_of_lesions(label_map, (box, *(other for other in others if other.subtype == box.subtype)))[0]


def voxels_of_lesions(label_map: LabelMap, boxes: Sequence[LesionBox]) -> list[BoxVoxels]:
    """Return the voxels of each box's lesion, as ``inside`` within the box's region.

    These are the voxels of the box's subtype in the box. A voxel that lies in several boxes of the subtype belongs to
    the smallest box that contains its whole connected component; if there is none, it belongs to no box.
    """
    found = [box.voxels(label_map.grid) for box in boxes]
    for label in {box.label for box in boxes}:
        _remove_shared(
            label_map.labels, label, [voxels for box, voxels in zip(boxes, found, strict=True) if box.label == label]
        )
    return found


def _remove_shared(labels: np.ndarray, label: int, boxes: list[BoxVoxels]) -> None:
    """Remove from the boxes of a label the voxels that belong to another box."""
    reaches = [box.inside.copy() for box in boxes]
    for box in boxes:
        box.inside[labels[box.region] != label] = False
    pairs = [
        (one, other, both)
        for one in range(len(boxes))
        for other in range(len(boxes))
        if one != other and (both := _common(boxes[one].region, boxes[other].region)) is not None
    ]
    if not pairs:
        return
    whole = labelled_box(labels == label)
    components, count = ndimage.label(labels[whole] == label, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    holds = [
        _held(components, whole, BoxVoxels(box.region, reach)) == sizes
        for box, reach in zip(boxes, reaches, strict=True)
    ]
    ranks = [(int(reach.sum()), [part.start for part in box.region]) for box, reach in zip(boxes, reaches, strict=True)]
    for one, other, both in pairs:
        seen = _common(both, whole)
        if seen is not None:
            wins = ~holds[one] | (holds[other] & (ranks[other] < ranks[one]))
            lost = wins[components[_within(seen, whole)]] & reaches[other][_within(seen, boxes[other].region)]
            boxes[one].inside[_within(seen, boxes[one].region)] &= ~lost


def _held(components: np.ndarray, whole: _Region, box: BoxVoxels) -> np.ndarray:
    """Return the number of voxels of each component inside a box."""
    count = int(components.max(initial=0))
    both = _common(box.region, whole)
    if both is None:
        return np.zeros(count + 1, dtype=np.int64)
    held = components[_within(both, whole)][box.inside[_within(both, box.region)]]
    return np.bincount(held, minlength=count + 1)


def _common(one: _Region, other: _Region) -> _Region | None:
    both = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return both if all(part.start < part.stop for part in both) else None


def _within(part: _Region, whole: _Region) -> _Region:
    """Return a region relative to a larger one."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, whole, strict=True))
