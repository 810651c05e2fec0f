# SPDX-License-Identifier: Apache-2.0
"""Transforms above a volume: linear ones, and Slicer's acquisition transform."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import LPS_TO_RAS, SliceGrid
from ICHSegmentationLib.mrml.nodes import DETACHED_ROLE, Node, apply, ijk_to_ras

_SAME_MM = 0.01


def acquisition_transform(node: Node, slices: int) -> Node:
    """Return the acquisition transform directly above a node, also while it is detached for editing, or None.

    Slicer's DICOM import (``DICOMScalarVolumePlugin``, class ``AcquisitionModeling``) puts a volume whose matrix misses
    the slices' corners in the DICOM headers by more than 0.001 mm (tilted gantry, varying steps, missing slices) under
    a grid transform with one displacement at each corner of each slice: a displacement grid of 2 x 2 x slices. Only
    this grid identifies it: its name can be changed by the user.

    Parameters
    ----------
    node : vtkMRMLTransformableNode
        A volume, or a segmentation under the same transform.
    slices : int
        Number of slices of the volume.
    """
    parent = own_transform(node)
    if parent is None or parent.IsLinear():
        return None
    grid = parent.GetTransformToParentAs("vtkOrientedGridTransform", False)
    displacements = None if grid is None else grid.GetDisplacementGrid()
    if displacements is None or tuple(displacements.GetDimensions()) != (2, 2, slices):
        return None
    return parent


def own_transform(node: Node) -> Node:
    """Return the transform above a node, or the one that was detached for editing; None without one."""
    return node.GetParentTransformNode() or node.GetNodeReference(DETACHED_ROLE)


def linear_to_world(transform_node: Node) -> np.ndarray | None:
    """Return the (4, 4) matrix from a transform node's child space to the world; None if it is not linear."""
    if transform_node is None:
        return np.eye(4)
    if not transform_node.IsTransformToWorldLinear():
        return None
    matrix = vtk.vtkMatrix4x4()
    transform_node.GetMatrixTransformToWorld(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def grid_under_acquisition_transform(volume_node: Node, transform_node: Node) -> SliceGrid:
    """Return the slice grid under an acquisition transform, without the linear transforms above it.

    Raises
    ------
    InputError
        If the transform bends slices or rotates them against each other, which no scanner does.
    """
    columns, rows, slices = volume_node.GetImageData().GetDimensions()
    matrix = ijk_to_ras(volume_node)
    transform = transform_node.GetTransformToParent()

    def place(column: float, row: float, index: float) -> np.ndarray:
        return np.array(transform.TransformPoint(apply(matrix, np.array([column, row, index]))))

    indices = range(slices)
    origins = np.array([place(0, 0, index) for index in indices])
    along_columns = np.array([place(columns - 1, 0, index) for index in indices]) - origins
    along_rows = np.array([place(0, rows - 1, index) for index in indices]) - origins
    middles = np.array([place((columns - 1) / 2, (rows - 1) / 2, index) for index in indices])
    bent = np.abs(origins + (along_columns + along_rows) / 2 - middles).max()
    turned = max(np.ptp(along_columns, axis=0).max(), np.ptp(along_rows, axis=0).max())
    if not max(bent, turned) <= _SAME_MM:
        raise InputError(message("mrml.nonlinear_transform", name=volume_node.GetName()))
    column_vector, row_vector = along_columns.mean(axis=0), along_rows.mean(axis=0)
    spacing = (float(np.linalg.norm(row_vector)) / (rows - 1), float(np.linalg.norm(column_vector)) / (columns - 1))
    orientation = np.stack([column_vector, row_vector]) * LPS_TO_RAS
    return SliceGrid((slices, rows, columns), origins * LPS_TO_RAS, orientation, spacing)
