# SPDX-License-Identifier: Apache-2.0
"""Text, legend and scale bar that all pictures share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from ICHSegmentationLib.core.terminology import load_terminology

BACKGROUND = (0, 0, 0)
TEXT = (235, 235, 235)
MUTED = (165, 165, 165)
Entry = tuple[tuple[int, int, int] | None, str]
"""Colour of the swatch, or None, and text of a legend entry."""
RESEARCH_USE = "Research use only - not for diagnosis"
HEADER_PX = 66
"""Height of the strip above a picture that contains the legend."""
SCALE_FONT_PX = 18


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font bundled with Pillow, so that pictures are the same on every computer."""
    return ImageFont.load_default(size)


def without_strips(picture: Image.Image, footer_px: int) -> Image.Image:
    """Return a picture without legend and notes, for a page that prints them as text."""
    return picture.crop((0, HEADER_PX, picture.width, picture.height - footer_px))


def format_ml(volume_ml: float) -> str:
    """Return a volume with one decimal; a value that would round to zero is given as an upper bound."""
    return "< 0.1 mL" if 0 < volume_ml < 0.05 else f"{volume_ml:.1f} mL"


def legend_entries(volumes_ml: Mapping[str, float], *, assessed: bool = True) -> list[Entry]:
    """Return colour and text of each class that is present, then the total; one sentence if none is.

    ``assessed`` is that of the measurements; a scan that was not assessed is called so first.
    """
    table = load_terminology()
    found = [row for row in table.classes if volumes_ml.get(row.id, 0) > 0]
    if not found:
        return [(None, "No hemorrhage found" if assessed else "Not assessed")]
    entries: list[Entry] = [(row.rgb, f"{row.id} {row.name}  {format_ml(volumes_ml[row.id])}") for row in found]
    if len(found) > 1:
        entries.append((None, f"Total  {format_ml(volumes_ml['total'])}"))
    return entries if assessed else [(None, "Not assessed"), *entries]


def draw_legend(
    draw: ImageDraw.ImageDraw,
    volumes_ml: Mapping[str, float],
    corner: tuple[int, int],
    width: int,
    *,
    assessed: bool = True,
) -> None:
    """Draw the legend of measurements from a corner, wrapped at the width."""
    draw_entries(draw, legend_entries(volumes_ml, assessed=assessed), corner, width)


def draw_entries(draw: ImageDraw.ImageDraw, entries: Sequence[Entry], corner: tuple[int, int], width: int) -> None:
    """Draw swatches with their texts from a corner, wrapped at the width."""
    x, y = corner
    for colour, text in entries:
        indent = 0 if colour is None else 22
        length = int(draw.textlength(text, font=font(17))) + indent + 28
        if x > corner[0] and x + length > corner[0] + width:
            x, y = corner[0], y + 26
        if colour is not None:
            draw.rectangle((x, y + 4, x + 14, y + 18), fill=colour)
        draw.text((x + indent, y + 11), text, font=font(17), fill=TEXT, anchor="lm")
        x += length


def draw_scale_bar(draw: ImageDraw.ImageDraw, end: tuple[int, int], pixel_mm: float, length_mm: int) -> None:
    """Draw a scale bar with ticks and its length in mm, right-aligned at a corner."""
    length = round(length_mm / pixel_mm)
    x, y = end[0] - length, end[1]
    lines = [(x, y, x + length, y), *((tick, y - 5, tick, y + 1) for tick in (x, x + length))]
    # Dark edges, since the bar may overlie bone, which is white too.
    for colour, width in ((BACKGROUND, 6), (TEXT, 2)):
        for line in lines:
            draw.line(line, fill=colour, width=width)
    draw.text(
        (x + length / 2, y - 7),
        f"{length_mm} mm",
        font=font(SCALE_FONT_PX),
        fill=TEXT,
        anchor="ms",
        stroke_width=2,
        stroke_fill=BACKGROUND,
    )
