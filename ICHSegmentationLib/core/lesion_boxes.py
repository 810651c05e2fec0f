# SPDX-License-Identifier: Apache-2.0
"""Boxes around lesions: in patient mm, so that they stay where they are on tilted and uneven scans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator
from scipy import ndimage

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype, label_values

if TYPE_CHECKING:
    from ICHSegmentationLib.core.grid import SliceGrid
    from ICHSegmentationLib.core.label_map import LabelMap

Point = tuple[float, float, float]
_DIGITS = 3  # of a millimetre; the edges lie between pixel centres, so that nothing hangs on the last one
BOX_SUBTYPES = {subtype.name: int(subtype) for subtype in Subtype} | {ANY_BLOOD: UNKNOWN_SUBTYPE}


class BoxVoxels(NamedTuple):
    """The voxels of a box.

    Attributes
    ----------
    region : tuple of slice
        Slices, rows and columns that hold them all.
    inside : numpy.ndarray
        (slices, rows, columns) bool, which of these lie in the box: on a tilted scan it wanders from slice to slice.
    """

    region: tuple[slice, slice, slice]
    inside: np.ndarray


class LesionBox(BaseModel):
    """A box around a lesion, with sides along the rows, the columns and the normal of a scan's slices.

    Attributes
    ----------
    subtype : str
        As ``IPH``, or ``ICH`` where it is not given.
    confidence : float
        How sure the finder is, 0 to 1; 1 for a box that was drawn by hand.
    from_lps_mm, to_lps_mm : tuple of float
        Two opposite corners, LPS mm. In the plane they lie on the outer edges of the outermost pixels; across the
        slices they lie in the middle of the first and the last one, but it is `slices` that counts.
    slices : tuple of int
        Index (from 0) of its first and its last source slice.
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
            message = f"must be one of {', '.join(BOX_SUBTYPES)}"
            raise ValueError(message)
        return subtype

    @field_validator("from_lps_mm", "to_lps_mm")
    @classmethod
    def _check_point(cls, point: Point) -> Point:
        if not np.isfinite(point).all():
            message = "must be finite"
            raise ValueError(message)
        return point

    @field_validator("slices")
    @classmethod
    def _check_slices(cls, slices: tuple[int, int]) -> tuple[int, int]:
        if not 0 <= slices[0] <= slices[1]:
            message = "must be the first and the last slice, counted from 0"
            raise ValueError(message)
        return slices

    @property
    def label(self) -> int:
        """Label of its subtype."""
        return label_values(("background", self.subtype))[1]

    @classmethod
    def spanning(
        cls, subtype: str, edges: np.ndarray, slices: tuple[int, int], grid: SliceGrid, confidence: float = 1.0
    ) -> Self:
        """Return the box between edges in the plane.

        Parameters
        ----------
        subtype : str
            See the class.
        edges : numpy.ndarray
            (2, 2) first and last row and column edge, in the pixels of `in_plane`.
        slices : tuple of int
            First and last slice.
        grid : SliceGrid
            The scan.
        confidence : float
            See the class.
        """
        heights = grid.positions_mm[list(slices)] @ grid.normal
        corners = np.column_stack([np.asarray(edges, dtype=np.float64), heights]) @ _basis(grid).T
        first, last = (tuple(corner.round(_DIGITS).tolist()) for corner in corners)
        return cls(subtype=subtype, confidence=confidence, from_lps_mm=first, to_lps_mm=last, slices=slices)

    def edges(self, grid: SliceGrid) -> np.ndarray:
        """Return (2, 2) first and last row and column edge, in the pixels of `in_plane`."""
        return np.sort(in_plane(grid, np.array([self.from_lps_mm, self.to_lps_mm])), axis=0)

    def is_at(self, other: LesionBox) -> bool:
        """Whether another box is at the very same place."""
        return (self.from_lps_mm, self.to_lps_mm, self.slices) == (other.from_lps_mm, other.to_lps_mm, other.slices)

    def voxels(self, grid: SliceGrid) -> BoxVoxels:
        """Return which voxels of a scan have their centre in the box.

        Raises
        ------
        InputError
            If there is none, or the scan does not have its slices.
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
        # Pixel centres on an edge, as only hand-made boxes have, count at its start and not at its end.
        bounds = np.ceil(self.edges(grid) - offsets[:, None] - 10**-_DIGITS).astype(int)
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
        """Return the box with a margin around it in the plane."""
        margin = margin_mm / np.array(grid.spacing_mm)
        edges = self.edges(grid) + np.array([-margin, margin])
        return self.spanning(self.subtype, edges, self.slices, grid, self.confidence)


def box_around(
    mask: np.ndarray, offset: Iterable[int], grid: SliceGrid, subtype: str, confidence: float = 1.0
) -> LesionBox:
    """Return the smallest box that holds a mask.

    Parameters
    ----------
    mask : numpy.ndarray
        (slices, rows, columns) bool, not empty, cut out of a scan; its first and last slice have voxels.
    offset : iterable of int
        Slice, row and column where it begins in the scan.
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
            # A pixel reaches half its size to each side of its centre: the last one counts whole.
            pixels = np.array([[ends[0] - 0.5 for ends in found], [ends[-1] + 0.5 for ends in found]]) + corner
            edges.append(pixels + in_plane(grid, grid.positions_mm[number]))
    both = np.stack([np.min(edges, axis=0)[0], np.max(edges, axis=0)[1]])
    return LesionBox.spanning(subtype, both, (first, first + len(mask) - 1), grid, confidence)


def lesion_boxes(label_map: LabelMap, blood: np.ndarray | None = None) -> tuple[LesionBox, ...]:
    """Return a box around each lesion of a label map: around each connected region of a label, largest first.

    Parameters
    ----------
    label_map : LabelMap
        The labels.
    blood : numpy.ndarray, optional
        (slices, rows, columns) uint8, the probability of blood as 0 to 255; its mean is the confidence, else 1.
    """
    labelled = labelled_box(label_map.labels)
    labels = label_map.labels[labelled]
    if labels.size == 0:
        return ()
    found: list[tuple[int, LesionBox]] = []
    for name, label in BOX_SUBTYPES.items():
        regions, count = ndimage.label(labels == label, structure=np.ones((3, 3, 3)))
        for index, extent in enumerate(ndimage.find_objects(regions, max_label=count), start=1):
            mask = regions[extent] == index
            confidence = 1.0 if blood is None else round(float(blood[labelled][extent][mask].mean()) / 255, 3)
            offset = (outer.start + inner.start for outer, inner in zip(labelled, extent, strict=True))
            box = box_around(mask, offset, label_map.grid, name, confidence)
            found.append((int(mask.sum()), box))
    return tuple(box for _, box in sorted(found, key=lambda sized: -sized[0]))


def in_plane(grid: SliceGrid, points_mm: np.ndarray) -> np.ndarray:
    """Return (..., 2) where LPS points lie along the rows' and the columns' direction, in pixels from the origin.

    The same place in the patient has the same value on every slice, tilted or not. Less the value of a slice's
    position it is the row and column on that slice.
    """
    return np.asarray(points_mm) @ np.linalg.inv(_basis(grid))[:2].T


def _basis(grid: SliceGrid) -> np.ndarray:
    """Return (3, 3) one row, one column and one mm along the normal as columns, LPS mm."""
    across, down = grid.orientation
    return np.stack([down * grid.spacing_mm[0], across * grid.spacing_mm[1], grid.normal], axis=1)
