# SPDX-License-Identifier: Apache-2.0
"""Decode a detector's maps to boxes, in numpy outside of the network's graph."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MAP_STRIDE = 4
NMS_OVERLAP = 0.6
"""Boxes of one subtype that overlap a more confident one by more than this are removed (Rajapakse et al. 2024)."""
SCORE_THRESHOLD = 0.3
_MAX_POSITIONS, _MAX_BOXES = 1000, 100


class FoundBoxes(NamedTuple):
    """Boxes on one image, in order of decreasing score.

    Attributes
    ----------
    edges : numpy.ndarray
        (n, 4) top, left, bottom and right edge in pixels. Pixel i extends from i to i + 1, so integers are the bounds
        of array slices.
    kinds : numpy.ndarray
        (n,) class; 0 is background.
    scores : numpy.ndarray
        (n,) geometric mean of the class's probability and the centre-ness, 0 to 1.
    """

    edges: np.ndarray
    kinds: np.ndarray
    scores: np.ndarray


def map_places(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of the positions of a map, (rows, 1) and (columns,) in pixels of the input."""
    across, down = (np.arange(count, dtype=np.float32) * MAP_STRIDE + MAP_STRIDE / 2 for count in (columns, rows))
    return down[:, None], across


def decode_boxes(
    answer: np.ndarray, *, score_threshold: float = SCORE_THRESHOLD, nms_overlap: float = NMS_OVERLAP
) -> FoundBoxes:
    """Decode the boxes of one image, at most 100.

    Parameters
    ----------
    answer : numpy.ndarray
        (kinds + 5, rows, columns) output of a runtime: probabilities of the subtypes, distances to left, top, right
        and bottom in positions of the map, and the centre-ness.
    score_threshold : float
        Minimum score.
    nms_overlap : float
        See `NMS_OVERLAP`.
    """
    kinds = answer[:-5]
    left, top, right, bottom = answer[-5:-1] * MAP_STRIDE
    scores = np.sqrt(kinds * answer[-1])
    down, across = map_places(*scores.shape[1:])
    edges = np.stack([down - top, across - left, down + bottom, across + right], axis=-1)
    height, width = (size * MAP_STRIDE for size in scores.shape[1:])
    np.clip(edges, 0, (height, width, height, width), out=edges)
    found = np.argwhere(scores >= score_threshold)
    chosen = found[np.argsort(-scores[tuple(found.T)], kind="stable")][:_MAX_POSITIONS]
    boxes, numbers, values = edges[chosen[:, 1], chosen[:, 2]], chosen[:, 0] + 1, scores[tuple(chosen.T)]
    kept = _without_duplicates(boxes, numbers, nms_overlap)
    return FoundBoxes(boxes[kept], numbers[kept], values[kept])


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return intersection over union of a (4,) box with (n, 4) others."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    iou: np.ndarray = shared / np.maximum(areas - shared, 1e-6)
    return iou


def _without_duplicates(boxes: np.ndarray, kinds: np.ndarray, max_overlap: float) -> list[int]:
    kept: list[int] = []
    left = np.arange(len(boxes))
    while len(left) and len(kept) < _MAX_BOXES:
        best, left = left[0], left[1:]
        kept.append(int(best))
        left = left[(kinds[left] != kinds[best]) | (overlaps(boxes[best], boxes[left]) <= max_overlap)]
    return kept
