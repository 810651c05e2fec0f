# SPDX-License-Identifier: Apache-2.0
"""Report on one page: volumes, key slices, 3D view, geometry and method; patient data only if given.

Pictures of growth since an earlier scan are on a second page.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ICHSegmentationLib.core.messages import message
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
RESEARCH_USE = "RESEARCH USE ONLY - not a medical device, not for diagnosis or treatment"
_MARGIN = 40.0
_TABLE_WIDTHS = (14.0, 24.0, 132.0, 39.0, 48.0, 43.0)
_TABLE_GAP = 12.0
_BODY, _BOLD = "Helvetica", "Helvetica-Bold"
_JPEG_QUALITY = 92
_GOOD_PICTURE_HEIGHT, _MIN_PICTURE_HEIGHT = 300.0, 220.0
_FONT_SIZES = (8.0, 7.0)
_SIGNATURE_HEIGHT = 26.0
_HEADING_WIDTH = 52.0
_NO_PADDING = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
_Story = list[Any]
"""Flowables of platypus, from top to bottom."""


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

    width, height = A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN
    page = io.BytesIO()
    with _binary_streams():
        # "invariant" omits date and time: equal results give equal files.
        canvas = Canvas(page, pagesize=A4, invariant=1, pageCompression=1)
        canvas.setTitle(TITLE)
        canvas.setAuthor(f"ICHSegmentation {__version__}")
        canvas.setSubject("Research use only")
        story = [*_heading(TITLE, patient, width), *_not_assessed(record, width)]
        story += [_overview(record, view_3d, width), _space(8)]
        note = [_notes([slices_picture.slices_note(record.abc2_ml)], width), _space(4)]
        room = height - _SIGNATURE_HEIGHT - _height([*story, *note], width)
        # Texts first: the picture gets the remaining height, but at least a useful minimum.
        texts = _texts(facts(record), width, room - _GOOD_PICTURE_HEIGHT, room - _MIN_PICTURE_HEIGHT)
        panels = without_strips(slices, slices_picture.FOOTER_PX)
        story += [_picture(panels, width, room - _height(texts, width)), *note, *texts]
        _draw(canvas, story, width, height)
        _draw(canvas, [_signature(width)], width, _SIGNATURE_HEIGHT - 12)
        canvas.showPage()
        if growth_picture is not None:
            story = _heading(GROWTH_TITLE, patient, width)
            _draw(canvas, [*story, _picture(growth_picture, width, height - _height(story, width))], width, height)
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


def _draw(canvas: Any, story: _Story, width: float, height: float) -> None:
    """Draw flowables in a frame above the lower margin."""
    from reportlab.platypus import Frame

    Frame(_MARGIN, _MARGIN, width, height + 0.01, 0, 0, 0, 0).addFromList(list(story), canvas)


def _height(story: _Story, width: float) -> float:
    return float(sum(flowable.wrap(width, 1e6)[1] for flowable in story))


def _space(height: float) -> Any:
    from reportlab.platypus import Spacer

    return Spacer(1, height)


def _paragraph(text: str, size: float, *, bold: bool = False) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle("", fontName=_BOLD if bold else _BODY, fontSize=size, leading=size + 2)
    return Paragraph(escape(text).replace("\n", "<br/>"), style)


def _table(rows: Sequence[Sequence[Any]], widths: Sequence[float], *style: tuple[Any, ...]) -> Any:
    from reportlab.platypus import Table

    return Table(rows, widths, style=[*_NO_PADDING, ("VALIGN", (0, 0), (-1, -1), "TOP"), *style])


def _heading(title: str, patient: PatientData | None, width: float) -> _Story:
    """Return title, research notice and, if given, the patient data in a frame."""
    red, white = (0.72, 0.08, 0.10), (1, 1, 1)
    everywhere = (0, 0), (-1, -1)
    bar = [("BACKGROUND", *everywhere, red), ("TEXTCOLOR", *everywhere, white), ("FONT", *everywhere, _BOLD, 9.5)]
    padding = [("LEFTPADDING", *everywhere, 6), ("BOTTOMPADDING", *everywhere, 5)]
    story = [_paragraph(title, 17, bold=True), _space(6), _table([[RESEARCH_USE]], [width], *bar, *padding), _space(12)]
    if patient is not None:
        story += _framed(f"Patient: {patient.describe()}", width)
    return story


def _not_assessed(record: MeasurementRecord, width: float) -> _Story:
    """Return the notice of a scan that was not assessed, above volumes that would look like a negative."""
    return [] if record.assessed else _framed(message("export.not_assessed"), width)


def _framed(text: str, width: float) -> _Story:
    everywhere = (0, 0), (-1, -1)
    style = [("BOX", *everywhere, 1, (0, 0, 0)), ("LEFTPADDING", *everywhere, 6), ("BOTTOMPADDING", *everywhere, 5)]
    return [_table([[_paragraph(text, 9, bold=True)]], [width], *style), _space(8)]


def _overview(record: MeasurementRecord, view_3d: Image.Image | None, width: float) -> Any:
    """Return the table of volumes beside the 3D view."""
    left = sum(_TABLE_WIDTHS) + _TABLE_GAP
    right: _Story = [_paragraph("No 3D view: this computer cannot render in 3D.", _FONT_SIZES[0])]
    if view_3d is not None:
        picture = _picture(without_strips(view_3d, view_picture.FOOTER_PX), width - left)
        right = [picture, _notes(view_picture.VIEW_NAMES, width - left)]
    return _table([[_volumes(record), right]], [left, width - left])


def _volumes(record: MeasurementRecord) -> Any:
    """Return the table of volumes; IDs beside the colours serve greyscale prints.

    A scan that was not assessed has no volume of 0 mL: blood that is not outlined may be there.
    """
    from reportlab.graphics.shapes import Drawing, Rect
    from reportlab.lib.colors import Color

    terminology = load_terminology()
    rows: list[list[Any]] = [["", "Subtype", "", "Volume", "ABC/2", "Lesions"]]
    for identifier, volume_ml in record.volumes_ml.items():
        count = sum(identifier in ("total", lesion.subtype) for lesion in record.lesions)
        if identifier == "total":
            cells = ["", "Total", ""]
        else:
            row = terminology.by_id(identifier)
            colour = (channel / 255 for channel in row.rgb)
            swatch = Drawing(9, 9, Rect(0, 0, 9, 9, fillColor=Color(*colour), strokeColor=None))
            cells = [swatch, row.id, _paragraph(row.name.replace(" (", "\n("), 9.5)]
        abc2_ml = record.abc2_ml.get(identifier)
        volume = format_ml(volume_ml) if volume_ml or record.assessed else "-"
        rows.append([*cells, volume, format_ml(abc2_ml) if abc2_ml else "-", str(count) if count else "-"])
    return _table(
        rows,
        _TABLE_WIDTHS,
        ("FONT", (0, 0), (-1, -1), _BODY, 9.5),
        ("FONT", (0, 0), (-1, 0), _BOLD, 9),
        ("FONT", (0, -1), (-1, -1), _BOLD, 9.5),
        ("ALIGN", (3, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 1), (-1, -1), 4),
        ("LINEBELOW", (0, 0), (-1, 0), 1, (0, 0, 0)),
        ("LINEABOVE", (0, -1), (-1, -1), 1, (0, 0, 0)),
    )


def _picture(picture: Image.Image, width: float, max_height: float | None = None) -> Any:
    """Return a picture as wide as the page, or as high as is left, in the middle."""
    from reportlab.platypus import Image as Picture

    # JPEG is embedded as it is; raw pixels would be compressed again.
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    packed.seek(0)
    scale = min(width / picture.width, (max_height or 1e6) / picture.height)
    return Picture(packed, scale * picture.width, scale * picture.height)


def _notes(notes: Sequence[str], width: float) -> Any:
    """Return short notes below a picture, each centred in its part of the width."""
    everywhere = (0, 0), (-1, -1)
    padding = ("TOPPADDING", *everywhere, 2), ("BOTTOMPADDING", *everywhere, 3)
    style = [("FONT", *everywhere, _BODY, 6.5, 8), ("ALIGN", *everywhere, "CENTER"), *padding]
    return _table([notes], [width / len(notes)] * len(notes), *style)


def _texts(found: Sequence[Fact], width: float, good_height: float, max_height: float) -> _Story:
    """Return headings with texts, in a smaller font if they would be too high, and cut if that is too high still."""
    text_width = width - _HEADING_WIDTH
    for size in _FONT_SIZES:
        rows = [[_paragraph(heading, size, bold=True), _paragraph(text, size)] for heading, text in found]
        heights = [_height([text], text_width) + 3 for _, text in rows]
        if sum(heights) <= good_height:
            break
    left = max_height
    for index, (row, height) in enumerate(zip(rows, heights, strict=True)):
        if height > left:
            more = _paragraph("... more in measurements.json", size)
            rows[index:] = [[row[0], [*row[1].split(text_width, left - size - 5)[:1], more]]]
            break
        left -= height
    return [_table(rows, [_HEADING_WIDTH, text_width], ("BOTTOMPADDING", (0, 0), (-1, -1), 3))]


def _signature(width: float) -> Any:
    """Return empty lines for the signature of the radiologist."""
    cells: list[Any] = []
    style: list[tuple[Any, ...]] = [("FONT", (0, 0), (-1, -1), _BODY, 8), ("VALIGN", (0, 0), (-1, -1), "BOTTOM")]
    for index, word in enumerate(("Read by", "Date", "Signature")):
        cells += [word, "", ""]
        style.append(("LINEBELOW", (3 * index + 1, 0), (3 * index + 1, 0), 1, (0, 0, 0)))
    third = width / 3
    return _table([cells], [40, third - 52, 12] * 3, *style)
