# SPDX-License-Identifier: Apache-2.0
"""Lesion boxes as Slicer's markups ROIs, which the user moves and resizes with the mouse.

ROIs only display the boxes stored with the result (`box_record`); they are not saved, and are created when needed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import slicer

from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.mrml.boxes.shown_slices import ShownSlices
from ICHSegmentationLib.mrml.nodes import Node, apply, to_world
from ICHSegmentationLib.mrml.segmentation.segments import subtype_look
from ICHSegmentationLib.mrml.volume.transforms import linear_to_world

OWNER_ROLE = "ICHSegmentation.LesionOf"
KEY_ATTRIBUTE = "ICHSegmentation.Box"
_SAME_MM = 0.01
_NEW_BOX_MM = np.array([30.0, 30.0, 15.0])
_HANDLE_SCALE, _POINT_SCALE = 1.5, 0.3


def rois_of(segmentation_node: Node) -> dict[str, Node]:
    """Return the ROIs of a result by box key."""
    return {
        roi.GetAttribute(KEY_ATTRIBUTE): roi
        for roi in _rois(segmentation_node.GetScene())
        if roi.GetNodeReferenceID(OWNER_ROLE) == segmentation_node.GetID()
    }


def sync_rois(
    segmentation_node: Node, boxes: Mapping[str, LesionBox], slices: ShownSlices, *, leave: Collection[str] = ()
) -> None:
    """Create, move or remove ROIs, so that each box has one at its position.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    boxes : mapping of str to LesionBox
        Its boxes by key.
    slices : ShownSlices
        The displayed slices.
    leave : collection of str
        Keys of boxes whose ROI is not moved.
    """
    present = rois_of(segmentation_node)
    for key in [key for key in present if key not in boxes]:
        _remove(present.pop(key))
    for key, box in boxes.items():
        roi = present.get(key) or _make(segmentation_node, key)
        if roi.GetTransformNodeID() != slices.transform_id:
            roi.SetAndObserveTransformNodeID(slices.transform_id)
        _color(roi, box.subtype)
        if key not in leave:
            _place(roi, slices, slices.bounds(box))


def rename_roi(segmentation_node: Node, key: str, new_key: str) -> None:
    """Change the box key of an ROI."""
    roi = rois_of(segmentation_node).get(key)
    if roi is not None:
        roi.SetAttribute(KEY_ATTRIBUTE, new_key)


def box_of_roi(roi: Node, slices: ShownSlices, before: LesionBox) -> LesionBox:
    """Return the box of an ROI; ``before`` itself if the ROI was not moved.

    A rotated ROI gives the smallest box around it.
    """
    bounds = _bounds(roi, slices)
    as_before = slices.bounds(before)
    same = np.abs(bounds - as_before) <= _SAME_MM
    if same.all():
        return before
    box = slices.box(np.where(same, as_before, bounds), before.subtype)
    # Edges between two slices may round to the same slices as before.
    return before if box.is_at(before) else box


def drawn_box(roi: Node, slices: ShownSlices, subtype: str) -> LesionBox:
    """Return the box of an ROI that the user drew; see `box_of_roi`."""
    return slices.box(_bounds(roi, slices), subtype)


def _bounds(roi: Node, slices: ShownSlices) -> np.ndarray:
    """Return the (2, 3) lower and upper end of an ROI along columns, rows and normal, mm below the transform."""
    matrix = slicer.util.arrayFromVTKMatrix(roi.GetObjectToNodeMatrix())
    corners = np.array(list(np.ndindex(2, 2, 2))) - 0.5
    places = slices.along_axes(corners * roi.GetSize() @ matrix[:3, :3].T + matrix[:3, 3])
    return np.stack([places.min(axis=0), places.max(axis=0)])


def new_box(segmentation_node: Node, slices: ShownSlices, ras_mm: Iterable[float], subtype: str) -> LesionBox:
    """Return a box of default size around a point in world RAS."""
    matrix = linear_to_world(segmentation_node.GetScene().GetNodeByID(slices.transform_id or ""))
    assert matrix is not None  # checked by `shown_slices`
    middle = slices.along_axes(apply(np.linalg.inv(matrix), np.array([float(value) for value in ras_mm])))
    return slices.box(np.stack([middle - _NEW_BOX_MM / 2, middle + _NEW_BOX_MM / 2]), subtype)


def show_rois(segmentation_node: Node, shown: bool, *, in_3d: bool = False, only: str | None = None) -> None:
    """Show or hide the boxes of a result on the slices, and optionally in 3D; ``only`` is the key of a single one."""
    for key, roi in rois_of(segmentation_node).items():
        roi.GetDisplayNode().SetVisibility(shown and only in (None, key))
        roi.GetDisplayNode().SetVisibility3D(in_3d)


def choose_roi(segmentation_node: Node, key: str | None) -> None:
    """Give one box handles for the mouse; the others are locked, so that no slip of the hand moves them."""
    for other, roi in rois_of(segmentation_node).items():
        display, chosen = roi.GetDisplayNode(), other == key
        roi.SetLocked(not chosen)
        display.SetHandlesInteractive(chosen)
        display.SetOpacity(1.0 if chosen else 0.6)


def middle_of_roi(roi: Node) -> tuple[float, float, float]:
    """Return the center of an ROI, world RAS."""
    x, y, z = to_world(roi, np.array(roi.GetCenter())).tolist()
    return x, y, z


def remove_strays(scene: Node, shown: Node | None) -> None:
    """Remove ROIs of results that no longer exist, and hide those of results that are not shown."""
    for roi in _rois(scene):
        owner = roi.GetNodeReference(OWNER_ROLE)
        if owner is None:
            _remove(roi)
        elif owner is not shown and roi.GetDisplayNode() is not None:
            roi.GetDisplayNode().SetVisibility(False)


def _rois(scene: Node) -> list[Node]:
    found = scene.GetNodesByClass("vtkMRMLMarkupsROINode")
    found.UnRegister(None)
    nodes = [found.GetItemAsObject(index) for index in range(found.GetNumberOfItems())]
    return [node for node in nodes if node.GetAttribute(KEY_ATTRIBUTE)]


def _make(segmentation_node: Node, key: str) -> Node:
    scene = segmentation_node.GetScene()
    roi = slicer.vtkMRMLMarkupsROINode()
    # Hidden from Slicer's other modules: changes there would be overwritten.
    roi.SetHideFromEditors(True)
    roi.SetSaveWithScene(False)
    roi.SetAttribute(KEY_ATTRIBUTE, key)
    roi.SetName(scene.GenerateUniqueName(f"{segmentation_node.GetName()} box"))
    scene.AddNode(roi)
    roi.SetNodeReferenceID(OWNER_ROLE, segmentation_node.GetID())
    roi.CreateDefaultDisplayNodes()
    display = roi.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetFillVisibility(False)
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(False)
    # Small, as the center point would hide the lesion; without it Slicer draws no handles.
    display.SetGlyphScale(_POINT_SCALE)
    # Boxes are aligned with the scan's rows, columns and normal.
    display.SetRotationHandleVisibility(False)
    display.SetInteractionHandleScale(_HANDLE_SCALE)
    display.SetHandlesInteractive(False)
    roi.SetLocked(True)
    return roi


def _remove(roi: Node) -> None:
    scene = roi.GetScene()
    for owned in (roi.GetDisplayNode(), roi.GetStorageNode(), roi):
        if owned is not None:
            scene.RemoveNode(owned)


def _place(roi: Node, slices: ShownSlices, bounds: np.ndarray) -> None:
    wanted = np.eye(4)
    wanted[:3, :3] = slices.axes_ras
    wanted[:3, 3] = slices.axes_ras @ bounds.mean(axis=0)
    size = bounds[1] - bounds[0]
    now = slicer.util.arrayFromVTKMatrix(roi.GetObjectToNodeMatrix())
    if np.allclose(now, wanted, rtol=0, atol=1e-6) and np.allclose(roi.GetSize(), size, rtol=0, atol=1e-6):
        return
    modifying = roi.StartModify()
    roi.SetSize(*size.tolist())
    roi.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(wanted))
    roi.EndModify(modifying)


def _color(roi: Node, subtype: str) -> None:
    _, color = subtype_look(subtype)
    display = roi.GetDisplayNode()
    if not np.allclose(display.GetSelectedColor(), color):
        for set_color in (display.SetColor, display.SetSelectedColor, display.SetActiveColor):
            set_color(*color)
