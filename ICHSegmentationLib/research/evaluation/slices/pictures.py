# SPDX-License-Identifier: Apache-2.0
"""Draw the worst slices: the slice alone, with its reference and with the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.rendering.drawing import BACKGROUND, MUTED, RESEARCH_USE, TEXT, font
from ICHSegmentationLib.rendering.panels import WINDOW_HU, PanelLayout
from ICHSegmentationLib.rendering.png import write_png
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.slices.metrics import SliceMetrics
from ICHSegmentationLib.research.evaluation.slices.run import MIDDLE, ImageResult, SliceRun, SliceSet

_COUNT = 5
_PANEL_PX, _GAP_PX, _HEADER_PX, _FOOTER_PX = 460, 6, 40, 28


def worst_slices(slices: Sequence[SliceMetrics], count: int = _COUNT) -> list[tuple[str, str]]:
    """Return name and description of the slices with the lowest Dice of any hemorrhage, worst first.

    Of equal ones, such as missed lesions, those with more wrong pixels come first.
    """
    ranked = []
    for item in slices:
        found = item.classes[ANY]
        if found.overlap.dice is not None:
            missed, false = found.pixels.fn, found.pixels.fp
            text = f"any Dice {found.overlap.dice:.2f}, {missed} pixels missed, {false} false"
            ranked.append((found.overlap.dice, -missed - false, item.name, text))
    return [(name, text) for _, _, name, text in sorted(ranked)[:count]]


def worst_images(images: Sequence[ImageResult], count: int = _COUNT) -> list[tuple[str, str]]:
    """Return name and description of the images without hemorrhage with the largest predicted volumes."""
    false = sorted((-image.predicted_ml, image.name) for image in images if not image.has_hemorrhage)
    return [(name, f"{-volume:.1f} mL where there is none") for volume, name in false if volume < 0][:count]


def write_worst_slices(folder: Path, run: SliceRun, found: SliceSet) -> dict[str, str]:
    """Write ``slice-RANK-NAME.png`` and ``image-RANK-NAME.png`` of the worst; earlier pictures are removed.

    Returns
    -------
    dict of str to str
        Description of each picture by file name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.png"):
        earlier.unlink()
    slices = {item.name: item for item in found.slices}
    images = {item.name: item for item in found.images}
    written = {}
    for rank, (name, text) in enumerate(worst_slices(run.slices), start=1):
        stack = slices[name].read()
        path = folder / f"slice-{rank}-{name}.png"
        shown = {"reference": stack.labels, "model": run.predicted[name]}
        write_png(path, draw_slice(stack.volume, shown, f"{name}: {text}"))
        written[path.name] = text
    for rank, (name, text) in enumerate(worst_images(run.images), start=1):
        path = folder / f"image-{rank}-{name}.png"
        write_png(path, draw_slice(images[name].read(), {"model": run.predicted[name]}, f"{name}: {text}"))
        written[path.name] = text
    return written


def draw_slice(volume: CTVolume, labels: dict[str, np.ndarray], title: str) -> Image.Image:
    """Draw the middle slice of a stack, alone and then with each of the labels, (rows, columns), under its caption."""
    layout = PanelLayout.of(volume, _PANEL_PX)
    width, height = layout.size
    hu = volume.hu[MIDDLE]
    shown = {"slice": np.zeros(hu.shape, dtype=np.uint8), **labels}
    size = len(shown) * (width + _GAP_PX) + _GAP_PX, _HEADER_PX + height + _GAP_PX + _FOOTER_PX
    picture = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(picture)
    draw.text((_GAP_PX + 6, _HEADER_PX / 2), title, font=font(17), fill=TEXT, anchor="lm")
    for column, (caption, mask) in enumerate(shown.items()):
        picture.paste(layout.draw(hu, mask, caption), (_GAP_PX + column * (width + _GAP_PX), _HEADER_PX))
    note = f"Window {WINDOW_HU[0]:.0f} to {WINDOW_HU[1]:.0f} HU. {RESEARCH_USE}."
    draw.text((_GAP_PX + 6, picture.height - 15), note, font=font(14), fill=MUTED, anchor="lm")
    return picture
