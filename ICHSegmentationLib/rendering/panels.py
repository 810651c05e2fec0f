# SPDX-License-Identifier: Apache-2.0
"""Panels of slices: cropped to the head, true to scale, with outlines and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.rendering.drawing import TEXT, draw_scale_bar, font
from ICHSegmentationLib.rendering.name_tags import Box, draw_name_tags
from ICHSegmentationLib.rendering.orientation import DisplayOrientation
from ICHSegmentationLib.rendering.outlines import outline_alpha

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume

WINDOW_HU = (0.0, 80.0)
"""Width 80, centre 40: the brain window in which fresh blood is bright."""
TISSUE_HU = -300
_MIN_TISSUE_FRACTION = 0.2
"""Minimum fraction of slices with tissue for a pixel to belong to the head."""
_MARGIN_MM = 8.0
_SCALE_MM = 50
_FONT_PX = 22
"""Readable in the report, where a panel is an inch or two wide."""


@dataclass(frozen=True)
class PanelLayout:
    """Layout that all panels of one scan share.

    Attributes
    ----------
    orientation : DisplayOrientation
        Orientation on the screen.
    box : tuple of slice
        Rows and columns on the screen that contain the head.
    size : tuple of int
        (width, height) of a panel.
    pixel_mm : float
        Size of a screen pixel.
    """

    orientation: DisplayOrientation
    box: tuple[slice, slice]
    size: tuple[int, int]
    pixel_mm: float

    @classmethod
    def of(cls, volume: CTVolume, panel_px: int) -> PanelLayout:
        """Return the layout whose panels have a given longer side in pixels."""
        orientation = DisplayOrientation.of(volume.grid)
        box = head_box(volume.hu, orientation)
        sides = zip(box, orientation.pixel_mm, strict=True)
        height_mm, width_mm = ((part.stop - part.start) * size for part, size in sides)
        screen_mm = max(height_mm, width_mm) / panel_px
        size = max(round(width_mm / screen_mm), 1), max(round(height_mm / screen_mm), 1)
        return cls(orientation, box, size, screen_mm)

    def draw(
        self,
        hu: np.ndarray,
        labels: np.ndarray,
        caption: str,
        window_hu: tuple[float, float] = WINDOW_HU,
        lines: Sequence[np.ndarray] = (),
    ) -> Image.Image:
        """Return the panel of a slice: outlines and IDs of the subtypes, sides of the patient and a scale bar.

        Parameters
        ----------
        hu, labels : numpy.ndarray
            (rows, columns) of the slice, as in the scan.
        caption : str
            Text in the upper left corner.
        window_hu : tuple of float
            HU that are black and white.
        lines : sequence of numpy.ndarray
            (2, 2) row and column of both ends of each line to draw, such as a diameter.
        """
        low, high = window_hu
        shown_hu = self.orientation.apply(hu)[self.box].astype(np.float32)
        greys = np.clip((shown_hu - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
        resized = Image.fromarray(greys).resize(self.size, Image.Resampling.BICUBIC)
        shown = np.repeat(np.asarray(resized, dtype=np.float32)[..., None], 3, axis=2)
        shown_labels = self.orientation.apply(labels)[self.box]
        for row in load_terminology().classes:
            mask = shown_labels == row.label
            if mask.any():
                alpha = outline_alpha(mask, self.size)[..., None]
                shown += alpha * (np.array(row.rgb, dtype=np.float32) - shown)
        panel = Image.fromarray(np.clip(shown + 0.5, 0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(panel)
        for ends in lines:
            draw.line([self._on_screen(row, column, hu.shape) for row, column in ends], fill=TEXT, width=1)
        draw.text((8, 8), caption, font=font(_FONT_PX), fill=TEXT, anchor="lt")
        width, height = self.size
        # Above the head rest, which fills the sides of the lower half.
        marks = 0.28 * height
        draw.text((8, marks), self.orientation.left, font=font(_FONT_PX), fill=TEXT, anchor="lm")
        draw.text((width - 8, marks), self.orientation.right, font=font(_FONT_PX), fill=TEXT, anchor="rm")
        draw_scale_bar(draw, (width - 10, height - 10), self.pixel_mm, _SCALE_MM)
        if shown_labels.any():
            on_screen = Image.fromarray(np.ascontiguousarray(shown_labels)).resize(self.size, Image.Resampling.NEAREST)
            words = (
                Box(0, 0, 8 + draw.textlength(caption, font=font(_FONT_PX)), 34),
                Box(0, marks - 14, 26, marks + 14),
                Box(width - 26, marks - 14, width, marks + 14),
                Box(width - 20 - _SCALE_MM / self.pixel_mm, height - 38, width, height),
            )
            draw_name_tags(draw, np.asarray(on_screen), words)
        return panel

    def _on_screen(self, row: float, column: float, shape: tuple[int, ...]) -> tuple[float, float]:
        """Return the screen position (x, y) of a fractional row and column of a slice."""
        height, width = shape
        if self.orientation.transpose:
            row, column, height, width = column, row, width, height
        if self.orientation.flip_rows:
            row = height - 1 - row
        if self.orientation.flip_columns:
            column = width - 1 - column
        rows, columns = self.box
        x = (column + 0.5 - columns.start) * self.size[0] / (columns.stop - columns.start)
        y = (row + 0.5 - rows.start) * self.size[1] / (rows.stop - rows.start)
        return x, y


def tissue_slices(hu: np.ndarray) -> np.ndarray:
    """Return the indices of the slices that contain some of the head."""
    return np.flatnonzero((hu[:, ::4, ::4] > TISSUE_HU).mean(axis=(1, 2)) > 0.02)


def head_box(hu: np.ndarray, orientation: DisplayOrientation) -> tuple[slice, slice]:
    """Return the rows and columns on the screen of the largest component of tissue over all slices, with a margin."""
    from scipy import ndimage

    flat = orientation.apply(np.count_nonzero(hu > TISSUE_HU, axis=0) > _MIN_TISSUE_FRACTION * len(hu))
    components, count = ndimage.label(flat)
    if count == 0:
        return slice(0, flat.shape[0]), slice(0, flat.shape[1])
    found = ndimage.find_objects(components)[int(np.argmax(np.bincount(components.ravel())[1:]))]
    rows, columns = (
        slice(max(part.start - round(_MARGIN_MM / size), 0), min(part.stop + round(_MARGIN_MM / size), length))
        for part, size, length in zip(found, orientation.pixel_mm, flat.shape, strict=True)
    )
    return rows, columns
