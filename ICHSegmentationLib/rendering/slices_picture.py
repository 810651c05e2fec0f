# SPDX-License-Identifier: Apache-2.0
"""Key slices in a brain window with outlines in the colours of the subtypes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.registration.sampling import indices_at
from ICHSegmentationLib.rendering.drawing import BACKGROUND, HEADER_PX, MUTED, RESEARCH_USE, draw_legend, font
from ICHSegmentationLib.rendering.key_slices import choose_slices
from ICHSegmentationLib.rendering.panels import WINDOW_HU, PanelLayout, tissue_slices

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.core.scan.volume import CTVolume

_COLUMNS, _ROWS = 3, 2
_PANEL_PX = 440
_GAP_PX = 6
FOOTER_PX = 28
_MIN_ML = 0.5
"""Diameters of smaller lesions are not drawn."""


def draw_slices(volume: CTVolume, label_map: LabelMap, measurements: Measurements) -> Image.Image:
    """Return a picture of the six slices with most blood, or of evenly spaced ones without any.

    Patient right is on the left (radiological convention). All panels are cropped to the same part and true to
    scale in both directions. The two diameters of ABC/2 (XYZ/2) are drawn where they were measured.
    """
    layout = PanelLayout.of(volume, _PANEL_PX)
    size = layout.size
    heights = volume.grid.positions_mm[:, 2]
    chosen = choose_slices(measurements.slice_volumes_ml, tissue_slices(volume.hu), heights, _COLUMNS * _ROWS)
    width = _COLUMNS * (size[0] + _GAP_PX) + _GAP_PX
    picture = Image.new("RGB", (width, HEADER_PX + _ROWS * (size[1] + _GAP_PX) + FOOTER_PX), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    draw_legend(draw, measurements.volumes_ml, (_GAP_PX + 6, 10), width - 24, assessed=measurements.assessed)
    for place, index in enumerate(chosen):
        caption = f"{index + 1} / {volume.grid.shape[0]}"
        lines = _diameters(measurements, volume.grid, index)
        panel = layout.draw(volume.hu[index], label_map.labels[index], caption, lines=lines)
        corner = (
            _GAP_PX + place % _COLUMNS * (size[0] + _GAP_PX),
            HEADER_PX + place // _COLUMNS * (size[1] + _GAP_PX),
        )
        picture.paste(panel, corner)
    note = f"{slices_note(measurements.abc2_ml)} {RESEARCH_USE}."
    draw.text((_GAP_PX + 6, picture.height - 15), note, font=font(14), fill=MUTED, anchor="lm")
    return picture


def slices_note(abc2_ml: Mapping[str, float | None]) -> str:
    """Return the note below the panels."""
    note = f"Window {WINDOW_HU[0]:.0f} to {WINDOW_HU[1]:.0f} HU. Slices are numbered as in the input."
    return f"{note} Thin lines: diameters of ABC/2 (outside the brain XYZ/2)." if any(abc2_ml.values()) else note


def _diameters(measurements: Measurements, grid: SliceGrid, index: int) -> list[np.ndarray]:
    """Return (2, 2) rows and columns of the ends of each diameter measured on a slice."""
    found = [lesion.abc2 for lesion in measurements.lesions if lesion.volume_ml >= _MIN_ML]
    ends = [
        ends for abc2 in found if abc2 is not None and abc2.slice == index for ends in (abc2.a_ends_mm, abc2.b_ends_mm)
    ]
    return [indices_at(grid, np.array(pair))[:, 1:] for pair in ends]
