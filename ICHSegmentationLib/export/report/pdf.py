# SPDX-License-Identifier: Apache-2.0
"""Report on one page: volumes, key slices, 3D view, geometry and method; patient data only if given.

Pictures of growth since an earlier scan are on a second page.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.files import write_bytes
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.export.report.facts import Fact, facts
from ICHSegmentationLib.rendering import slices_picture
from ICHSegmentationLib.rendering import view_3d as view_picture
from ICHSegmentationLib.rendering.drawing import format_ml, without_strips

if TYPE_CHECKING:
    from PIL import Image

    from ICHSegmentationLib.export.report.patient import PatientData

TITLE = "Intracranial hemorrhage - segmentation report"
GROWTH_TITLE = "Change since the earlier scan"
_MARGIN = 40.0
_TABLE_WIDTH, _TABLE_GAP = 300.0, 12.0
_BODY, _BOLD = "Helvetica", "Helvetica-Bold"
_JPEG_QUALITY = 92
_GOOD_PICTURE_HEIGHT, _MIN_PICTURE_HEIGHT = 300.0, 220.0
_FONT_SIZES = (8.0, 7.0)
_SIGNATURE_HEIGHT = 26.0
_HEADING_WIDTH = 52.0
_VOLUME_WIDTH = 36.0
_NOTE_SIZE, _NOTE_HEIGHT = 6.5, 9.0


def write_report_pdf(
    path: Path | str,
    record: MeasurementRecord,
    *,
    slices: Image.Image,
    view_3d: Image.Image | None,
    patient: PatientData | None = None,
) -> None:
    """Write what :func:`make_report_pdf` makes, atomically."""
    write_bytes(path, make_report_pdf(record, slices=slices, view_3d=view_3d, patient=patient))


def make_report_pdf(
    record: MeasurementRecord,
    *,
    slices: Image.Image,
    view_3d: Image.Image | None,
    patient: PatientData | None = None,
    growth_picture: Image.Image | None = None,
) -> bytes:
    """Return the report as a PDF of one A4 page, or two with pictures of growth, pictures inside.

    Legends and notes inside the pictures would be too small: the table serves as legend, and notes are printed below.

    Parameters
    ----------
    record : MeasurementRecord
        Content of ``measurements.json``.
    slices : PIL.Image.Image
        Key slices, see :func:`ICHSegmentationLib.rendering.slices_picture.draw_slices`.
    view_3d : PIL.Image.Image or None
        3D view; None if the computer cannot render, which the report then states.
    patient : PatientData, optional
        Printed if given.
    growth_picture : PIL.Image.Image, optional
        See :func:`ICHSegmentationLib.rendering.comparison_picture.draw_comparison`.
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
        if patient is not None:
            top = _draw_patient(canvas, patient, top, width)
        bottom = _draw_volumes(canvas, record, top)
        right = _MARGIN + _TABLE_WIDTH + _TABLE_GAP
        if view_3d is not None:
            bottom = min(bottom, _draw_view(canvas, view_3d, right, top, width - _TABLE_WIDTH - _TABLE_GAP))
        else:
            _draw_lines(canvas, ["No 3D view: this computer cannot render in 3D."], right, top - 12, _FONT_SIZES[0])
        floor = _MARGIN + _SIGNATURE_HEIGHT
        room = bottom - 8 - floor
        texts = _fitted(facts(record), width, room - _GOOD_PICTURE_HEIGHT - _NOTE_HEIGHT)
        # Texts first: the picture gets the remaining height, but at least a useful minimum.
        height = max(room - texts.height - _NOTE_HEIGHT, _MIN_PICTURE_HEIGHT)
        panels = without_strips(slices, slices_picture.FOOTER_PX)
        bottom = _draw_picture(canvas, panels, _MARGIN, bottom - 8, width, height)
        bottom = _draw_notes(canvas, [slices_picture.slices_note(record.abc2_ml)], _MARGIN, bottom, width)
        _draw_facts(canvas, texts, bottom - 14, floor)
        _draw_signature(canvas, width)
        canvas.showPage()
        if growth_picture is not None:
            top = _draw_heading(canvas, A4[1] - _MARGIN, width, GROWTH_TITLE)
            if patient is not None:
                top = _draw_patient(canvas, patient, top, width)
            _draw_picture(canvas, growth_picture, _MARGIN, top, width, top - _MARGIN)
            canvas.showPage()
        canvas.save()
    return page.getvalue()


@contextmanager
def _binary_streams() -> Iterator[None]:
    """Disable ASCII85 encoding of streams, which takes longer than the rest of the page."""
    from reportlab import rl_config

    before = rl_config.useA85
    rl_config.useA85 = 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def _draw_heading(canvas: Any, y: float, width: float, title: str = TITLE) -> float:
    canvas.setFont(_BOLD, 17)
    canvas.drawString(_MARGIN, y - 16, title)
    canvas.setFillColorRGB(0.72, 0.08, 0.10)
    canvas.rect(_MARGIN, y - 42, width, 17, stroke=0, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.setFont(_BOLD, 9.5)
    canvas.drawString(_MARGIN + 6, y - 37, "RESEARCH USE ONLY - not a medical device, not for diagnosis or treatment")
    canvas.setFillColorRGB(0, 0, 0)
    return y - 54


def _draw_patient(canvas: Any, patient: PatientData, y: float, width: float) -> float:
    """Draw the patient data in a frame and return its lower edge."""
    from reportlab.lib.utils import simpleSplit

    lines = simpleSplit(f"Patient: {patient.describe()}", _BOLD, 9, width - 12)
    height = 11 * len(lines) + 6
    canvas.rect(_MARGIN, y - height, width, height, stroke=1, fill=0)
    canvas.setFont(_BOLD, 9)
    for index, line in enumerate(lines):
        canvas.drawString(_MARGIN + 6, y - 11 - 11 * index, line)
    return y - height - 8


def _draw_volumes(canvas: Any, record: MeasurementRecord, y: float) -> float:
    """Draw the table of volumes and return its lower edge; IDs beside the colours serve greyscale prints."""
    table = load_terminology()
    columns = tuple(_MARGIN + x for x in (14, 38, 209, 257, _TABLE_WIDTH))
    canvas.setFont(_BOLD, 9)
    canvas.drawString(columns[0], y - 12, "Subtype")
    canvas.drawRightString(columns[2], y - 12, "Volume")
    canvas.drawRightString(columns[3], y - 12, "ABC/2")
    canvas.drawRightString(columns[4], y - 12, "Lesions")
    canvas.line(_MARGIN, y - 17, _MARGIN + _TABLE_WIDTH, y - 17)
    for identifier, volume_ml in record.volumes_ml.items():
        y -= 17
        count = sum(identifier in ("total", lesion.subtype) for lesion in record.lesions)
        if identifier == "total":
            canvas.line(_MARGIN, y - 2, _MARGIN + _TABLE_WIDTH, y - 2)
            y -= 2
            canvas.setFont(_BOLD, 9.5)
            canvas.drawString(columns[0], y - 13, "Total")
        else:
            row = table.by_id(identifier)
            canvas.setFont(_BODY, 9.5)
            canvas.setFillColorRGB(*(channel / 255 for channel in row.rgb))
            canvas.rect(_MARGIN, y - 14, 9, 9, stroke=0, fill=1)
            canvas.setFillColorRGB(0, 0, 0)
            canvas.drawString(columns[0], y - 13, row.id)
            _draw_name(canvas, row.name, columns[1], y - 13, columns[2] - columns[1] - _VOLUME_WIDTH)
            canvas.setFont(_BODY, 9.5)
        canvas.drawRightString(columns[2], y - 13, format_ml(volume_ml))
        abc2_ml = record.abc2_ml.get(identifier)
        canvas.drawRightString(columns[3], y - 13, format_ml(abc2_ml) if abc2_ml else "-")
        canvas.drawRightString(columns[4], y - 13, str(count) if count else "-")
    return y - 22


def _draw_name(canvas: Any, name: str, x: float, y: float, width: float) -> None:
    """Draw a name on its line, or on two smaller ones if it is too wide."""
    from reportlab.lib.utils import simpleSplit

    if canvas.stringWidth(name, _BODY, 9.5) <= width:
        canvas.drawString(x, y, name)
        return
    _draw_lines(canvas, simpleSplit(name.replace(" (", "\n("), _BODY, 6.5, width), x, y + 4, 6.5)


def _draw_picture(
    canvas: Any, picture: Image.Image, x: float, top: float, width: float, max_height: float = math.inf
) -> float:
    """Draw a picture below ``top``, centred in the width, and return its lower edge."""
    from reportlab.lib.utils import ImageReader

    # JPEG is embedded as it is; raw pixels would be compressed again.
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    packed.seek(0)
    height = min(width * picture.height / picture.width, max_height)
    drawn_width = height * picture.width / picture.height
    canvas.drawImage(ImageReader(packed), x + (width - drawn_width) / 2, top - height, drawn_width, height)
    return top - height


def _draw_view(canvas: Any, view: Image.Image, x: float, top: float, width: float) -> float:
    """Draw the 3D picture with the names of its views below; return the lower edge."""
    bottom = _draw_picture(canvas, without_strips(view, view_picture.FOOTER_PX), x, top, width)
    return _draw_notes(canvas, view_picture.VIEW_NAMES, x, bottom, width)


def _draw_notes(canvas: Any, notes: Sequence[str], x: float, top: float, width: float) -> float:
    """Write short notes below a picture, each centred in its part of the width; return the lower edge."""
    canvas.setFont(_BODY, _NOTE_SIZE)
    for index, note in enumerate(notes):
        canvas.drawCentredString(x + (index + 0.5) * width / len(notes), top - _NOTE_SIZE - 1, note)
    return top - _NOTE_HEIGHT


@dataclass(frozen=True)
class _Texts:
    """Headings with their lines, and the font size."""

    blocks: list[tuple[str, list[str]]]
    size: float

    @property
    def height(self) -> float:
        """Height on the page."""
        return 14 + sum((self.size + 2) * len(lines) + 3 for _, lines in self.blocks)


def _fitted(found: list[Fact], width: float, height: float) -> _Texts:
    """Break texts into lines of the page width, in a smaller font if they would be too high."""
    from reportlab.lib.utils import simpleSplit

    for size in _FONT_SIZES:
        blocks = [(heading, simpleSplit(text, _BODY, size, width - _HEADING_WIDTH)) for heading, text in found]
        texts = _Texts(blocks, size)
        if texts.height <= height:
            break
    return texts


def _draw_facts(canvas: Any, texts: _Texts, y: float, floor: float) -> None:
    """Draw the blocks in the space above the floor."""
    leading = texts.size + 2
    for heading, lines in texts.blocks:
        room = int((y - floor + leading) // leading)
        shown = lines if len(lines) <= room else [*lines[: max(room - 1, 0)], "... more in measurements.json"]
        canvas.setFont(_BOLD, texts.size)
        canvas.drawString(_MARGIN, y, heading)
        y = _draw_lines(canvas, shown, _MARGIN + _HEADING_WIDTH, y, texts.size) - 3


def _draw_lines(canvas: Any, lines: list[str], x: float, y: float, size: float) -> float:
    canvas.setFont(_BODY, size)
    for line in lines:
        canvas.drawString(x, y, line)
        y -= size + 2
    return y


def _draw_signature(canvas: Any, width: float) -> None:
    """Draw empty lines for the signature of the radiologist."""
    canvas.setFont(_BODY, 8)
    third = width / 3
    for index, word in enumerate(("Read by", "Date", "Signature")):
        x = _MARGIN + index * third
        start = x + canvas.stringWidth(word, _BODY, 8) + 4
        canvas.drawString(x, _MARGIN, word)
        canvas.line(start, _MARGIN - 2, x + third - 12, _MARGIN - 2)
