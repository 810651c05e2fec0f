# SPDX-License-Identifier: Apache-2.0
"""True slice positions of a volume node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource, nearest_axes
from ICHSegmentationLib.mrml.nodes import Node, ijk_to_ras
from ICHSegmentationLib.mrml.volume.dicom_slices import (
    UIDS_ATTRIBUTE,
    OtherPixelsError,
    dicom_slices,
    has_dicom_uids,
)
from ICHSegmentationLib.mrml.volume.transforms import (
    acquisition_transform,
    grid_under_acquisition_transform,
    linear_to_world,
    own_transform,
)

_AXIAL_STACK = (2, 1, 0)


@dataclass(frozen=True, eq=False)
class VolumeGeometry:
    """Slice geometry of a volume node.

    Attributes
    ----------
    grid : SliceGrid
        Slice positions: from DICOM in patient space, without linear transforms above the volume; else in world space.
    source : CTSource
        The DICOM files if found, and which of the node's (i, j, k) axes are slices, rows and columns.
    origin : str
        Origin of the positions: "DICOM files", "acquisition transform" or "volume matrix".
    acquisition : bool
        Whether the volume is under Slicer's acquisition transform.
    warnings : tuple of str
        Warnings found while reading.
    stamp : tuple
        Value that changes with the volume, its matrix or its transforms.
    """

    grid: SliceGrid
    source: CTSource
    origin: str
    acquisition: bool
    warnings: tuple[str, ...]
    stamp: tuple[object, ...]


def stamp_of(volume_node: Node) -> tuple[object, ...]:
    """Return a value that changes with the geometry or the voxels of a volume."""
    parent = own_transform(volume_node)
    above = () if parent is None else (parent.GetID(), parent.GetTransformToWorldMTime())
    uids = volume_node.GetAttribute(UIDS_ATTRIBUTE)
    image = volume_node.GetImageData()
    return volume_node.GetID(), image, image.GetMTime(), ijk_to_ras(volume_node).tobytes(), uids, *above


def read_geometry(volume_node: Node) -> VolumeGeometry:
    """Return the slice geometry of a volume node.

    Positions come from the DICOM files if they are found and hold the volume's voxels; else from Slicer's acquisition
    transform; else from the volume's matrix with the linear transforms above it.

    Raises
    ------
    InputError
        If the volume is under any other non-linear transform, or its DICOM files make no scan; see `dicom_slices`.
    """
    columns, rows, slices = volume_node.GetImageData().GetDimensions()
    transform_node = acquisition_transform(volume_node, slices)
    above = (transform_node or volume_node).GetParentTransformNode()
    to_world = linear_to_world(above)
    if to_world is None:
        raise InputError(message("mrml.nonlinear_transform", name=volume_node.GetName()))
    acquisition, stamp = transform_node is not None, stamp_of(volume_node)
    found, warnings = _from_dicom(volume_node, acquisition=acquisition)
    if found is not None:
        return VolumeGeometry(found[0], found[1], "DICOM files", acquisition, warnings, stamp)
    if transform_node is not None:
        grid = _moved(grid_under_acquisition_transform(volume_node, transform_node), to_world)
        source = CTSource(storage_axes=_AXIAL_STACK)
        return VolumeGeometry(grid, source, "acquisition transform", acquisition, warnings, stamp)
    affine = to_world @ ijk_to_ras(volume_node)
    axes = nearest_axes(affine)
    sizes = (columns, rows, slices)
    shape = (sizes[axes[0]], sizes[axes[1]], sizes[axes[2]])
    grid = SliceGrid.from_affine(affine[:, [*reversed(axes), 3]], shape)
    source = CTSource(storage_axes=axes, file_affine=affine)
    return VolumeGeometry(grid, source, "volume matrix", acquisition, warnings, stamp)


def _from_dicom(volume_node: Node, *, acquisition: bool) -> tuple[tuple[SliceGrid, CTSource] | None, tuple[str, ...]]:
    if not has_dicom_uids(volume_node):
        return None, ()
    try:
        found = dicom_slices(volume_node)
    except OtherPixelsError:
        return None, (message("mrml.not_the_dicom_pixels"),)
    if found is None and not acquisition:
        return None, (message("mrml.no_dicom_files"),)
    return found, ()


def _moved(grid: SliceGrid, to_world: np.ndarray) -> SliceGrid:
    """Return a grid after a linear transform of the world (RAS)."""
    flip = np.diag([-1.0, -1.0, 1.0])
    turn, shift = flip @ to_world[:3, :3] @ flip, flip @ to_world[:3, 3]
    vectors = grid.orientation * np.array([[grid.spacing_mm[1]], [grid.spacing_mm[0]]]) @ turn.T
    lengths = np.linalg.norm(vectors, axis=1)
    return SliceGrid(grid.shape, grid.positions_mm @ turn.T + shift, vectors, (float(lengths[1]), float(lengths[0])))
