# SPDX-License-Identifier: Apache-2.0
"""Join the boxes of single slices into boxes of lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from ICHSegmentationLib.core.lesion_boxes import LesionBox, in_plane

if TYPE_CHECKING:
    from ICHSegmentationLib.core.grid import SliceGrid

_LEAST_OVERLAP = 0.2
_MOST_SKIPPED = 1


@dataclass(frozen=True)
class SliceBox:
    """A box on one source slice.

    Attributes
    ----------
    slice_number : int
        The slice.
    rows, columns : tuple of float
        First and last edge in pixels; that of a pixel's near side is its index, that of its far side the index plus
        one, so that whole numbers are the bounds of array slices.
    subtype : str
        As in `LesionBox`.
    confidence : float
        As in `LesionBox`.
    """

    slice_number: int
    rows: tuple[float, float]
    columns: tuple[float, float]
    subtype: str
    confidence: float = 1.0


def plane_boxes(mask: np.ndarray) -> list[tuple[slice, slice]]:
    """Return rows and columns of each connected piece (8 neighbours) of a (rows, columns) mask.

    The end of each is the last pixel's index plus one.
    """
    pieces, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    return [(rows, columns) for rows, columns in ndimage.find_objects(pieces)]


def link_boxes(
    boxes: Sequence[SliceBox],
    grid: SliceGrid,
    *,
    least_overlap: float = _LEAST_OVERLAP,
    most_skipped: int = _MOST_SKIPPED,
    lone_threshold: float = 0.0,
) -> tuple[LesionBox, ...]:
    """Join boxes of one subtype that overlap from slice to slice.

    Parameters
    ----------
    boxes : sequence of SliceBox
        In any order.
    grid : SliceGrid
        The scan; overlap is that in the patient, also where the gantry is tilted.
    least_overlap : float
        Share of the smaller box's area that two boxes have in common to belong together.
    most_skipped : int
        Slices without a box that a lesion may span.
    lone_threshold : float
        Least confidence of a lesion with boxes on one slice only: what a detector takes for blood by mistake is seldom
        seen on the next slice too.

    Returns
    -------
    tuple of LesionBox
        The most confident first. Each holds all its slices' boxes and has the highest of their confidences.
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
        (shared >= least_overlap * np.minimum.outer(areas, areas))
        & (shared > 0)
        & (names[:, None] == names)
        & (np.abs(np.subtract.outer(numbers, numbers)) <= 1 + most_skipped)
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
        joined.append(LesionBox.spanning(boxes[members[0]].subtype, both, slices, grid, confidence))
    return tuple(sorted(joined, key=lambda box: -box.confidence))
