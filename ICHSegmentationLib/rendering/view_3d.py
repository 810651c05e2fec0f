# SPDX-License-Identifier: Apache-2.0
"""The 3D view: a translucent skull and one surface per subtype, from two sides."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.measurement.measure import labelled_box
from ICHSegmentationLib.rendering.drawing import BACKGROUND, MUTED, RESEARCH_USE, TEXT, draw_legend, font
from ICHSegmentationLib.rendering.graphics import NoGraphicsError, offscreen_window
from ICHSegmentationLib.rendering.name_tags import Box, draw_tag, tag_box
from ICHSegmentationLib.terminology import load_terminology

if TYPE_CHECKING:
    from ICHSegmentationLib.ct.volume import CTVolume
    from ICHSegmentationLib.segmentation.label_map import LabelMap

_LOG = logging.getLogger(__name__)
_VIEW_PX = (620, 600)
_HEADER_PX, _FOOTER_PX = 66, 28
_NAME_PX = 30
"""Large enough to be read in the report, where the view is as wide as half a page."""
_BONE_COLOUR = (0.93, 0.90, 0.82)
_BONE_OPACITY = 0.22
# Direction from the head to the eye, the direction that is up, both LPS, and what the view is called.
_VIEWS = (
    ((0.55, -0.75, 0.35), (0.0, 0.0, 1.0), "From the front and the patient's left"),
    ((-1.0, -0.15, 0.25), (0.0, 0.0, 1.0), "From the patient's right"),
)


def try_draw_3d(
    volume: CTVolume, label_map: LabelMap, measurements: Measurements
) -> tuple[Image.Image | None, tuple[str, ...]]:
    """Return the picture of :func:`draw_3d`, or None and why there is none where this machine cannot render."""
    try:
        return draw_3d(volume, label_map, measurements), ()
    except NoGraphicsError as error:
        _LOG.warning("%s", error)
        return None, (str(error),)


def draw_3d(volume: CTVolume, label_map: LabelMap, measurements: Measurements) -> Image.Image:
    """Return a picture of the skull with the bleeds inside, on the true geometry (tilt, uneven steps).

    Raises
    ------
    NoGraphicsError
        If this machine cannot render; the message says what to install.
    """
    window = offscreen_window()
    from vtkmodules.vtkRenderingCore import vtkRenderer

    actors = _actors(volume, label_map)
    window.SetMultiSamples(0)
    window.SetSize(_VIEW_PX[0] * len(_VIEWS), _VIEW_PX[1])
    for place, (towards_eye, up, _) in enumerate(_VIEWS):
        renderer = vtkRenderer()
        renderer.SetViewport(place / len(_VIEWS), 0, (place + 1) / len(_VIEWS), 1)
        renderer.SetBackground(0, 0, 0)
        renderer.UseFXAAOn()
        for actor in actors:
            renderer.AddActor(actor)
        camera = renderer.GetActiveCamera()
        camera.SetPosition(*towards_eye)
        camera.SetFocalPoint(0, 0, 0)
        camera.SetViewUp(*up)
        renderer.ResetCamera()
        camera.Zoom(1.5)
        renderer.ResetCameraClippingRange()
        window.AddRenderer(renderer)
    window.Render()
    views = _pixels(window)
    _name(views, window, measurements)
    window.Finalize()
    return _framed(views, measurements)


def _name(views: Image.Image, window: Any, measurements: Measurements) -> None:
    """Write each subtype's ID over its largest lesion in every view; names that would meet are moved apart."""
    draw = ImageDraw.Draw(views)
    largest = {lesion.subtype: lesion.centroid_lps_mm for lesion in reversed(measurements.lesions)}
    for renderer in window.GetRenderers():
        taken: list[Box] = []
        for identifier, centre_mm in largest.items():
            renderer.SetWorldPoint(*centre_mm, 1)
            renderer.WorldToDisplay()
            x, y, _ = renderer.GetDisplayPoint()
            middle = (x, views.height - y)
            while any(tag_box(draw, identifier, middle, _NAME_PX).overlap(other) for other in taken):
                middle = (middle[0], middle[1] - 4)
            draw_tag(draw, identifier, middle, _NAME_PX)
            taken.append(tag_box(draw, identifier, middle, _NAME_PX))


def _actors(volume: CTVolume, label_map: LabelMap) -> list[Any]:
    """Return the bleeds' actors, then the skull's, which is blended over them."""
    from ICHSegmentationLib.rendering.surfaces import blood_surface, skull_surface

    actors = []
    for row in load_terminology().classes:
        mask = label_map.labels == row.label
        box = labelled_box(mask)
        if box[0].stop > 0:
            offset = (box[0].start, box[1].start, box[2].start)
            colour = tuple(channel / 255 for channel in row.rgb)
            actors.append(_actor(blood_surface(mask[box], offset, volume.grid), colour, 1.0))
    return [*actors, _actor(skull_surface(volume.hu, volume.grid), _BONE_COLOUR, _BONE_OPACITY)]


def _actor(mesh: Any, colour: tuple[float, ...], opacity: float) -> Any:
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*colour)
    actor.GetProperty().SetOpacity(opacity)
    actor.GetProperty().SetSpecular(0.15)
    return actor


def _pixels(window: Any) -> Image.Image:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

    data = vtkUnsignedCharArray()
    width, height = window.GetSize()
    window.GetPixelData(0, 0, width - 1, height - 1, 0, data, 0)
    # VTK's first row is the lowest.
    return Image.fromarray(np.ascontiguousarray(vtk_to_numpy(data).reshape(height, width, 3)[::-1]))


def _framed(views: Image.Image, measurements: Measurements) -> Image.Image:
    picture = Image.new("RGB", (views.width, _HEADER_PX + views.height + _FOOTER_PX), BACKGROUND)
    picture.paste(views, (0, _HEADER_PX))
    draw = ImageDraw.Draw(picture)
    draw_legend(draw, measurements.volumes_ml, (12, 10), picture.width - 24)
    for place, (*_, name) in enumerate(_VIEWS):
        centre = (place + 0.5) * views.width / len(_VIEWS)
        draw.text((centre, _HEADER_PX + views.height - 8), name, font=font(15), fill=TEXT, anchor="ms")
    draw.text((12, picture.height - 15), f"{RESEARCH_USE}.", font=font(14), fill=MUTED, anchor="lm")
    return picture
