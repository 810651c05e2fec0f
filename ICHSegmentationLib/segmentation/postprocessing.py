# SPDX-License-Identifier: Apache-2.0
"""Rules that clean a network's labels on the source slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype, label_values

if TYPE_CHECKING:
    from ICHSegmentationLib.core.grid import SliceGrid
    from ICHSegmentationLib.models import ModelEntry

_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)


_EXTRA_AXIAL = (Subtype.EDH, Subtype.SDH)
_LABELS = (*Subtype, UNKNOWN_SUBTYPE)
_LEAST_VOLUME_ML: Mapping[int, float] = MappingProxyType(
    {Subtype.EDH: 0.4, Subtype.SDH: 0.4, Subtype.SAH: 0.4, Subtype.IPH: 0.1, Subtype.IVH: 0.1, UNKNOWN_SUBTYPE: 0.1}
)
_LEAST_CERTAINTY: Mapping[int, float] = MappingProxyType(
    {Subtype.EDH: 0.85, Subtype.SDH: 0.85, Subtype.SAH: 0.75, Subtype.IPH: 0.85, Subtype.IVH: 0.8}
)


@dataclass(frozen=True)
class PostProcessing:
    """Rules that clean a network's labels; None switches a rule off. `apply` applies them in this order.

    Attributes
    ----------
    extra_axial_share : float or None
        In connected epidural and subdural blood, the one with less than this share takes the other's label. Reason: a
        collection lies on one side of the dura; a network that wavers gives one a rim of the other.
    island_volume_ml : float or None
        A connected piece of one subtype below this volume takes the subtype that it touches most. Reason: one bleed is
        not speckled with others. Larger pieces stay: blood that breaks into a ventricle is a finding.
    least_volume_ml : mapping of label to float, or None
        Connected blood below the volume of its main subtype is dropped. Reason: noise, calcification and partial
        volume at the skull make specks; on patients held out from training (who have no extra-axial blood that is
        known of) nearly all such specks were smaller than this.
    least_certainty : mapping of label to float, or None
        Connected blood is dropped whose mean probability of being blood is below the limit of its main subtype.
        Reason: a network that takes something else for blood is seldom sure. The limits are the highest steps of
        ``Testing/Benchmarks/bench_cleaning.py`` at which no more than 1 % of the true blood of validation patients is
        lost; these are the compact TransHarDNet's, and other models have their own (`for_model`), since networks differ
        in how sure they are.
    hole_area_mm2 : float or None
        Background enclosed by blood on a slice is filled up to this area with the subtype around it. Reason: clots are
        uneven, but volumes are read of the whole clot; larger enclosed areas (a gyrus between bleeding sulci) are
        tissue.
    parenchymal_share : float or None
        Where a model names a second reader: the share of connected ventricular blood that this one has to call
        parenchymal for the blood to be that (`Verifier`, not `apply`). Reason: on validation patients' simulated
        bleeds the share was 0.27 at most where the blood was ventricular, and but for one piece 0.52 at least where it
        was not; in generated heads some ventricular blood lies above, too
        (``Testing/Benchmarks/bench_second_reading.py``).
    parenchymal_most_ml : float or None
        Larger connected ventricular blood stays ventricular. Reason: what was wrongly called ventricular on those scans
        had 5.5 mL at most, and a filled ventricle called parenchymal is the worse error.
    """

    extra_axial_share: float | None = 0.3
    island_volume_ml: float | None = 0.5
    least_volume_ml: Mapping[int, float] | None = field(default_factory=lambda: _LEAST_VOLUME_ML)
    least_certainty: Mapping[int, float] | None = field(default_factory=lambda: _LEAST_CERTAINTY)
    hole_area_mm2: float | None = 20.0
    parenchymal_share: float | None = 0.4
    parenchymal_most_ml: float | None = 6.0

    @classmethod
    def for_model(cls, entry: ModelEntry) -> PostProcessing:
        """Return the default rules with a model's own limits of certainty, where it has some."""
        if entry.least_certainty is None:
            return cls()
        values = label_values(("background", *entry.least_certainty))[1:]
        return cls(least_certainty=dict(zip(values, entry.least_certainty.values(), strict=True)))

    @classmethod
    def off(cls) -> PostProcessing:
        """Return rules that change nothing."""
        return cls(**dict.fromkeys(rule.name for rule in fields(cls)))

    def apply(self, labels: np.ndarray, grid: SliceGrid, *, blood: np.ndarray | None = None) -> np.ndarray:
        """Apply the rules.

        Parameters
        ----------
        labels : numpy.ndarray
            (slices, rows, columns) uint8 on the source slices.
        grid : SliceGrid
            Gives areas and volumes.
        blood : numpy.ndarray, optional
            (slices, rows, columns) uint8, the probability of blood as 0 to 255; without it no blood is doubted.

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
        if self.extra_axial_share is not None:
            _settle_extra_axial(part, voxel_ml, self.extra_axial_share)
        if self.island_volume_ml is not None:
            _merge_islands(part, voxel_ml, self.island_volume_ml)
        if self.least_volume_ml is not None:
            _drop_small(part, voxel_ml, self.least_volume_ml)
        if self.least_certainty is not None and blood is not None:
            _drop_doubtful(part, blood[box], self.least_certainty)
        if self.hole_area_mm2 is not None:
            _fill_holes(part, self.hole_area_mm2 / grid.pixel_area_mm2)
        return cleaned


def _settle_extra_axial(labels: np.ndarray, voxel_ml: np.ndarray, share: float) -> None:
    pieces, count = ndimage.label(np.isin(labels, _EXTRA_AXIAL), structure=_ALL_NEIGHBOURS)
    edh_ml, sdh_ml = (
        piece_volumes_ml(np.where(labels == subtype, pieces, 0), count, voxel_ml) for subtype in _EXTRA_AXIAL
    )
    whole_ml = edh_ml + sdh_ml
    for minor_ml, subtype in ((edh_ml, Subtype.SDH), (sdh_ml, Subtype.EDH)):
        settled = (minor_ml > 0) & (minor_ml < share * whole_ml)
        settled[0] = False
        labels[settled[pieces]] = subtype


def _merge_islands(labels: np.ndarray, voxel_ml: np.ndarray, most_ml: float) -> None:
    original = labels.copy()
    for subtype in np.unique(original[original > 0]):
        pieces, count = ndimage.label(original == subtype, structure=_ALL_NEIGHBOURS)
        piece_ml = piece_volumes_ml(pieces, count, voxel_ml)
        for number, box in enumerate(ndimage.find_objects(pieces), start=1):
            if piece_ml[number] >= most_ml:
                continue
            wide = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
            piece = pieces[wide] == number
            rim = ndimage.binary_dilation(piece, structure=_ALL_NEIGHBOURS) & ~piece
            touched = np.bincount(original[wide][rim], minlength=max(_LABELS) + 1)
            touched[0] = 0
            if touched.any():
                labels[wide][piece] = touched.argmax()


def _drop_small(labels: np.ndarray, voxel_ml: np.ndarray, least_volume_ml: Mapping[int, float]) -> None:
    pieces, count = ndimage.label(labels > 0, structure=_ALL_NEIGHBOURS)
    by_subtype = np.stack(
        [piece_volumes_ml(np.where(labels == subtype, pieces, 0), count, voxel_ml) for subtype in _LABELS]
    )
    least = np.array([least_volume_ml.get(subtype, 0.0) for subtype in _LABELS])[by_subtype.argmax(axis=0)]
    small = by_subtype.sum(axis=0) < least
    small[0] = False
    labels[small[pieces]] = 0


def _drop_doubtful(labels: np.ndarray, blood: np.ndarray, least_certainty: Mapping[int, float]) -> None:
    pieces, count = ndimage.label(labels > 0, structure=_ALL_NEIGHBOURS)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    mean = np.bincount(pieces.ravel(), weights=blood.ravel(), minlength=count + 1) / (255 * np.maximum(sizes, 1))
    by_label = np.stack([np.bincount(pieces[labels == label], minlength=count + 1) for label in _LABELS])
    least = np.array([least_certainty.get(label, 0.0) for label in _LABELS])[by_label.argmax(axis=0)]
    doubtful = mean < least
    doubtful[0] = False
    labels[doubtful[pieces]] = 0


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


def piece_volumes_ml(pieces: np.ndarray, count: int, voxel_ml: np.ndarray) -> np.ndarray:
    """Volume of each piece in mL; that of number 0 means nothing."""
    per_slice = np.stack([np.bincount(plane.ravel(), minlength=count + 1) for plane in pieces])
    return voxel_ml @ per_slice
