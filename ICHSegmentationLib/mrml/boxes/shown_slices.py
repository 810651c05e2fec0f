# SPDX-License-Identifier: Apache-2.0
"""Displayed positions of a result's slices, at which boxes are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.lesion_boxes import LesionBox, in_plane
from ICHSegmentationLib.core.scan.grid import LPS_TO_RAS, SliceGrid
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import source_volume
from ICHSegmentationLib.mrml.segmentation.result_grid import ResultGrid, result_grid
from ICHSegmentationLib.mrml.volume.transforms import acquisition_transform, grid_under_acquisition_transform

_SAME_PIXEL = 0.05
_RIGHT_ANGLE = 1e-3


@dataclass(frozen=True, eq=False)
class ShownSlices:
    """True and displayed positions of the slices.

    Attributes
    ----------
    true : SliceGrid
        True slices, on which boxes are defined.
    shown : SliceGrid
        The same slices as displayed, LPS mm below the transform.
    transform_id : str or None
        ID of the linear transform above; None without one.
    """

    true: SliceGrid
    shown: SliceGrid
    transform_id: str | None

    @property
    def axes_ras(self) -> np.ndarray:
        """(3, 3) unit vectors along columns, rows and normal as columns, RAS below the transform."""
        across, down = self.shown.orientation
        return np.stack([across, down, self.shown.normal], axis=1) * LPS_TO_RAS[:, None]

    @property
    def _heights(self) -> np.ndarray:
        return np.asarray(self.shown.positions_mm @ self.shown.normal)

    @property
    def _borders(self) -> np.ndarray:
        """(slices + 1,) heights of the borders halfway between slices."""
        heights = self._heights
        steps = np.diff(heights)
        inner = heights[:-1] + steps / 2
        return np.concatenate([[heights[0] - steps[0] / 2], inner, [heights[-1] + steps[-1] / 2]])

    @property
    def _shift(self) -> np.ndarray:
        """(2,) shift from `in_plane` pixels of the true slices to those of the displayed ones."""
        true, shown = (in_plane(grid, grid.positions_mm[0]) for grid in (self.true, self.shown))
        return np.asarray(shown - true)

    def bounds(self, box: LesionBox) -> np.ndarray:
        """Return (2, 3) lower and upper end of a box along columns, rows and normal, mm below the transform.

        Along the normal it extends halfway to the next slices.
        """
        rows, columns = (box.edges(self.true) + self._shift).T
        row_mm, column_mm = self.shown.spacing_mm
        first, last = box.slices
        heights = np.sort(self._borders[[first, last + 1]])
        return np.stack([columns * column_mm, rows * row_mm, heights], axis=1)

    def box(self, bounds: np.ndarray, subtype: str) -> LesionBox:
        """Return the box between bounds, with the slices whose center is inside, at least one."""
        bounds = np.sort(bounds, axis=0)
        low, high = bounds[:, 2]
        heights = self._heights
        inside = np.flatnonzero((heights > low) & (heights < high))
        if not len(inside):
            inside = np.array([np.argmin(np.abs(heights - (low + high) / 2))])
        row_mm, column_mm = self.shown.spacing_mm
        edges = np.stack([bounds[:, 1] / row_mm, bounds[:, 0] / column_mm], axis=1) - self._shift
        return LesionBox.spanning(subtype, edges, (int(inside[0]), int(inside[-1])), self.true)

    def along_axes(self, points_ras: np.ndarray) -> np.ndarray:
        """Return (..., 3) positions of points along columns, rows and normal, mm below the transform."""
        return np.asarray(points_ras) @ self.axes_ras


def shown_slices(segmentation_node: Node) -> ShownSlices | None:
    """Return the displayed slices of a result.

    Slicer's acquisition transform shows slices at their true positions. Without it, a tilted stack is shown straight,
    and boxes would have to be sheared.

    Returns
    -------
    ShownSlices or None
        None if boxes cannot be shown as rectangular ROIs.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """
    where = result_grid(segmentation_node)
    parent = segmentation_node.GetParentTransformNode()
    if parent is None or parent.IsTransformToWorldLinear():
        shown = _lattice(where)
    else:
        found = _under_acquisition_transform(segmentation_node, where)
        if found is None:
            return None
        shown, parent = found, parent.GetParentTransformNode()
        if parent is not None and not parent.IsTransformToWorldLinear():
            return None
    slices = ShownSlices(where.grid, shown, parent.GetID() if parent is not None else None)
    return slices if _fits(slices) else None


def _lattice(where: ResultGrid) -> SliceGrid:
    return SliceGrid.from_affine(where.lattice_ijk[:, [*reversed(where.source.storage_axes), 3]], where.grid.shape)


def _under_acquisition_transform(segmentation_node: Node, where: ResultGrid) -> SliceGrid | None:
    transform = acquisition_transform(segmentation_node, where.grid.shape[0])
    volume = source_volume(segmentation_node)
    if transform is None or volume is None or volume.GetImageData() is None:
        return None
    try:
        return grid_under_acquisition_transform(volume, transform)
    except InputError:
        return None


def _fits(slices: ShownSlices) -> bool:
    """Whether boxes stay rectangular: in-plane shifts are as in the true slices, and pixels are rectangles."""
    wanders = [in_plane(grid, grid.positions_mm - grid.positions_mm[0]) for grid in (slices.true, slices.shown)]
    across, down = slices.shown.orientation
    return bool(np.abs(wanders[0] - wanders[1]).max() <= _SAME_PIXEL and abs(across @ down) <= _RIGHT_ANGLE)
