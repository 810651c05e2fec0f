# SPDX-License-Identifier: Apache-2.0
"""The true slices of a result, stored with its segmentation node and saved with the scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.grid_record import GridRecord, parse_grid_record
from ICHSegmentationLib.mrml.nodes import Node, ijk_to_ras, require_segmentation

GRID_ATTRIBUTE = "ICHSegmentation.SliceGrid"


@dataclass(frozen=True, eq=False)
class ResultGrid:
    """Positions of the voxels of a result.

    Attributes
    ----------
    grid : SliceGrid
        The true slices.
    source : CTSource
        Which of the volume node's (i, j, k) axes are slices, rows and columns.
    lattice_ijk : numpy.ndarray
        (4, 4) from the volume node's (i, j, k) to RAS, without transforms.
    """

    grid: SliceGrid
    source: CTSource
    lattice_ijk: np.ndarray

    @property
    def sizes_ijk(self) -> tuple[int, int, int]:
        """Sizes of the volume node's image."""
        sizes = dict(zip(self.source.storage_axes, self.grid.shape, strict=True))
        return sizes[0], sizes[1], sizes[2]

    def to_ijk(self, voxel: np.ndarray) -> np.ndarray:
        """Return a (slice, row, column) index as (i, j, k)."""
        return np.asarray(voxel)[list(np.argsort(self.source.storage_axes))]

    def from_ijk(self, index: np.ndarray) -> np.ndarray:
        """Return an (i, j, k) index as (slice, row, column)."""
        return np.asarray(index)[list(self.source.storage_axes)]


def grid_json(volume_node: Node, volume: CTVolume) -> str:
    """Return the slices of a volume as JSON on one line."""
    axes = volume.source.storage_axes
    lattice = ijk_to_ras(volume_node)[:, [*reversed(axes), 3]]
    return GridRecord.of(volume.grid, axes, affine_ras=lattice).to_json()


def is_result(node: Node) -> bool:
    """Whether a node is a segmentation that this project published."""
    is_segmentation = node is not None and node.IsA("vtkMRMLSegmentationNode")
    return bool(is_segmentation and node.GetAttribute(GRID_ATTRIBUTE))


def result_grid(segmentation_node: Node) -> ResultGrid:
    """Return the slices stored with a result.

    Raises
    ------
    NodeRemovedError
        If the node is no longer in the scene.
    InputError
        If it is not a result of this project.
    """
    require_segmentation(segmentation_node)
    return parse_grid(segmentation_node)


def parse_grid(segmentation_node: Node) -> ResultGrid:
    """Return the slices stored with a result, which need not be in a scene yet; see :func:`result_grid`."""
    if not is_result(segmentation_node):
        raise InputError(message("mrml.not_a_result", name=segmentation_node.GetName()))
    found = _parse(segmentation_node.GetAttribute(GRID_ATTRIBUTE))
    if found is None:
        raise InputError(message("mrml.damaged_positions", name=segmentation_node.GetName()))
    return found


@lru_cache(maxsize=8)
def _parse(text: str) -> ResultGrid | None:
    record = parse_grid_record(text)
    if record is None:
        return None
    axes = record.storage_axes
    lattice = np.array(record.lattice_ras)
    lattice[:, list(reversed(axes))] = record.lattice_ras[:, :3]
    return ResultGrid(record.grid(), CTSource(storage_axes=axes), lattice)
