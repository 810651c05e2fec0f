# SPDX-License-Identifier: Apache-2.0
"""Paint strokes through the real editor logic; in Slicer the editor's effects do this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy


def paint(editor: Any, ras_mm: Sequence[float], radius_mm: float, *, erase: bool = False) -> int:
    """Paint or erase a ball in the current segment of a qMRMLSegmentEditorWidget; save the state for undo first.

    Masks and the overwrite mode of the editor node apply, as in Slicer. Return the number of voxels in the ball.
    """
    logic = editor._logic
    editor.saveStateForUndo()
    logic.ResetModifierLabelmapToDefault()
    stroke = logic.GetModifierLabelmap()
    first_i, _, first_j, _, first_k, _ = stroke.GetExtent()
    columns, rows, slices = stroke.GetDimensions()
    matrix = vtk.vtkMatrix4x4()
    stroke.GetImageToWorldMatrix(matrix)
    to_world = slicer.util.arrayFromVTKMatrix(matrix)
    k, j, i = np.ogrid[first_k : first_k + slices, first_j : first_j + rows, first_i : first_i + columns]
    squares = sum(
        (to_world[axis, 0] * i + to_world[axis, 1] * j + to_world[axis, 2] * k + to_world[axis, 3] - ras_mm[axis]) ** 2
        for axis in range(3)
    )
    ball = squares <= radius_mm**2
    voxels = vtk_to_numpy(stroke.GetPointData().GetScalars()).reshape(slices, rows, columns)
    voxels[:] = ball
    stroke.Modified()
    mode = logic.ModificationModeRemove if erase else logic.ModificationModeAdd
    logic.ModifySegmentByLabelmap(logic.GetSegmentationNode(), logic.GetCurrentSegmentID(), stroke, mode, False, False)
    editor.updateWidgetFromMRML()
    return int(ball.sum())


def place(points_ras: Sequence[Sequence[float]]) -> None:
    """Place the points of the active markup in place mode, and end the mode as Slicer does after the last click.

    Parameters
    ----------
    points_ras : sequence of (x, y, z)
        Where the user clicks, world RAS.
    """
    application = slicer.app.applicationLogic()
    interaction, selection = application.GetInteractionNode(), application.GetSelectionNode()
    assert interaction.GetCurrentInteractionMode() == interaction.Place, "Slicer is not in place mode."
    node = slicer.mrmlScene.GetNodeByID(selection.GetActivePlaceNodeID())
    assert node.GetClassName() == selection.GetActivePlaceNodeClassName(), "Slicer would place another markup."
    for point in points_ras:
        node.AddControlPointWorld(*point)
    interaction.SwitchToViewTransformMode()
    slicer.app.processEvents()
