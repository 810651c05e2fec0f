# SPDX-License-Identifier: Apache-2.0
"""Which voxels are a box's lesion, where boxes overlap."""

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
    """Return which voxels are the lesion of one of several boxes; see `voxels_of_lesions`."""
    return voxels_of_lesions(label_map, (box, *(other for other in others if other.subtype == box.subtype)))[0]


def voxels_of_lesions(label_map: LabelMap, boxes: Sequence[LesionBox]) -> list[BoxVoxels]:
    """Return which voxels of each box are its lesion's: ``inside`` of what is returned says it of the box's region.

    They are those of its subtype in the box. Where other boxes of the subtype hold a voxel too, it belongs to the box
    that holds the whole connected region that it is part of, of several to the smallest; if none does, to none.
    """
    found = [box.voxels(label_map.grid) for box in boxes]
    for label in {box.label for box in boxes}:
        _share_out(
            label_map.labels, label, [voxels for box, voxels in zip(boxes, found, strict=True) if box.label == label]
        )
    return found


def _share_out(labels: np.ndarray, label: int, boxes: list[BoxVoxels]) -> None:
    """Leave in the boxes of a label what is their lesion's."""
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
    pieces, count = ndimage.label(labels[whole] == label, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    holds = [
        _held(pieces, whole, BoxVoxels(box.region, reach)) == sizes for box, reach in zip(boxes, reaches, strict=True)
    ]
    ranks = [(int(reach.sum()), [part.start for part in box.region]) for box, reach in zip(boxes, reaches, strict=True)]
    for one, other, both in pairs:
        seen = _common(both, whole)
        if seen is not None:
            wins = ~holds[one] | (holds[other] & (ranks[other] < ranks[one]))
            lost = wins[pieces[_within(seen, whole)]] & reaches[other][_within(seen, boxes[other].region)]
            boxes[one].inside[_within(seen, boxes[one].region)] &= ~lost


def _held(pieces: np.ndarray, whole: _Region, box: BoxVoxels) -> np.ndarray:
    """Return how many voxels of each piece a box holds."""
    count = int(pieces.max(initial=0))
    both = _common(box.region, whole)
    if both is None:
        return np.zeros(count + 1, dtype=np.int64)
    held = pieces[_within(both, whole)][box.inside[_within(both, box.region)]]
    return np.bincount(held, minlength=count + 1)


def _common(one: _Region, other: _Region) -> _Region | None:
    both = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return both if all(part.start < part.stop for part in both) else None


def _within(part: _Region, whole: _Region) -> _Region:
    """Return a part of the volume as a part of a larger one."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, whole, strict=True))
