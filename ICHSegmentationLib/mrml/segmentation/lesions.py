# SPDX-License-Identifier: Apache-2.0
"""Lesions of a result in the scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.mrml.nodes import Node, apply, from_world, to_world
from ICHSegmentationLib.mrml.segmentation.layers import LABELS, LabelBlock, read_labels
from ICHSegmentationLib.mrml.segmentation.result_grid import ResultGrid, result_grid

Point = tuple[float, float, float]

_REACH_MM = 5.0
"""Maximum distance of a click from the lesion that it selects."""


@dataclass(frozen=True)
class SceneLesion:
    """A connected region of one subtype.

    Attributes
    ----------
    subtype : str
        Segment ID.
    volume_ml : float
        Measured with the true slice extents.
    ras_mm : tuple of float
        A point inside, world RAS: near the middle of its largest area.
    """

    subtype: str
    volume_ml: float
    ras_mm: Point


def lesions(segmentation_node: Node) -> list[SceneLesion]:
    """Return all lesions, largest first; voxels are connected by face, edge or corner."""
    return _lesions_of(segmentation_node, read_labels(segmentation_node))


def _lesions_of(segmentation_node: Node, block: LabelBlock) -> list[SceneLesion]:
    where = result_grid(segmentation_node)
    found = []
    names = {value: identifier for identifier, value in block.values.items() if identifier in LABELS}
    for value, outer in enumerate(ndimage.find_objects(block.labels, max_label=max(LABELS.values())), start=1):
        if outer is None or value not in names:
            continue
        regions, count = ndimage.label(block.labels[outer] == value, structure=np.ones((3, 3, 3)))
        for index, box in enumerate(ndimage.find_objects(regions, max_label=count), start=1):
            start = np.add([part.start for part in outer], [part.start for part in box]) + block.start
            found.append(_describe(segmentation_node, where, names[value], regions[box] == index, start))
    return sorted(found, key=lambda lesion: lesion.volume_ml, reverse=True)


def largest_lesion(segmentation_node: Node) -> SceneLesion | None:
    """Return the largest lesion, or None without hemorrhage."""
    return next(iter(lesions(segmentation_node)), None)


def lesion_at(segmentation_node: Node, ras_mm: Point) -> SceneLesion | None:
    """Return the lesion at, or within 5 mm of, a point in world RAS; None if there is none."""
    block, where = read_labels(segmentation_node), result_grid(segmentation_node)
    voxel = nearest_labelled(block, where, voxel_at(segmentation_node, where, ras_mm))
    return None if voxel is None else describe_lesion(segmentation_node, block, where, voxel)


def describe_lesion(segmentation_node: Node, block: LabelBlock, where: ResultGrid, voxel: np.ndarray) -> SceneLesion:
    """Return the lesion that contains a voxel of the volume."""
    mask = connected(block.labels, np.subtract(voxel, block.start))
    identifier = next(name for name, value in block.values.items() if value == label_of(block, voxel))
    return _describe(segmentation_node, where, identifier, mask, np.array(block.start))


def voxel_at(segmentation_node: Node, where: ResultGrid, ras_mm: Point) -> np.ndarray:
    """Return the (slice, row, column) index of the voxel at a point in world RAS; it may be outside the volume."""
    local = from_world(segmentation_node, ras_mm)
    return np.round(where.from_ijk(apply(np.linalg.inv(where.lattice_ijk), local))).astype(int)


def label_of(block: LabelBlock, voxel: np.ndarray) -> int:
    """Return the label of a voxel of the volume, 0 outside the block."""
    index = np.subtract(voxel, block.start)
    if (index < 0).any() or (index >= block.labels.shape).any():
        return 0
    return int(block.labels[tuple(index)])


def nearest_labelled(block: LabelBlock, where: ResultGrid, voxel: np.ndarray) -> np.ndarray | None:
    """Return the nearest hemorrhage voxel within 5 mm of a voxel; None if there is none."""
    blood = [value for identifier, value in block.values.items() if identifier in LABELS]
    if label_of(block, voxel) in blood:
        return voxel
    axes = list(where.source.storage_axes)
    steps = where.lattice_ijk[:3, axes]
    radius = np.ceil(_REACH_MM / np.linalg.norm(steps, axis=0)).astype(int)
    low = np.maximum(voxel - radius - block.start, 0)
    high = np.minimum(voxel + radius + 1 - block.start, block.labels.shape)
    if (low >= high).any():
        return None
    window = block.labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    candidates = np.argwhere(np.isin(window, blood)) + low + block.start
    if not len(candidates):
        return None
    distances = np.linalg.norm((candidates - voxel) @ steps.T, axis=1)
    nearest = int(np.argmin(distances))
    return candidates[nearest] if distances[nearest] <= _REACH_MM else None


def connected(labels: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return the mask of the connected component of one label that contains a voxel."""
    voxel = tuple(index)
    regions, _ = ndimage.label(labels == labels[voxel], structure=np.ones((3, 3, 3)))
    return regions == regions[voxel]


def _describe(node: Node, where: ResultGrid, identifier: str, mask: np.ndarray, start: np.ndarray) -> SceneLesion:
    extents_mm3 = where.grid.voxel_volumes_mm3[start[0] : start[0] + len(mask)]
    volume_ml = float(np.count_nonzero(mask, axis=(1, 2)) @ extents_mm3) / 1000
    return SceneLesion(identifier, round(volume_ml, 6), point_inside(node, where, mask, start))


def point_inside(node: Node, where: ResultGrid, mask: np.ndarray, start: np.ndarray) -> Point:
    """Return a point of a mask near the middle of its largest area, world RAS.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        A result of this project.
    where : ResultGrid
        Its slices.
    mask : numpy.ndarray
        (slices, rows, columns) bool with at least one voxel, a part of the volume.
    start : numpy.ndarray
        Slice, row and column of the first voxel of the part.
    """
    areas = np.count_nonzero(mask, axis=(1, 2))
    largest = int(np.argmax(areas * where.grid.voxel_volumes_mm3[start[0] : start[0] + len(mask)]))
    inside = np.argwhere(mask[largest])
    middle = inside[np.argmin(np.linalg.norm(inside - inside.mean(axis=0), axis=1))]
    voxel = start + np.array([largest, *middle])
    x, y, z = to_world(node, apply(where.lattice_ijk, where.to_ijk(voxel))).tolist()
    return x, y, z
