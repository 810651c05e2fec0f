# SPDX-License-Identifier: Apache-2.0
"""The cranial cavity with cached fields for placing lesions."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.fields import level_for_voxels

_MARGIN_VOXELS = 8
_CORTEX_MM = 2.0
_RIM_MM = 8.0
_SEAM_VOXELS = 2
"""Thresholds leave a seam of voxels between bone and brain, which extra-axial lesions have to cover."""

Box = tuple[slice, slice, slice]


class LesionSite:
    """An anatomy cropped to the cranial cavity, with cached distance fields.

    Build it once per head for many samples, because the distance transforms are expensive. All arrays of a site share
    the cropped grid; `box` is its position in the whole volume.

    Parameters
    ----------
    anatomy : Anatomy
        Masks on the grid of the CT; may be noisy or partly empty. Rows run from anterior to posterior, slices from
        the skull base up.
    margin_mm : float
        Space around the cavity in plane; by default a few pixels.
    """

    def __init__(self, anatomy: Anatomy, margin_mm: float = 0.0) -> None:
        self.shape = anatomy.intracranial.shape
        self.box = _bounding_box(anatomy.intracranial, max(_MARGIN_VOXELS, round(margin_mm / anatomy.spacing_mm[1])))
        box = self.box
        self.anatomy = replace(
            anatomy,
            skull=anatomy.skull[box],
            intracranial=anatomy.intracranial[box],
            brain=anatomy.brain[box],
            csf=anatomy.csf[box],
            ventricles=anatomy.ventricles[box],
            deep=anatomy.deep[box],
            midline_distance_mm=anatomy.midline_distance_mm[box],
            voxel_share=None if anatomy.voxel_share is None else anatomy.voxel_share[box],
        )
        self.spacing_mm = anatomy.spacing_mm

    @property
    def is_empty(self) -> bool:
        """Whether there is no cranial cavity."""
        return not self.anatomy.intracranial.any()

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL, for evenly spaced slices."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    def level_for_volume(
        self, score: np.ndarray, domain: np.ndarray, volume_ml: float, box: Box | None = None
    ) -> float | None:
        """Return the level above which `score` encloses a volume of the domain; None if the domain is empty.

        Parameters
        ----------
        score, domain : numpy.ndarray
            float32 and bool, on the site or on a box of it.
        volume_ml : float
            Volume; a smaller domain is filled completely.
        box : tuple of slice, optional
            Where they lie.
        """
        share = self.anatomy.voxel_share
        if share is not None and box is not None:
            share = share[box]
        return level_for_voxels(score, domain, volume_ml / self.voxel_ml, share)

    @cached_property
    def cavity(self) -> np.ndarray:
        """bool, the cranial cavity up to the bone, including the seam beside it."""
        grown = self.anatomy.intracranial
        for _ in range(_SEAM_VOXELS):
            grown = grown | _in_plane_neighbours(grown)
        return (grown & ~self.anatomy.skull) | self.anatomy.intracranial

    @cached_property
    def depth_mm(self) -> np.ndarray:
        """float32, distance to the inner table, 0 in the bone."""
        bone = self.anatomy.skull & ~self.anatomy.intracranial
        return _distance_to(bone if bone.any() else ~self.anatomy.intracranial, self.spacing_mm)

    @cached_property
    def convexity_depth_mm(self) -> np.ndarray:
        """float32, distance to the vault; unlike `depth_mm` not to the skull base and its ridges.

        The vault is the boundary of the union of all slices above, so bone below brain does not count.
        """
        under_vault = np.logical_or.accumulate(self.anatomy.intracranial[::-1], axis=0)[::-1]
        return _distance_to(~under_vault, self.spacing_mm)

    @cached_property
    def inner_table(self) -> np.ndarray:
        """Indices (N, 3) of cavity voxels that touch bone in plane."""
        bone = self.anatomy.skull & ~self.anatomy.intracranial
        return np.argwhere(self.cavity & _in_plane_neighbours(bone))

    @cached_property
    def rim(self) -> np.ndarray:
        """bool, the outermost millimetres of the cavity in each slice, reached by every sulcus."""
        _, rows_mm, columns_mm = self.spacing_mm
        inner = [
            ndimage.distance_transform_edt(plane, sampling=(rows_mm, columns_mm)) > _RIM_MM for plane in self.cavity
        ]
        return self.cavity & ~np.stack(inner)

    @cached_property
    def tissue(self) -> np.ndarray:
        """bool, tissue that a parenchymal lesion may replace: the brain with its sulci, without the ventricles."""
        return self.anatomy.intracranial & ~self.anatomy.ventricles & (self.depth_mm > _CORTEX_MM)

    @cached_property
    def height_fraction(self) -> np.ndarray:
        """float32 (slices,), 0 at the lowest and 1 at the highest slice with cavity."""
        used = np.flatnonzero(self.anatomy.intracranial.any(axis=(1, 2)))
        lowest, highest = (used[0], used[-1]) if used.size else (0, 0)
        index = np.arange(self.anatomy.intracranial.shape[0], dtype=np.float32)
        return (index - lowest) / max(float(highest - lowest), 1.0)

    def around(self, centre: np.ndarray, radius_mm: tuple[float, float, float]) -> Box:
        """Return the box of voxels within a distance of a voxel, clipped to the site.

        Parameters
        ----------
        centre : numpy.ndarray
            (3,) index.
        radius_mm : tuple of float
            Along slices, rows, columns.
        """
        shape = self.anatomy.intracranial.shape
        half = [int(np.ceil(r / s)) + 1 for r, s in zip(radius_mm, self.spacing_mm, strict=True)]
        first, second, third = (
            slice(max(int(c) - h, 0), min(int(c) + h + 1, n)) for c, h, n in zip(centre, half, shape, strict=True)
        )
        return first, second, third

    def offsets_mm(self, centre: np.ndarray, box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return an open float32 mesh of distances from a voxel along slices, rows and columns of a box."""
        ranges = [
            (np.arange(part.start, part.stop, dtype=np.float32) - np.float32(c)) * np.float32(s)
            for part, c, s in zip(box, centre, self.spacing_mm, strict=True)
        ]
        first, second, third = np.ix_(*ranges)
        return first, second, third


def _bounding_box(mask: np.ndarray, margin_in_plane: int) -> Box:
    """Return the box of a mask with a margin; the whole grid if the mask is empty."""
    parts = []
    for axis in range(3):
        used = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        margin = 1 if axis == 0 else margin_in_plane
        parts.append(
            slice(max(used[0] - margin, 0), min(used[-1] + margin + 1, mask.shape[axis]))
            if used.size
            else slice(0, mask.shape[axis])
        )
    return parts[0], parts[1], parts[2]


def _distance_to(barrier: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Return the distance to a mask in mm, computed at half the in-plane resolution for speed."""
    slices, rows, columns = barrier.shape
    even = np.zeros((slices, rows + rows % 2, columns + columns % 2), dtype=bool)
    even[:, :rows, :columns] = barrier
    coarse = even.reshape(slices, even.shape[1] // 2, 2, even.shape[2] // 2, 2).any(axis=(2, 4))
    if not coarse.any():
        return np.full(barrier.shape, np.inf, dtype=np.float32)
    slice_mm, row_mm, column_mm = spacing_mm
    distance = ndimage.distance_transform_edt(~coarse, sampling=(slice_mm, 2 * row_mm, 2 * column_mm))
    fine = distance.astype(np.float32).repeat(2, axis=1).repeat(2, axis=2)[:, :rows, :columns]
    fine = ndimage.uniform_filter(fine, size=(1, 3, 3), mode="nearest")
    return np.where(barrier, np.float32(0), fine)


def _in_plane_neighbours(mask: np.ndarray) -> np.ndarray:
    """Return the in-plane neighbours of a mask along rows and columns."""
    result = np.zeros_like(mask)
    result[:, 1:] |= mask[:, :-1]
    result[:, :-1] |= mask[:, 1:]
    result[:, :, 1:] |= mask[:, :, :-1]
    result[:, :, :-1] |= mask[:, :, 1:]
    return result
