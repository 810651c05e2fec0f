# SPDX-License-Identifier: Apache-2.0
"""IDs beside the lesions of a picture, so that subtypes can be distinguished without colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import ImageDraw

from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.rendering.drawing import BACKGROUND, TEXT, font

_SIZE_PX = 22
_AWAY_PX = 16
_MAX_NAMED_COMPONENTS = 3
"""Maximum number of named components of a subtype."""
_MIN_FRACTION = 0.0015
"""Minimum fraction of the panel for a further component to be named."""


class Box(NamedTuple):
    """Rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Return the area of the intersection of two boxes."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


def draw_name_tags(
    draw: ImageDraw.ImageDraw, labels: np.ndarray, taken: Sequence[Box] = (), *, size_px: int = _SIZE_PX
) -> list[Box]:
    """Write the ID of each subtype beside its largest components, with a thin line to their edge.

    Parameters
    ----------
    draw : PIL.ImageDraw.ImageDraw
        Drawing context of the panel.
    labels : numpy.ndarray
        (height, width) labels, one for each pixel of the panel.
    taken : sequence of Box
        Text that the panel already contains.
    size_px : int
        Height of the letters.

    Returns
    -------
    list of Box
        Boxes of the written IDs.
    """
    blood = labels > 0
    boxes: list[Box] = []
    found = np.bincount(labels.ravel(), minlength=256)
    for row in load_terminology().classes:
        if not found[row.label]:
            continue
        for component in _components(labels == row.label):
            box = _place(draw, row.id, component, blood, (*taken, *boxes), size_px)
            _draw_leader(draw, box, component)
            # "Centre" of the font's own box: capitals have no descenders.
            middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
            draw.text(
                middle, row.id, font=font(size_px), fill=TEXT, anchor="mm", stroke_width=2, stroke_fill=BACKGROUND
            )
            boxes.append(box)
    return boxes


def _tag_box(draw: ImageDraw.ImageDraw, text: str, middle: tuple[float, float], size_px: int) -> Box:
    """Return the box of a name with its dark edge, which keeps it readable over bone and brain."""
    return Box(*draw.textbbox(middle, text, font=font(size_px), anchor="mm", stroke_width=2))


def _components(mask: np.ndarray) -> list[np.ndarray]:
    """Return (n, 2) rows and columns of each component of a mask to name, largest first."""
    from scipy import ndimage

    found, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(found.ravel())[1:]
    order = np.argsort(-sizes, kind="stable")[:_MAX_NAMED_COMPONENTS]
    named = [index for place, index in enumerate(order) if place == 0 or sizes[index] >= _MIN_FRACTION * mask.size]
    return [np.argwhere(found == index + 1) for index in named]


def _place(
    draw: ImageDraw.ImageDraw, text: str, component: np.ndarray, blood: np.ndarray, taken: Sequence[Box], size_px: int
) -> Box:
    """Return the box beside a component that covers least blood and no other text."""
    (top, left), (bottom, right) = component.min(axis=0), component.max(axis=0)
    row, column = (top + bottom) / 2, (left + right) / 2
    size = _tag_box(draw, text, (0, 0), size_px)
    across, along = (size.right - size.left) / 2 + _AWAY_PX, (size.bottom - size.top) / 2 + _AWAY_PX
    places = [
        (right + across, row),
        (left - across, row),
        (column, top - along),
        (column, bottom + along),
        *((x, y) for y in (top - along, bottom + along) for x in (left - across / 2, right + across / 2)),
        (right + 2 * across, row),
        (left - 2 * across, row),
        (column, top - 2 * along),
        (column, bottom + 2 * along),
    ]
    height, width = blood.shape
    panel = Box(2, 2, width - 2, height - 2)
    boxes = [_tag_box(draw, text, place, size_px) for place in places]
    costs = [_cost(box, panel, blood, taken) for box in boxes]
    return boxes[int(np.argmin(costs))]


def _cost(box: Box, panel: Box, blood: np.ndarray, taken: Sequence[Box]) -> float:
    area = (box.right - box.left) * (box.bottom - box.top)
    rows = slice(max(int(box.top), 0), max(int(box.bottom), 0))
    columns = slice(max(int(box.left), 0), max(int(box.right), 0))
    outside = area - box.overlap(panel)
    return float(blood[rows, columns].sum()) + 10 * sum(box.overlap(other) for other in taken) + 100 * outside


def _draw_leader(draw: ImageDraw.ImageDraw, box: Box, component: np.ndarray) -> None:
    """Draw a line from a name to the nearest pixel of its component."""
    middle = np.array([(box.top + box.bottom) / 2, (box.left + box.right) / 2])
    row, column = component[np.argmin(((component - middle) ** 2).sum(axis=1))]
    start = min(max(column, box.left), box.right), min(max(row, box.top), box.bottom)
    for colour, width in ((BACKGROUND, 3), (TEXT, 1)):
        draw.line((*start, column, row), fill=colour, width=width)
