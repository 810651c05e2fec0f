# SPDX-License-Identifier: Apache-2.0
"""Surfaces of the skull and of each subtype, in patient space."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ICHSegmentationLib.core.scan.grid import SliceGrid

_BONE_HU = 250
_SKULL_PIXEL_MM = 2.0
_BLOOD_PIXEL_MM = 0.8
_MIN_BLOOD_FRACTION = 0.3
"""Minimum fraction of blood in a block of pixels: below one half, to keep a thin rim."""
_REACH_MM = 8.0
_SMOOTHING_PASSES = 15
_SMOOTHING_BAND = 0.1


def skull_surface(hu: np.ndarray, grid: SliceGrid) -> Any:
    """Return the surface of the largest component of bone, from a volume subsampled to about 2 mm.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) HU.
    grid : SliceGrid
        Slice grid of the volume.
    """
    from scipy import ndimage

    strides = _strides(grid, _SKULL_PIXEL_MM)
    coarse = _block_mean(hu, strides)
    components, count = ndimage.label(coarse > _BONE_HU)
    if count > 1:
        largest = int(np.argmax(np.bincount(components.ravel())[1:])) + 1
        coarse[ndimage.binary_dilation((components > 0) & (components != largest))] = -1000
    return _surface(coarse, float(_BONE_HU), grid, strides, (0, 0, 0), outside=-1000)


def blood_surface(mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid) -> Any:
    """Return the smoothed surface of a mask.

    Parameters
    ----------
    mask : numpy.ndarray
        (slices, rows, columns) bool, a part of the volume.
    offset : tuple of int
        Index of the first voxel of the mask in the volume.
    grid : SliceGrid
        Slice grid of the volume.
    """
    from scipy import ndimage

    strides = (1, *_strides(grid, _BLOOD_PIXEL_MM)[1:])
    coarse = _block_mean(mask, strides) > _MIN_BLOOD_FRACTION
    coarse = np.pad(coarse, ((0, 0), (1, 1), (1, 1)))
    # In-plane signed distance (a huge slice distance separates the slices), which gives a surface without steps between
    # the outlines of neighbouring slices.
    sampling = (1e6, grid.spacing_mm[0] * strides[1], grid.spacing_mm[1] * strides[2])
    inside = ndimage.distance_transform_edt(coarse, sampling=sampling)
    outside = ndimage.distance_transform_edt(~coarse, sampling=sampling)
    distance = np.clip(inside, 0, _REACH_MM) - np.clip(outside, 0, _REACH_MM)
    first = (offset[0], offset[1] - strides[1], offset[2] - strides[2])
    return _surface(distance.astype(np.float32), 0.0, grid, strides, first, outside=-_REACH_MM)


def _strides(grid: SliceGrid, pixel_mm: float) -> tuple[int, int, int]:
    """Return the number of slices, rows and columns per voxel of about a given size, at least one."""
    sizes = (float(np.median(grid.slice_distances_mm)), *grid.spacing_mm)
    slices, rows, columns = (max(round(pixel_mm / max(size, 1e-3)), 1) for size in sizes)
    return slices, rows, columns


def _block_mean(array: np.ndarray, strides: tuple[int, int, int]) -> np.ndarray:
    """Return float32 block means of the one or two middle samples along each axis; an incomplete end is dropped.

    The middle samples suffice for a picture and take a tenth of the time of a mean over all.
    """
    sizes = [length // stride for length, stride in zip(array.shape, strides, strict=True)]
    middles = [sorted({(stride - 1) // 2, stride // 2}) for stride in strides]
    mean = np.zeros(sizes, dtype=np.float32)
    for starts in itertools.product(*middles):
        part = zip(starts, sizes, strides, strict=True)
        mean += array[tuple(slice(start, start + size * stride, stride) for start, size, stride in part)]
    return mean / np.float32(np.prod([len(samples) for samples in middles]))


def _surface(
    values: np.ndarray,
    level: float,
    grid: SliceGrid,
    strides: tuple[int, int, int],
    offset: tuple[int, int, int],
    *,
    outside: float,
) -> Any:
    """Return the smoothed isosurface in LPS mm, closed at the ends of the volume by a rim of ``outside``."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D, vtkPolyDataNormals, vtkWindowedSincPolyDataFilter

    padded = np.pad(values, 1, constant_values=outside)
    image = vtkImageData()
    image.SetDimensions(*reversed(padded.shape))
    image.GetPointData().SetScalars(numpy_to_vtk(padded.ravel()))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    edges.ComputeNormalsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    mesh = edges.GetOutput()
    if mesh.GetNumberOfPoints() == 0:
        return mesh
    points = vtk_to_numpy(mesh.GetPoints().GetData())
    # Centre of a block of s voxels: s * i + (s - 1) / 2. The rim shifts indices by one block.
    blocks = points[:, ::-1].astype(np.float64) - 1
    indices = blocks * strides + (np.array(strides) - 1) / 2 + offset
    mesh.GetPoints().SetData(numpy_to_vtk(_extrapolated(grid, indices).astype(np.float32), deep=1))
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputData(mesh)
    smooth.SetNumberOfIterations(_SMOOTHING_PASSES)
    smooth.SetPassBand(_SMOOTHING_BAND)
    smooth.NonManifoldSmoothingOn()
    smooth.NormalizeCoordinatesOn()
    normals = vtkPolyDataNormals()
    normals.SetInputConnection(smooth.GetOutputPort())
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()


def _extrapolated(grid: SliceGrid, indices: np.ndarray) -> np.ndarray:
    """Return LPS mm of indices, extrapolated beyond the end slices with the step there."""
    last = grid.shape[0] - 1
    beyond = indices[:, 0] - np.clip(indices[:, 0], 0, last)
    points = grid.points_mm(indices)
    if last > 0:
        first_step, last_step = (
            grid.positions_mm[1] - grid.positions_mm[0],
            grid.positions_mm[-1] - grid.positions_mm[-2],
        )
        points += np.where(beyond[:, None] < 0, first_step, last_step) * beyond[:, None]
    return points
