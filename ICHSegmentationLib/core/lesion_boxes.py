# SPDX-License-Identifier: Apache-2.0
"""Boxes around lesions, in patient coordinates, which also hold for tilted and unevenly spaced slices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype, label_values

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.grid import SliceGrid

Point = tuple[float, float, float]
_DECIMALS = 3  # of corners in mm
BOX_SUBTYPES = {subtype.name: int(subtype) for subtype in Subtype} | {ANY_BLOOD: UNKNOWN_SUBTYPE}


class BoxVoxels(NamedTuple):
    """Voxels of a scan whose centres lie in a box.

    Attributes
    ----------
    region : tuple of slice
        Bounding slices, rows and columns.
    inside : numpy.ndarray
        (slices, rows, columns) bool, True for the voxels of the region that lie in the box. On a tilted scan the box
        covers different rows on each slice.
    """

    region: tuple[slice, slice, slice]
    inside: np.ndarray


class LesionBox(BaseModel):
    """Box around a lesion, with edges along the rows, the columns and the normal of the slices.

    Attributes
    ----------
    subtype : str
        Subtype such as ``IPH``, or ``ICH`` if unknown.
    confidence : float
        Confidence of the detector, 0 to 1; 1 for a box drawn by a user.
    from_lps_mm, to_lps_mm : tuple of float
        Two opposite corners, LPS mm. In the plane they lie on the outer edges of the outermost pixels, along the normal
        on the centres of the first and the last slice. The extent along the normal is defined by `slices`.
    slices : tuple of int
        First and last source slice, counted from 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subtype: str
    confidence: float = Field(default=1.0, ge=0, le=1)
    from_lps_mm: Point
    to_lps_mm: Point
    slices: tuple[int, int]

    @field_validator("subtype")
    @classmethod
    def _check_subtype(cls, subtype: str) -> str:
        if subtype not in BOX_SUBTYPES:
            raise ValueError(message("core.box_subtype", subtype=subtype, known=", ".join(BOX_SUBTYPES)))
        return subtype

    @field_validator("from_lps_mm", "to_lps_mm")
    @classmethod
    def _check_point(cls, point: Point) -> Point:
        if not np.isfinite(point).all():
            raise ValueError(message("core.box_point"))
        return point

    @field_validator("slices")
    @classmethod
    def _check_slices(cls, slices: tuple[int, int]) -> tuple[int, int]:
        if not 0 <= slices[0] <= slices[1]:
            raise ValueError(message("core.box_slices", first=slices[0], last=slices[1]))
        return slices

    @property
    def label(self) -> int:
        """Label of the subtype."""
        return label_values(("background", self.subtype))[1]

    @classmethod
    def spanning(
        cls, subtype: str, edges: np.ndarray, slices: tuple[int, int], grid: SliceGrid, confidence: float = 1.0
    ) -> Self:
        """Return the box between two row and two column edges.

        Parameters
        ----------
        subtype : str
            See the class.
        edges : numpy.ndarray
            (2, 2) row and column of the first and of the last edge, in the pixel coordinates of `in_plane`.
        slices : tuple of int
            First and last slice.
        grid : SliceGrid
            Slice grid of the scan.
        confidence : float
            See the class.
        """
        heights = grid.positions_mm[list(slices)] @ grid.normal
        corners = np.column_stack([np.asarray(edges, dtype=np.float64), heights]) @ _basis(grid).T
        first, last = (tuple(corner.round(_DECIMALS).tolist()) for corner in corners)
        return cls(subtype=subtype, confidence=confidence, from_lps_mm=first, to_lps_mm=last, slices=slices)

    def edges(self, grid: SliceGrid) -> np.ndarray:
        """Return (2, 2) row and column of the first and of the last edge, in the pixel coordinates of `in_plane`."""
        return np.sort(in_plane(grid, np.array([self.from_lps_mm, self.to_lps_mm])), axis=0)

    def is_at(self, other: LesionBox) -> bool:
        """Whether another box has the same corners and slices."""
        return (self.from_lps_mm, self.to_lps_mm, self.slices) == (other.from_lps_mm, other.to_lps_mm, other.slices)

    def voxels(self, grid: SliceGrid) -> BoxVoxels:
        """Return the voxels of a scan whose centres lie in the box.

        Raises
        ------
        InputError
            If there are none, or the box has slices that the scan does not have.
        """
        first, last = self.slices
        if last >= grid.shape[0]:
            raise InputError(message("core.box_beyond_slices", slice=last + 1, slices=grid.shape[0]))
        found = self.find_voxels(grid)
        if found is None:
            raise InputError(message("core.box_outside_image", subtype=self.subtype, first=first + 1, last=last + 1))
        return found

    def find_voxels(self, grid: SliceGrid) -> BoxVoxels | None:
        """Return which voxels of a scan have their centre in the box, or None if there is none.

        The scan must have the slices of the box.
        """
        first, last = self.slices
        offsets = in_plane(grid, grid.positions_mm[first : last + 1])
        # Half-open: a pixel centre on the first edge lies in the box, one on the last edge does not.
        bounds = np.ceil(self.edges(grid) - offsets[:, None] - 10**-_DECIMALS).astype(int)
        bounds = np.clip(bounds, 0, grid.shape[1:])
        filled = bounds[(bounds[:, 0] < bounds[:, 1]).all(axis=1)]
        if not len(filled):
            return None
        low, high = filled[:, 0].min(axis=0), filled[:, 1].max(axis=0)
        rows, columns = (
            (np.arange(low[axis], high[axis]) >= bounds[:, :1, axis])
            & (np.arange(low[axis], high[axis]) < bounds[:, 1:, axis])
            for axis in (0, 1)
        )
        region = (slice(first, last + 1), slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])))
        return BoxVoxels(region, rows[:, :, None] & columns[:, None, :])

    def clipped(self, grid: SliceGrid) -> Self | None:
        """Return the part of the box inside the image, or None if there is no voxel in it.

        For boxes that a model made: a detector sees the head with padding around it. A user's box outside the image
        belongs to another scan and is refused, see `voxels`.
        """
        first, last = self.slices
        corners = in_plane(grid, grid.positions_mm[first : last + 1]) - 0.5
        low, high = corners.min(axis=0), corners.max(axis=0) + grid.shape[1:]
        edges = self.edges(grid)
        inside = np.clip(edges, low, high)
        box = self
        if (inside != edges).any():
            box = self.spanning(self.subtype, inside, self.slices, grid, self.confidence)
        return None if box.find_voxels(grid) is None else box

    def enlarged(self, grid: SliceGrid, margin_mm: float) -> Self:
        """Return the box enlarged in the plane by a margin on each side."""
        margin = margin_mm / np.array(grid.spacing_mm)
        edges = self.edges(grid) + np.array([-margin, margin])
        return self.spanning(self.subtype, edges, self.slices, grid, self.confidence)


class BoxEdit(BaseModel):
    """Edit of a box: added (no ``before``), deleted (no ``after``), moved, resized or given another subtype.

    Attributes
    ----------
    before, after : LesionBox or None
        The box before and after the edit.
    others : tuple of LesionBox
        All other boxes of the scan; their lesions are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: LesionBox | None = None
    after: LesionBox | None = None
    others: tuple[LesionBox, ...] = ()


def box_around(
    mask: np.ndarray, offset: Iterable[int], grid: SliceGrid, subtype: str, confidence: float = 1.0
) -> LesionBox:
    """Return the smallest box around a mask.

    Parameters
    ----------
    mask : numpy.ndarray
        (slices, rows, columns) bool, a part of a label map, with voxels on its first and last slice.
    offset : iterable of int
        Index (slice, row, column) of the first voxel of the mask in the label map.
    grid : SliceGrid
        The scan.
    subtype, confidence
        See `LesionBox`.
    """
    first, *corner = offset
    edges = []
    for number, plane in enumerate(mask, start=first):
        if plane.any():
            found = [np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0)]
            # From the outer edge of the first pixel to that of the last.
            pixels = np.array([[ends[0] - 0.5 for ends in found], [ends[-1] + 0.5 for ends in found]]) + corner
            edges.append(pixels + in_plane(grid, grid.positions_mm[number]))
    both = np.stack([np.min(edges, axis=0)[0], np.max(edges, axis=0)[1]])
    return LesionBox.spanning(subtype, both, (first, first + len(mask) - 1), grid, confidence)


def lesion_boxes(label_map: LabelMap, blood: np.ndarray | None = None) -> tuple[LesionBox, ...]:
    """Return a box around each lesion of a label map, largest lesion first.

    A lesion is a connected component of one label (26 neighbours).

    Parameters
    ----------
    label_map : LabelMap
        Labels on the source slices.
    blood : numpy.ndarray, optional
        (slices, rows, columns) uint8, probability of blood scaled to 0 to 255. Its mean over a lesion is the
        confidence of the box; without it the confidence is 1.
    """
    from scipy import ndimage

    labelled = labelled_box(label_map.labels)
    labels = label_map.labels[labelled]
    if labels.size == 0:
        return ()
    found: list[tuple[int, LesionBox]] = []
    for name, label in BOX_SUBTYPES.items():
        components, count = ndimage.label(labels == label, structure=np.ones((3, 3, 3)))
        for index, extent in enumerate(ndimage.find_objects(components, max_label=count), start=1):
            mask = components[extent] == index
            confidence = 1.0 if blood is None else round(float(blood[labelled][extent][mask].mean()) / 255, 3)
            offset = (outer.start + inner.start for outer, inner in zip(labelled, extent, strict=True))
            box = box_around(mask, offset, label_map.grid, name, confidence)
            found.append((int(mask.sum()), box))
    return tuple(box for _, box in sorted(found, key=lambda sized: -sized[0]))


def in_plane(grid: SliceGrid, points_mm: np.ndarray) -> np.ndarray:
    """Return the pixel coordinates of points in the slice plane, from the origin of the patient.

    A point has the same coordinates on every slice, tilted or not. Subtract the coordinates of the position of a slice
    to get row and column on that slice.

    Parameters
    ----------
    grid : SliceGrid
        Slice grid of the scan.
    points_mm : numpy.ndarray
        (..., 3) LPS mm.

    Returns
    -------
    numpy.ndarray
        (..., 2) coordinates along the row and the column index, in pixels.
    """
    return np.asarray(points_mm) @ np.linalg.inv(_basis(grid))[:2].T


def _basis(grid: SliceGrid) -> np.ndarray:
    """Return (3, 3) with the LPS mm of one row, one column and one mm along the normal as columns."""
    across, down = grid.orientation
    return np.stack([down * grid.spacing_mm[0], across * grid.spacing_mm[1], grid.normal], axis=1)
