# SPDX-License-Identifier: Apache-2.0
"""Read the layers of a segmentation node as one label array, and write it back as one shared layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.source import from_storage_order, to_storage_order
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.mrml.nodes import DETACHED_ROLE, SPACE_ROLE, Node
from ICHSegmentationLib.mrml.segmentation.result_grid import ResultGrid, result_grid

LABELS = {subtype.name: int(subtype) for subtype in Subtype} | {"ICH": 6}
"""Label of each hemorrhage segment ID; segments that a user added get labels from 10 on."""
_FIRST_OTHER = 10
_SAME_VOXEL = 0.05


@dataclass(frozen=True, eq=False)
class LabelBlock:
    """Labels, cropped to the part of the volume that has any.

    Attributes
    ----------
    labels : numpy.ndarray
        (slices, rows, columns) uint8; where layers overlap, the later segment.
    start : tuple of int
        Slice, row and column of the first voxel in the volume.
    values : dict of str to int
        Label of each segment ID, in segment order.
    overlapping : bool
        Whether a voxel belonged to more than one segment.
    """

    labels: np.ndarray
    start: tuple[int, int, int]
    values: dict[str, int]
    overlapping: bool

    @classmethod
    def of(cls, whole: np.ndarray, values: dict[str, int], start: tuple[int, ...] = (0, 0, 0)) -> LabelBlock:
        """Crop an array (slices, rows, columns) with first voxel ``start`` to its labelled part."""
        box = labelled_box(whole)
        first = [offset + part.start for offset, part in zip(start, box, strict=True)]
        return cls(whole[box], (first[0], first[1], first[2]), values, overlapping=False)

    def spread(self, low: np.ndarray | tuple[int, ...], high: np.ndarray | tuple[int, ...]) -> np.ndarray:
        """Return the labels as a new array from voxel ``low`` to voxel ``high`` (exclusive)."""
        whole = np.zeros(tuple(np.subtract(high, low)), dtype=np.uint8)
        if self.labels.size:
            first = np.subtract(self.start, low)
            whole[tuple(slice(a, a + size) for a, size in zip(first, self.labels.shape, strict=True))] = self.labels
        return whole


def representation_name() -> str:
    """Return Slicer's name of the binary labelmap representation."""
    return slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def segment_ids(segmentation_node: Node) -> list[str]:
    """Return the IDs of all segments, in order."""
    segmentation = segmentation_node.GetSegmentation()
    return [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]


def read_labels(segmentation_node: Node) -> LabelBlock:
    """Return the current labels.

    Raises
    ------
    NodeRemovedError, InputError
        See :func:`result_grid`.
    """
    where = result_grid(segmentation_node)
    segmentation = segmentation_node.GetSegmentation()
    values = _values(segment_ids(segmentation_node))
    layers: dict[object, tuple[np.ndarray, np.ndarray]] = {}
    parts = []
    for identifier, value in values.items():
        segment = segmentation.GetSegment(identifier)
        image = segment.GetRepresentation(representation_name())
        if image is None or image.GetNumberOfPoints() == 0 or image.GetPointData().GetScalars() is None:
            continue
        if image not in layers:
            layers[image] = _on_lattice(image, segmentation_node, where)
        if layers[image][0].size:
            parts.append((image, segment.GetLabelValue(), value))
    if not parts:
        return LabelBlock(np.zeros((0, 0, 0), dtype=np.uint8), (0, 0, 0), values, overlapping=False)
    used = list(dict.fromkeys(image for image, _, _ in parts))
    if len(used) == 1:
        array, start = layers[used[0]]
        labels = _translated(array, {own: value for _, own, value in parts})
        return LabelBlock(labels, (int(start[0]), int(start[1]), int(start[2])), values, overlapping=False)
    return _merged([(*layers[image], own, value) for image, own, value in parts], values)


def write_labels(segmentation_node: Node, block: LabelBlock) -> None:
    """Replace all labels by one shared layer, so that a voxel has at most one segment.

    Observers receive one event. Existing surfaces are updated.
    """
    image = shared_image(block, result_grid(segmentation_node))
    segmentation = segmentation_node.GetSegmentation()
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    with_surface = segmentation.ContainsRepresentation(surface)
    modifying = segmentation_node.StartModify()
    try:
        for identifier, value in block.values.items():
            segment = segmentation.GetSegment(identifier)
            segment.SetLabelValue(value)
            segment.AddRepresentation(representation_name(), image)
        image.Modified()
        if with_surface:
            segmentation.CreateRepresentation(surface, True)
    finally:
        segmentation_node.EndModify(modifying)


def shared_image(block: LabelBlock, where: ResultGrid) -> Node:
    """Return labels as a Slicer image, cropped as Slicer does after every edit."""
    array = np.ascontiguousarray(to_storage_order(block.labels, where.source).T)
    first = where.to_ijk(np.array(block.start))
    last = first + np.array(array.shape[::-1]) - 1
    image = slicer.vtkOrientedImageData()
    image.SetExtent(*(int(bound) for pair in zip(first, last, strict=True) for bound in pair))
    if array.size:
        scalars = numpy_to_vtk(array.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
        scalars.SetName("ImageScalars")
        image.GetPointData().SetScalars(scalars)
    else:
        image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(where.lattice_ijk))
    return image


def _values(identifiers: list[str]) -> dict[str, int]:
    others = [identifier for identifier in identifiers if identifier not in LABELS]
    if _FIRST_OTHER + len(others) > 255:
        raise ICHSegmentationError(message("mrml.too_many_segments"))
    numbers = LABELS | {identifier: _FIRST_OTHER + index for index, identifier in enumerate(others)}
    return {identifier: numbers[identifier] for identifier in identifiers}


def _on_lattice(image: Node, segmentation_node: Node, where: ResultGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return a layer's array (slices, rows, columns) and the index of its first voxel, clipped to the volume."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    relative = np.linalg.solve(where.lattice_ijk, slicer.util.arrayFromVTKMatrix(matrix))
    shift = np.round(relative[:3, 3])
    off = np.abs(relative[:3, :3] - np.eye(3)) @ np.array(where.sizes_ijk) + np.abs(relative[:3, 3] - shift)
    hardened = _hardened_transform(segmentation_node)
    if hardened is not None or off.max() > _SAME_VOXEL:
        image, shift = _resampled(image, segmentation_node, where, hardened), np.zeros_like(shift)
    extent = image.GetExtent()
    first = np.array(extent[::2]) + shift.astype(int)
    values = vtk_to_numpy(image.GetPointData().GetScalars())
    stored = from_storage_order(values.reshape(image.GetDimensions()[::-1]).T, where.source)
    start = where.from_ijk(first)
    below = np.maximum(-start, 0)
    above = np.minimum(np.array(where.grid.shape) - start, stored.shape)
    inside = tuple(slice(low, max(low, high)) for low, high in zip(below, above, strict=True))
    return stored[inside], start + below


def _hardened_transform(segmentation_node: Node) -> Node:
    """Return the acquisition transform that was hardened on a result after it was published, or None.

    Hardening such a transform keeps the lattice and moves the labels.
    """
    space = segmentation_node.GetNodeReference(SPACE_ROLE)
    if space is None or space.IsTransformToWorldLinear() or segmentation_node.GetParentTransformNode() is space:
        return None
    return space if segmentation_node.GetNodeReference(DETACHED_ROLE) is None else None


def _resampled(image: Node, segmentation_node: Node, where: ResultGrid, space: Node) -> Node:
    """Return a layer resampled to the volume's voxels, after a change of geometry or a hardened transform."""
    reference, out = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData()
    i, j, k = where.sizes_ijk
    reference.SetExtent(0, i - 1, 0, j - 1, 0, k - 1)
    reference.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    reference.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(where.lattice_ijk))
    volume_node = source_volume(segmentation_node)
    if space is None and volume_node is not None:
        space = volume_node.GetParentTransformNode()
    between = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(segmentation_node.GetParentTransformNode(), space, between)
    resample = slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage
    if not resample(image, reference, out, False, False, between):
        raise ICHSegmentationError(message("mrml.changed_geometry"))
    return out


def source_volume(segmentation_node: Node) -> Node:
    """Return the volume of a result, or None if it is no longer in the scene."""
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    return segmentation_node.GetNodeReference(role)


def _translated(array: np.ndarray, values: dict[int, int]) -> np.ndarray:
    if array.dtype == np.uint8:
        table = np.zeros(256, dtype=np.uint8)
        table[list(values)] = list(values.values())
        return table[array]
    labels = np.zeros(array.shape, dtype=np.uint8)
    for own, value in values.items():
        labels[array == own] = value
    return labels


def _merged(parts: list[tuple[np.ndarray, np.ndarray, int, int]], values: dict[str, int]) -> LabelBlock:
    start = np.min([first for _, first, _, _ in parts], axis=0)
    stop = np.max([first + array.shape for array, first, _, _ in parts], axis=0)
    labels = np.zeros(tuple(stop - start), dtype=np.uint8)
    overlapping = False
    for array, first, own, value in parts:
        offset = first - start
        view = labels[tuple(slice(low, low + size) for low, size in zip(offset, array.shape, strict=True))]
        mask = array == own
        overlapping = overlapping or bool(view[mask].any())
        view[mask] = value
    return LabelBlock(labels, (int(start[0]), int(start[1]), int(start[2])), values, overlapping)
