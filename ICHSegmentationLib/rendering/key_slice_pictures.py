# SPDX-License-Identifier: Apache-2.0
"""One picture per key slice, with the volumes of the whole scan above it, for viewers that show pictures only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw

from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.rendering.drawing import (
    BACKGROUND,
    MUTED,
    RESEARCH_USE,
    TEXT,
    Entry,
    draw_entries,
    font,
    legend_entries,
)
from ICHSegmentationLib.rendering.key_slices import choose_slices
from ICHSegmentationLib.rendering.panels import WINDOW_HU, PanelLayout, tissue_slices

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.volume import CTVolume

_COUNT = 6
_PANEL_PX = 768
_MARGIN_PX = 10
_LINE_PX = 26
_FOOTER_PX = 34


class KeySlicePicture(NamedTuple):
    """Picture of one slice.

    Attributes
    ----------
    slice_index : int
        Slice, counted from 0 as in the scan.
    picture : PIL.Image.Image
        RGB; all pictures of a scan have one size.
    sides : tuple of str
        Sides of the patient (R, L, A, P, S, I) at the right edge and at the bottom, as in PatientOrientation.
    """

    slice_index: int
    picture: Image.Image
    sides: tuple[str, str]


def draw_key_slices(volume: CTVolume, label_map: LabelMap, measurements: Measurements) -> list[KeySlicePicture]:
    """Return pictures of up to six key slices, chosen as in :func:`.draw_slices`, from inferior to superior.

    Each shows the outlines, the volumes of the whole scan and "Research use only"; none shows patient data.
    """
    layout = PanelLayout.of(volume, _PANEL_PX)
    heights = volume.grid.positions_mm[:, 2]
    chosen = choose_slices(measurements.slice_volumes_ml, tissue_slices(volume.hu), heights, _COUNT)
    entries = _entries(measurements)
    sides = layout.orientation.right, layout.orientation.bottom
    pictures = []
    for index in chosen:
        caption = f"Slice {index + 1} / {volume.grid.shape[0]}"
        panel = layout.draw(volume.hu[index], label_map.labels[index], caption)
        pictures.append(KeySlicePicture(index, _framed(panel, entries), sides))
    return pictures


def _entries(measurements: Measurements) -> list[Entry]:
    legend = legend_entries(measurements.volumes_ml, assessed=measurements.assessed)
    return [(None, "Volumes of the whole scan, by program:"), *legend]


def _framed(panel: Image.Image, entries: list[Entry]) -> Image.Image:
    """Return a panel with the entries above it, one a line, and the note below."""
    header = 2 * _MARGIN_PX + len(entries) * _LINE_PX
    # A narrow panel, as of a small head, still has room for the lines.
    width = max(panel.width, _PANEL_PX)
    picture = Image.new("RGB", (width, header + panel.height + _FOOTER_PX), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    for line, entry in enumerate(entries):
        draw_entries(draw, [entry], (_MARGIN_PX, _MARGIN_PX + line * _LINE_PX), width)
    picture.paste(panel, ((width - panel.width) // 2, header))
    note = f"Window {WINDOW_HU[0]:.0f} to {WINDOW_HU[1]:.0f} HU."
    middle = picture.height - _FOOTER_PX // 2
    draw.text((_MARGIN_PX, middle), f"{RESEARCH_USE}.", font=font(18), fill=TEXT, anchor="lm")
    draw.text((width - _MARGIN_PX, middle), note, font=font(14), fill=MUTED, anchor="rm")
    return picture
