# SPDX-License-Identifier: Apache-2.0
"""Target maps of a detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.networks.box_decoding import MAP_STRIDE, map_places
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.segmentation.boxes.linking import plane_boxes

_RADIUS = 1.5  # in map cells around the centre of a box (FCOS, "center sampling")
_MIN_PIXELS = 4  # of a lesion, at the pixel size of the network


class TrueBox(NamedTuple):
    """Top, left, bottom and right edge of a lesion on a slice in pixels, and its class; `IGNORE` if unknown."""

    edges: tuple[float, float, float, float]
    kind: int


def true_boxes(classes: np.ndarray) -> list[TrueBox]:
    """Return the box of each connected component of each class on a (rows, columns) plane."""
    boxes = []
    for kind in np.unique(classes[classes > 0]).tolist():
        mask = classes == kind
        for rows, columns in plane_boxes(mask):
            if np.count_nonzero(mask[rows, columns]) >= _MIN_PIXELS:
                boxes.append(TrueBox((rows.start, columns.start, rows.stop, columns.stop), kind))
    return boxes


def varied(box: TrueBox, rng: np.random.Generator, *, jitter: float, margin: float) -> TrueBox:
    """Enlarge a box by the fraction ``margin`` of its sides and shift each edge by up to the fraction ``jitter``."""
    top, left, bottom, right = box.edges
    height, width = bottom - top, right - left
    moves = rng.uniform(-jitter, jitter, 4) + margin * np.array([-1, -1, 1, 1])
    edges = np.array(box.edges) + moves * np.array([height, width, height, width])
    return TrueBox(tuple(edges.tolist()), box.kind)


def target_maps(boxes: Sequence[TrueBox], size: tuple[int, int]) -> np.ndarray:
    """Draw the target maps of a detector.

    A map cell inside a box and near its centre predicts the box, the smallest one of several. A box without such a cell
    is assigned to the nearest cell.

    Parameters
    ----------
    boxes : sequence of TrueBox
        Boxes on an image.
    size : tuple of int
        Rows and columns of the image.

    Returns
    -------
    numpy.ndarray
        (6, rows / 4, columns / 4) float32: class, 0 for background and 255 for unknown; left, top, right and bottom in
        map cells; centre-ness (FCOS, equation 3).
    """
    shape = (size[0] // MAP_STRIDE, size[1] // MAP_STRIDE)
    maps = np.zeros((6, *shape), dtype=np.float32)
    down, across = map_places(*shape)
    for box in sorted(boxes, key=lambda one: -_area(one)):
        top, left, bottom, right = box.edges
        sides = np.stack(np.broadcast_arrays(across - left, down - top, right - across, bottom - down)) / np.float32(
            MAP_STRIDE
        )
        inside = sides.min(axis=0) > 0
        if box.kind == IGNORE:
            maps[0][inside] = IGNORE
            continue
        off_middle = np.maximum(np.abs(down - (top + bottom) / 2), np.abs(across - (left + right) / 2))
        own = inside & (off_middle <= _RADIUS * MAP_STRIDE)
        if not own.any():
            own[np.unravel_index(off_middle.argmin(), shape)] = True
            sides = np.maximum(sides, 0.1)
        ends = np.stack([sides[[0, 2]], sides[[1, 3]]])[..., own]
        maps[0][own] = box.kind
        maps[1:5, own] = sides[:, own]
        maps[5][own] = np.sqrt((ends.min(axis=1) / ends.max(axis=1)).prod(axis=0))
    return maps


def _area(box: TrueBox) -> float:
    top, left, bottom, right = box.edges
    return (bottom - top) * (right - left)
