# SPDX-License-Identifier: Apache-2.0
"""Link boxes on single slices to boxes of lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from ICHSegmentationLib.core.lesion_boxes import LesionBox, in_plane

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid

_MIN_OVERLAP = 0.2
_MAX_SKIPPED = 1


@dataclass(frozen=True)
class SliceBox:
    """A box on one source slice.

    Attributes
    ----------
    slice_number : int
        Index of the slice.
    rows, columns : tuple of float
        First and last edge in pixels. Pixel i extends from i to i + 1, so integers are the bounds of array slices.
    subtype : str
        See `LesionBox`.
    confidence : float
        See `LesionBox`.
    """

    slice_number: int
    rows: tuple[float, float]
    columns: tuple[float, float]
    subtype: str
    confidence: float = 1.0


def plane_boxes(mask: np.ndarray) -> list[tuple[slice, slice]]:
    """Return the bounding box of each connected component (8 neighbours) of a (rows, columns) mask."""
    components, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    return [(rows, columns) for rows, columns in ndimage.find_objects(components)]


def link_boxes(
    boxes: Sequence[SliceBox],
    grid: SliceGrid,
    *,
    min_overlap: float = _MIN_OVERLAP,
    max_skipped: int = _MAX_SKIPPED,
    lone_threshold: float = 0.0,
) -> tuple[LesionBox, ...]:
    """Link boxes of one subtype that overlap from slice to slice.

    Parameters
    ----------
    boxes : sequence of SliceBox
        In any order.
    grid : SliceGrid
        Grid of the scan. Overlap is computed in patient coordinates, so gantry tilt does not matter.
    min_overlap : float
        Minimum overlap of two boxes, as a fraction of the smaller one's area.
    max_skipped : int
        Maximum number of consecutive slices without a box within a lesion.
    lone_threshold : float
        Minimum confidence of a lesion with boxes on one slice only; false positives of a detector seldom continue on
        the next slice.

    Returns
    -------
    tuple of LesionBox
        In order of decreasing confidence. Each encloses its slices' boxes, clipped to the image, and has their highest
        confidence. Boxes outside the image are left out.
    """
    if not boxes:
        return ()
    numbers = np.array([box.slice_number for box in boxes])
    pixels = np.array([(box.rows, box.columns) for box in boxes]).transpose(0, 2, 1) - 0.5
    edges = pixels + in_plane(grid, grid.positions_mm[numbers])[:, None]
    names = np.array([box.subtype for box in boxes])
    sides = np.minimum(edges[:, None, 1], edges[None, :, 1]) - np.maximum(edges[:, None, 0], edges[None, :, 0])
    areas = np.prod(edges[:, 1] - edges[:, 0], axis=-1)
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    linked = (
        (shared >= min_overlap * np.minimum.outer(areas, areas))
        & (shared > 0)
        & (names[:, None] == names)
        & (np.abs(np.subtract.outer(numbers, numbers)) <= 1 + max_skipped)
    )
    count, group_of = connected_components(linked, directed=False)
    joined = []
    for group in range(count):
        members = np.flatnonzero(group_of == group).tolist()
        both = np.stack([edges[members, 0].min(axis=0), edges[members, 1].max(axis=0)])
        slices = (int(numbers[members].min()), int(numbers[members].max()))
        confidence = max(boxes[member].confidence for member in members)
        if slices[0] == slices[1] and confidence < lone_threshold:
            continue
        box = LesionBox.spanning(boxes[members[0]].subtype, both, slices, grid, confidence).clipped(grid)
        if box is not None:
            joined.append(box)
    return tuple(sorted(joined, key=lambda box: -box.confidence))
