# SPDX-License-Identifier: Apache-2.0
"""Rules that clean a network's labels on the source slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.measurement.measure import labelled_box
from ICHSegmentationLib.subtypes import Subtype

if TYPE_CHECKING:
    from ICHSegmentationLib.ct import SliceGrid

_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True)
class PostProcessing:
    """Rules that clean a network's labels; None switches a rule off.

    Attributes
    ----------
    island_share : float or None
        A connected piece of one subtype is given to the subtype it touches most where it has less than this share of
        the blood it is connected to. Reason: one bleed is not speckled with other subtypes; a slice-wise network that
        wavers between them is.
    least_volume_ml : float or None
        Connected blood below this volume is dropped. Reason: noise, calcification and partial volume at the skull make
        specks of a few voxels, and readers do not report bleeds they could not see on two slices.
    hole_area_mm2 : float or None
        Background enclosed by blood on a slice is filled up to this area with the subtype around it. Reason: clots are
        uneven, but volumes are read of the whole clot; larger enclosed areas (a gyrus between bleeding sulci) are
        tissue.
    """

    island_share: float | None = 0.15
    least_volume_ml: float | None = 0.1
    hole_area_mm2: float | None = 20.0

    @classmethod
    def off(cls) -> PostProcessing:
        """Return rules that change nothing."""
        return cls(island_share=None, least_volume_ml=None, hole_area_mm2=None)

    def apply(self, labels: np.ndarray, grid: SliceGrid) -> np.ndarray:
        """Apply the rules.

        Parameters
        ----------
        labels : numpy.ndarray
            (slices, rows, columns) uint8 on the source slices.
        grid : SliceGrid
            Gives areas and volumes.

        Returns
        -------
        numpy.ndarray
            Cleaned copy.
        """
        box = labelled_box(labels)
        cleaned = labels.copy()
        part = cleaned[box]
        if part.size == 0:
            return cleaned
        voxel_ml = grid.voxel_volumes_mm3[box[0]] / 1000
        if self.least_volume_ml is not None:
            _drop_small(part, voxel_ml, self.least_volume_ml)
        if self.hole_area_mm2 is not None:
            _fill_holes(part, self.hole_area_mm2 / grid.pixel_area_mm2)
        if self.island_share is not None:
            _merge_islands(part, voxel_ml, self.island_share)
        return cleaned


def _drop_small(labels: np.ndarray, voxel_ml: np.ndarray, least_volume_ml: float) -> None:
    pieces, count = ndimage.label(labels > 0, structure=_ALL_NEIGHBOURS)
    small = _volumes(pieces, count, voxel_ml) < least_volume_ml
    small[0] = False
    labels[small[pieces]] = 0


def _fill_holes(labels: np.ndarray, most_pixels: float) -> None:
    for plane in labels:
        holes, count = ndimage.label(ndimage.binary_fill_holes(plane > 0) & (plane == 0))
        if count == 0:
            continue
        small = np.bincount(holes.ravel(), minlength=count + 1) <= most_pixels
        small[0] = False
        filled = small[holes]
        nearest = ndimage.distance_transform_edt(plane == 0, return_distances=False, return_indices=True)
        plane[filled] = plane[tuple(nearest[:, filled])]


def _merge_islands(labels: np.ndarray, voxel_ml: np.ndarray, share: float) -> None:
    blood, count = ndimage.label(labels > 0, structure=_ALL_NEIGHBOURS)
    whole_ml = _volumes(blood, count, voxel_ml)
    original = labels.copy()
    for subtype in Subtype:
        pieces, count = ndimage.label(original == subtype, structure=_ALL_NEIGHBOURS)
        piece_ml = _volumes(pieces, count, voxel_ml)
        for number, box in enumerate(ndimage.find_objects(pieces), start=1):
            piece = pieces[box] == number
            connected = blood[box][piece][0]
            if piece_ml[number] >= share * whole_ml[connected]:
                continue
            wide = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
            rim = ndimage.binary_dilation(pieces[wide] == number, structure=_ALL_NEIGHBOURS) & (pieces[wide] != number)
            touched = np.bincount(original[wide][rim], minlength=max(Subtype) + 1)
            touched[0] = 0
            if touched.any():
                labels[box][piece] = touched.argmax()


def _volumes(pieces: np.ndarray, count: int, voxel_ml: np.ndarray) -> np.ndarray:
    """Volume of each piece in mL, piece 0 being what is no piece."""
    per_slice = np.stack([np.bincount(plane.ravel(), minlength=count + 1) for plane in pieces])
    return voxel_ml @ per_slice
