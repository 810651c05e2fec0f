# SPDX-License-Identifier: Apache-2.0
"""The one-page report: volumes, key slices, 3D view, geometry and method. It holds no patient data."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib import __version__
from ICHSegmentationLib.files import write_bytes
from ICHSegmentationLib.measurement import Lesion, Measurements
from ICHSegmentationLib.rendering.drawing import format_ml
from ICHSegmentationLib.reporting.record import MeasurementRecord
from ICHSegmentationLib.terminology import load_terminology

if TYPE_CHECKING:
    from PIL import Image

TITLE = "Intracranial hemorrhage - segmentation report"
_MARGIN = 40.0
_TABLE_WIDTH = 272.0
_BODY, _BOLD = "Helvetica", "Helvetica-Bold"
_JPEG_QUALITY = 92
_LEAST_PICTURE_HEIGHT = 300.0


def write_report_pdf(
    path: Path | str,
    record: MeasurementRecord,
    measurements: Measurements,
    *,
    slices: Image.Image,
    view_3d: Image.Image | None,
) -> None:
    """Write the report on one A4 page, pictures inside, atomically.

    Parameters
    ----------
    path : Path or str
        Where to write.
    record : MeasurementRecord
        The content of ``measurements.json``.
    measurements : Measurements
        Volumes and lesions.
    slices : PIL.Image.Image
        The key slices, as :func:`ICHSegmentationLib.rendering.slices_picture.draw_slices` draws them.
    view_3d : PIL.Image.Image or None
        The 3D view; None where the machine cannot render, which the report then says.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    page = io.BytesIO()
    with _binary_streams():
        # "invariant" leaves date and time out: equal results give equal files.
        canvas = Canvas(page, pagesize=A4, invariant=1, pageCompression=1)
        canvas.setTitle(TITLE)
        canvas.setAuthor(f"ICHSegmentation {__version__}")
        canvas.setSubject("Research use only")
        width = A4[0] - 2 * _MARGIN
        top = _draw_heading(canvas, A4[1] - _MARGIN, width)
        bottom = _draw_volumes(canvas, measurements, top)
        right = _MARGIN + _TABLE_WIDTH + 14
        if view_3d is not None:
            bottom = min(bottom, _draw_picture(canvas, view_3d, right, top, width - _TABLE_WIDTH - 14))
        else:
            _draw_lines(canvas, ["No 3D view: this computer cannot render in 3D."], right, top - 12)
        facts = _split_facts(record, measurements, width)
        # The words come first: the picture takes the height that they leave, but never less than is worth looking at.
        height = max(bottom - 8 - _MARGIN - _height(facts), _LEAST_PICTURE_HEIGHT)
        bottom = _draw_picture(canvas, slices, _MARGIN, bottom - 8, width, height)
        _draw_facts(canvas, facts, bottom - 14)
        canvas.showPage()
        canvas.save()
    write_bytes(path, page.getvalue())


@contextmanager
def _binary_streams() -> Iterator[None]:
    """Switch off reportlab's ASCII armour of streams, which takes longer than all the rest of the page."""
    from reportlab import rl_config

    before = rl_config.useA85
    rl_config.useA85 = 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def _draw_heading(canvas: Any, y: float, width: float) -> float:
    canvas.setFont(_BOLD, 17)
    canvas.drawString(_MARGIN, y - 16, TITLE)
    canvas.setFillColorRGB(0.72, 0.08, 0.10)
    canvas.rect(_MARGIN, y - 42, width, 17, stroke=0, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.setFont(_BOLD, 9.5)
    canvas.drawString(_MARGIN + 6, y - 37, "RESEARCH USE ONLY - not a medical device, not for diagnosis or treatment")
    canvas.setFillColorRGB(0, 0, 0)
    return y - 54


def _draw_volumes(canvas: Any, measurements: Measurements, y: float) -> float:
    """Draw the table and return its lower edge."""
    table = load_terminology()
    columns = (_MARGIN + 16, _MARGIN + 186, _MARGIN + 231, _MARGIN + _TABLE_WIDTH)
    canvas.setFont(_BOLD, 9)
    canvas.drawString(columns[0], y - 12, "Subtype")
    canvas.drawRightString(columns[1], y - 12, "Volume")
    canvas.drawRightString(columns[2], y - 12, "ABC/2")
    canvas.drawRightString(columns[3], y - 12, "Lesions")
    canvas.line(_MARGIN, y - 17, _MARGIN + _TABLE_WIDTH, y - 17)
    for identifier, volume_ml in measurements.volumes_ml.items():
        y -= 17
        count = sum(identifier in ("total", lesion.subtype) for lesion in measurements.lesions)
        if identifier == "total":
            canvas.line(_MARGIN, y - 2, _MARGIN + _TABLE_WIDTH, y - 2)
            y -= 2
            name = "Total"
            canvas.setFont(_BOLD, 9.5)
        else:
            row = table.by_id(identifier)
            name = row.name
            canvas.setFont(_BODY, 9.5)
            canvas.setFillColorRGB(*(channel / 255 for channel in row.rgb))
            canvas.rect(_MARGIN, y - 14, 9, 9, stroke=0, fill=1)
            canvas.setFillColorRGB(0, 0, 0)
        canvas.drawString(columns[0], y - 13, name)
        canvas.drawRightString(columns[1], y - 13, format_ml(volume_ml))
        abc2_ml = measurements.abc2_ml.get(identifier)
        canvas.drawRightString(columns[2], y - 13, format_ml(abc2_ml) if abc2_ml else "-")
        canvas.drawRightString(columns[3], y - 13, str(count) if count else "-")
    return y - 22


def _draw_picture(
    canvas: Any, picture: Image.Image, x: float, top: float, width: float, most_height: float = math.inf
) -> float:
    """Draw a picture under ``top``, centred in its width if the height is what limits it; return its lower edge."""
    from reportlab.lib.utils import ImageReader

    # A JPEG goes into the PDF as it is; raw pixels would be compressed again.
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    packed.seek(0)
    height = min(width * picture.height / picture.width, most_height)
    drawn_width = height * picture.width / picture.height
    canvas.drawImage(ImageReader(packed), x + (width - drawn_width) / 2, top - height, drawn_width, height)
    return top - height


def _split_facts(record: MeasurementRecord, measurements: Measurements, width: float) -> list[tuple[str, list[str]]]:
    from reportlab.lib.utils import simpleSplit

    return [(heading, simpleSplit(text, _BODY, 8, width - 62)) for heading, text in _facts(record, measurements)]


def _height(facts: list[tuple[str, list[str]]]) -> float:
    return 14 + sum(10 * len(lines) + 3 for _, lines in facts)


def _draw_facts(canvas: Any, facts: list[tuple[str, list[str]]], y: float) -> None:
    """Draw findings, geometry, method and warnings in what is left of the page."""
    for heading, lines in facts:
        room = int((y - _MARGIN + 10) // 10)
        shown = lines if len(lines) <= room else [*lines[: max(room - 1, 0)], "... more in measurements.json"]
        canvas.setFont(_BOLD, 8)
        canvas.drawString(_MARGIN, y, heading)
        y = _draw_lines(canvas, shown, _MARGIN + 62, y) - 3


def _draw_lines(canvas: Any, lines: list[str], x: float, y: float) -> float:
    canvas.setFont(_BODY, 8)
    for line in lines:
        canvas.drawString(x, y, line)
        y -= 10
    return y


def _facts(record: MeasurementRecord, measurements: Measurements) -> list[tuple[str, str]]:
    geometry, model = record.geometry, record.model
    largest = measurements.largest_lesion
    return [
        ("Finding", "No hemorrhage found." if largest is None else f"Largest lesion: {_describe(largest)}."),
        *([("ABC/2", _describe_abc2(measurements))] if any(measurements.abc2_ml.values()) else []),
        (
            "Geometry",
            f"{record.input.kind.upper()} input, {record.input.slices} slices; "
            f"gantry tilt {geometry.tilt_deg:.1f} deg; step {_numbers(geometry.step_mm)} mm, "
            f"slice distance {_numbers(geometry.slice_distance_mm)} mm; pixels {_numbers(geometry.spacing_mm)} mm. "
            "Volume = voxels x pixel area x what each slice owns along the slice normal.",
        ),
        (
            "Method",
            f"ICHSegmentation {__version__}, model {model.name} ({model.system}, {model.preset}), "
            f"licence {model.licence}, SHA-256 {model.sha256}, "
            f"on {record.runtime.device} ({record.runtime.backend}).",
        ),
        ("Warnings", " ".join(record.input.warnings) or "None."),
    ]


def _describe(lesion: Lesion) -> str:
    name = load_terminology().by_id(lesion.subtype).name.lower()
    parts = [name, format_ml(lesion.volume_ml), f"centred on slice {lesion.centroid_slice + 1}"]
    parts.append(f"longest diameter {lesion.longest_diameter_mm:.0f} mm")
    if lesion.hu_mean is not None and lesion.hu_sd is not None:
        parts.append(f"{lesion.hu_mean:.0f} HU (SD {lesion.hu_sd:.0f})")
    return ", ".join(parts)


def _describe_abc2(measurements: Measurements) -> str:
    """Show the figures behind the column, of the largest lesion inside the brain, else of the largest that has them."""
    found = [(lesion, lesion.abc2) for lesion in measurements.lesions if lesion.abc2 is not None]
    lesion, abc2 = min(found, key=lambda pair: pair[1].method != "ABC/2")
    name = load_terminology().by_id(lesion.subtype).name.lower()
    more = "more" if abc2.difference_ml >= 0 else "less"
    return (
        f"Largest {name} ({abc2.method}): {abc2.a_mm:.0f} x {abc2.b_mm:.0f} x {abc2.c_mm:.0f} mm / 2 = "
        f"{format_ml(abc2.volume_ml)}, {format_ml(abs(abc2.difference_ml))} {more} than its voxels; with weighted "
        f"slices {format_ml(abc2.weighted_ml)}. The column adds all lesions; for epidural and subdural blood it is "
        "XYZ/2."
    )


def _numbers(values: tuple[float, ...]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)
