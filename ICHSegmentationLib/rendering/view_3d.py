# SPDX-License-Identifier: Apache-2.0
"""3D view: a translucent skull and one surface per subtype, from two sides."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.rendering.drawing import BACKGROUND, HEADER_PX, MUTED, RESEARCH_USE, TEXT, draw_legend, font
from ICHSegmentationLib.rendering.graphics import NoGraphicsError, offscreen_window
from ICHSegmentationLib.rendering.name_tags import draw_name_tags
from ICHSegmentationLib.rendering.surfaces import blood_surface, skull_surface

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.volume import CTVolume

_LOG = logging.getLogger(__name__)
_VIEW_PX = (620, 600)
FOOTER_PX = 58
_NAME_PX = 40
"""Readable in the report, where the view is half a page wide."""
_SAME_COLOUR = 3
_BONE_COLOUR = (0.93, 0.90, 0.82)
_BONE_OPACITY = 0.22
# Direction from the head to the camera, up direction (both LPS), and name of each view.
_VIEWS = (
    ((0.55, -0.75, 0.35), (0.0, 0.0, 1.0), "From the front and the patient's left"),
    ((-1.0, -0.15, 0.25), (0.0, 0.0, 1.0), "From the patient's right"),
)
VIEW_NAMES = tuple(name for *_, name in _VIEWS)


def try_draw_3d(
    volume: CTVolume, label_map: LabelMap, measurements: Measurements
) -> tuple[Image.Image | None, tuple[str, ...]]:
    """Return the picture of :func:`draw_3d`, or None and a warning if this computer cannot render."""
    try:
        return draw_3d(volume, label_map, measurements), ()
    except NoGraphicsError as error:
        _LOG.warning("%s", error)
        return None, (error.args[0],)


def draw_3d(volume: CTVolume, label_map: LabelMap, measurements: Measurements) -> Image.Image:
    """Return a picture of the skull with the lesions inside, on the true geometry (tilt, uneven steps).

    Raises
    ------
    NoGraphicsError
        If this computer cannot render; the message says what to install.
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
    _name(views, _visible(window, actors))
    window.Finalize()
    return _framed(views, measurements)


def _name(views: Image.Image, visible: np.ndarray) -> None:
    """Write the ID of each subtype beside its visible part in every view."""
    width = views.width // len(_VIEWS)
    for place in range(len(_VIEWS)):
        view = views.crop((place * width, 0, (place + 1) * width, views.height))
        labels = visible[:, place * width : (place + 1) * width]
        draw_name_tags(ImageDraw.Draw(view), labels, size_px=_NAME_PX)
        views.paste(view, (place * width, 0))


def _visible(window: Any, actors: Sequence[Any]) -> np.ndarray:
    """Return (height, width) labels of the frontmost blood without the skull, decoded from unlit colours."""
    *lesions, skull = actors
    skull.VisibilityOff()
    for actor in lesions:
        actor.GetProperty().LightingOff()
    for renderer in window.GetRenderers():
        renderer.UseFXAAOff()
    window.Render()
    shown = np.asarray(_pixels(window))
    labels = np.zeros(shown.shape[:2], dtype=np.uint8)
    blood = shown.any(axis=2)
    colours, found = shown[blood].astype(np.int16), labels[blood]
    for row in load_terminology().classes:
        found[np.abs(colours - np.array(row.rgb, dtype=np.int16)).max(axis=1) <= _SAME_COLOUR] = row.label
    labels[blood] = found
    return labels


def _actors(volume: CTVolume, label_map: LabelMap) -> list[Any]:
    """Return the actors of the lesions, then that of the skull, which is blended over them."""
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
    picture = Image.new("RGB", (views.width, HEADER_PX + views.height + FOOTER_PX), BACKGROUND)
    picture.paste(views, (0, HEADER_PX))
    draw = ImageDraw.Draw(picture)
    draw_legend(draw, measurements.volumes_ml, (12, 10), picture.width - 24, assessed=measurements.assessed)
    for place, name in enumerate(VIEW_NAMES):
        centre = (place + 0.5) * views.width / len(VIEW_NAMES)
        draw.text((centre, HEADER_PX + views.height + 16), name, font=font(18), fill=TEXT, anchor="mm")
    draw.text((12, picture.height - 15), f"{RESEARCH_USE}.", font=font(14), fill=MUTED, anchor="lm")
    return picture
