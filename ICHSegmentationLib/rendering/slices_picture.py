# SPDX-License-Identifier: Apache-2.0
"""The key slices in a brain window with outlines in the subtypes' colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.rendering.drawing import (
    BACKGROUND,
    MUTED,
    RESEARCH_USE,
    TEXT,
    draw_legend,
    draw_scale_bar,
    font,
)
from ICHSegmentationLib.rendering.key_slices import choose_slices
from ICHSegmentationLib.rendering.orientation import DisplayOrientation
from ICHSegmentationLib.rendering.outlines import outline_alpha
from ICHSegmentationLib.terminology import load_terminology

if TYPE_CHECKING:
    from ICHSegmentationLib.ct.volume import CTVolume
    from ICHSegmentationLib.segmentation.label_map import LabelMap

WINDOW_HU = (0.0, 80.0)
"""Width 80, centre 40: the brain window in which fresh blood is bright."""
_TISSUE_HU = -300
_TISSUE_SHARE = 0.2
"""A pixel belongs to the head if tissue lies there on this share of the slices."""
_COLUMNS, _ROWS = 3, 2
_PANEL_PX = 440
_GAP_PX = 6
_HEADER_PX, _FOOTER_PX = 66, 28
_MARGIN_MM = 8.0
_SCALE_MM = 50


def draw_slices(volume: CTVolume, label_map: LabelMap, measurements: Measurements) -> Image.Image:
    """Return a picture of the six slices with most blood, or of evenly spaced ones where there is none.

    Patient right is on the left (radiological convention). Panels are cropped to the head, all alike, and true to
    scale in both directions.
    """
    orientation = DisplayOrientation.of(volume.grid)
    box = _head_box(volume.hu, orientation.pixel_mm, orientation)
    tissue = np.flatnonzero((volume.hu[:, ::4, ::4] > _TISSUE_HU).mean(axis=(1, 2)) > 0.02)
    heights = volume.grid.positions_mm[:, 2]
    chosen = choose_slices(measurements.slice_volumes_ml, tissue, heights, _COLUMNS * _ROWS)
    size, pixel_mm = _panel_size(box, orientation.pixel_mm)
    width = _COLUMNS * (size[0] + _GAP_PX) + _GAP_PX
    picture = Image.new("RGB", (width, _HEADER_PX + _ROWS * (size[1] + _GAP_PX) + _FOOTER_PX), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    draw_legend(draw, measurements.volumes_ml, (_GAP_PX + 6, 10), width - 24)
    for place, index in enumerate(chosen):
        panel = _draw_panel(volume, label_map, index, orientation, box, size, pixel_mm)
        corner = (
            _GAP_PX + place % _COLUMNS * (size[0] + _GAP_PX),
            _HEADER_PX + place // _COLUMNS * (size[1] + _GAP_PX),
        )
        picture.paste(panel, corner)
    note = f"Window {WINDOW_HU[0]:.0f} to {WINDOW_HU[1]:.0f} HU. Slices are numbered as in the input. {RESEARCH_USE}."
    draw.text((_GAP_PX + 6, picture.height - 15), note, font=font(14), fill=MUTED, anchor="lm")
    return picture


def _head_box(hu: np.ndarray, pixel_mm: tuple[float, float], orientation: DisplayOrientation) -> tuple[slice, slice]:
    """Return the rows and columns, as shown, of the largest piece of tissue seen through all slices, with a margin."""
    from scipy import ndimage

    flat = orientation.apply(np.count_nonzero(hu > _TISSUE_HU, axis=0) > _TISSUE_SHARE * len(hu))
    pieces, count = ndimage.label(flat)
    if count == 0:
        return slice(0, flat.shape[0]), slice(0, flat.shape[1])
    found = ndimage.find_objects(pieces)[int(np.argmax(np.bincount(pieces.ravel())[1:]))]
    rows, columns = (
        slice(max(part.start - round(_MARGIN_MM / size), 0), min(part.stop + round(_MARGIN_MM / size), length))
        for part, size, length in zip(found, pixel_mm, flat.shape, strict=True)
    )
    return rows, columns


def _panel_size(box: tuple[slice, slice], pixel_mm: tuple[float, float]) -> tuple[tuple[int, int], float]:
    """Return (width, height) of a panel and the mm of its square pixels."""
    height_mm, width_mm = ((part.stop - part.start) * size for part, size in zip(box, pixel_mm, strict=True))
    screen_mm = max(height_mm, width_mm) / _PANEL_PX
    return (max(round(width_mm / screen_mm), 1), max(round(height_mm / screen_mm), 1)), screen_mm


def _draw_panel(
    volume: CTVolume,
    label_map: LabelMap,
    index: int,
    orientation: DisplayOrientation,
    box: tuple[slice, slice],
    size: tuple[int, int],
    pixel_mm: float,
) -> Image.Image:
    low, high = WINDOW_HU
    greys = np.clip((orientation.apply(volume.hu[index])[box] - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    resized = Image.fromarray(greys).resize(size, Image.Resampling.BICUBIC)
    shown = np.repeat(np.asarray(resized, dtype=np.float32)[..., None], 3, axis=2)
    labels = orientation.apply(label_map.labels[index])[box]
    for row in load_terminology().classes:
        mask = labels == row.label
        if mask.any():
            alpha = outline_alpha(mask, size)[..., None]
            shown += alpha * (np.array(row.rgb, dtype=np.float32) - shown)
    panel = Image.fromarray(np.clip(shown + 0.5, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(panel)
    number = volume.grid.shape[0]
    draw.text((8, 8), f"{index + 1} / {number}", font=font(18), fill=TEXT, anchor="lt")
    # Above the head rest, which fills the sides of the lower half.
    marks = 0.28 * size[1]
    draw.text((8, marks), orientation.left, font=font(20), fill=TEXT, anchor="lm")
    draw.text((size[0] - 8, marks), orientation.right, font=font(20), fill=TEXT, anchor="rm")
    draw_scale_bar(draw, (size[0] - 10, size[1] - 10), pixel_mm, _SCALE_MM)
    return panel
