# SPDX-License-Identifier: Apache-2.0
"""Picture of two scans of one head on the same planes, and of their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.registration.sampling import indices_at, values_at
from ICHSegmentationLib.rendering.drawing import (
    BACKGROUND,
    HEADER_PX,
    MUTED,
    RESEARCH_USE,
    TEXT,
    Entry,
    draw_entries,
    font,
    format_ml,
)
from ICHSegmentationLib.rendering.key_slices import choose_slices
from ICHSegmentationLib.rendering.panels import WINDOW_HU, PanelLayout, tissue_slices

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.measurement.growth import Growth
    from ICHSegmentationLib.registration import Registration

DIFFERENCE_HU = (-40.0, 40.0)
_ROWS = 3
_PANEL_PX = 400
_GAP_PX = 6
_TITLE_PX, _FOOTER_PX = 30, 28
_AIR_HU = -1024


def draw_comparison(
    baseline: tuple[CTVolume, LabelMap],
    followup: tuple[CTVolume, LabelMap],
    registration: Registration,
    growth: Growth,
) -> Image.Image:
    """Return rows of baseline, follow-up on the baseline's plane, and follow-up less baseline in HU.

    The rows are the slices of the baseline with most blood on either scan.

    Parameters
    ----------
    baseline, followup : tuple of CTVolume and LabelMap
        Scans with their labels.
    registration : Registration
        Transform from the baseline to the follow-up.
    growth : Growth
        Change of the volumes, for the legend.
    """
    volume, label_map = baseline
    layout = PanelLayout.of(volume, _PANEL_PX)
    width, height = layout.size
    blood = _slice_volumes(baseline, followup, registration)
    chosen = choose_slices(blood, tissue_slices(volume.hu), volume.grid.positions_mm[:, 2], _ROWS)
    top = HEADER_PX + _TITLE_PX
    picture = Image.new(
        "RGB", (3 * (width + _GAP_PX) + _GAP_PX, top + len(chosen) * (height + _GAP_PX) + _FOOTER_PX), BACKGROUND
    )
    draw = ImageDraw.Draw(picture)
    draw_entries(draw, _legend(growth), (_GAP_PX + 6, 10), 3 * width - 12)
    for column, title in enumerate(("Baseline", "Follow-up on the same plane", "Follow-up less baseline")):
        x = _GAP_PX + column * (width + _GAP_PX) + 8
        draw.text((x, top - _TITLE_PX / 2), title, font=font(17), fill=TEXT, anchor="lm")
    for row, index in enumerate(chosen):
        hu, labels, difference = _followup_on(volume, index, followup, registration)
        caption = f"{index + 1} / {volume.grid.shape[0]}"
        panels = (
            layout.draw(volume.hu[index], label_map.labels[index], caption),
            layout.draw(hu, labels, ""),
            layout.draw(difference, labels, "", DIFFERENCE_HU),
        )
        for column, panel in enumerate(panels):
            picture.paste(panel, (_GAP_PX + column * (width + _GAP_PX), top + row * (height + _GAP_PX)))
    note = (
        f"Window {WINDOW_HU[0]:.0f} to {WINDOW_HU[1]:.0f} HU, difference {DIFFERENCE_HU[0]:.0f} (black) to "
        f"+{DIFFERENCE_HU[1]:.0f} HU (white). Registration quality {registration.quality:.2f}. {RESEARCH_USE}."
    )
    draw.text((_GAP_PX + 6, picture.height - 15), note, font=font(14), fill=MUTED, anchor="lm")
    return picture


def _legend(growth: Growth) -> list[Entry]:
    """Return both volumes of each class that is present on either scan, and whether the scans were compared."""
    colours = {row.id: row.rgb for row in load_terminology().classes}
    entries: list[Entry] = [
        (colours.get(name), f"{name}  {format_ml(change.baseline_ml)} to {format_ml(change.followup_ml)}")
        for name, change in growth.changes.items()
        if name == "total" or change.baseline_ml + change.followup_ml > 0
    ]
    return entries if growth.not_compared is None else [*entries, (None, "Not compared: not assessed")]


def _slice_volumes(
    baseline: tuple[CTVolume, LabelMap], followup: tuple[CTVolume, LabelMap], registration: Registration
) -> dict[str, list[float]]:
    """Return the volume of each subtype on each slice of the baseline, of both scans together."""
    volume, label_map = baseline
    number = volume.grid.shape[0]
    found = {name: list(values) for name, values in measure(label_map).slice_volumes_ml.items()}
    grid, labels = followup[1].grid, followup[1].labels
    voxels = np.argwhere(labels)
    heights = indices_at(volume.grid, registration.to_first(grid.points_mm(voxels)))[:, 0]
    slices = np.clip(np.rint(heights), 0, number - 1).astype(int)
    weights = grid.voxel_volumes_mm3[voxels[:, 0]] / 1000
    found["total"] = (found["total"] + np.bincount(slices, weights, minlength=number)).tolist()
    return found


def _followup_on(
    volume: CTVolume, index: int, followup: tuple[CTVolume, LabelMap], registration: Registration
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return HU and labels of the follow-up on a slice of the baseline, and the difference inside both scans."""
    scan, label_map = followup
    _, rows, columns = volume.grid.shape
    pixels = np.stack(np.meshgrid([index], np.arange(rows), np.arange(columns), indexing="ij"), axis=-1)[0]
    points = registration.to_second(volume.grid.points_mm(pixels))
    hu = values_at(scan.hu, scan.grid, points, outside=_AIR_HU)
    labels = values_at(label_map.labels, label_map.grid, points, outside=0, nearest=True)
    # Outside of either scan the difference is shown as zero.
    both = (hu > _AIR_HU) & (volume.hu[index] > _AIR_HU)
    return hu, labels, np.where(both, hu - volume.hu[index], 0.0)
