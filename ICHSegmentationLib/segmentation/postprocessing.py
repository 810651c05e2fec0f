# SPDX-License-Identifier: Apache-2.0
"""Postprocessing of a network's labels on the source slices."""

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
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.models import ModelEntry

_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)


_EXTRA_AXIAL = (Subtype.EDH, Subtype.SDH)
_LABELS = (*Subtype, UNKNOWN_SUBTYPE)
_MIN_VOLUME_ML: Mapping[int, float] = MappingProxyType(
    {Subtype.EDH: 0.4, Subtype.SDH: 0.4, Subtype.SAH: 0.4, Subtype.IPH: 0.1, Subtype.IVH: 0.1, UNKNOWN_SUBTYPE: 0.1}
)
_MIN_CONFIDENCE: Mapping[int, float] = MappingProxyType(
    {Subtype.EDH: 0.85, Subtype.SDH: 0.85, Subtype.SAH: 0.75, Subtype.IPH: 0.85, Subtype.IVH: 0.8}
)


@dataclass(frozen=True)
class PostProcessing:
    """Postprocessing rules, applied in this order; None disables a rule.

    Attributes
    ----------
    max_hu : float or None
        A labelled pixel is removed if the median of the 3 x 3 pixels around it on its slice is above this. Reason:
        clotted blood is below 100 HU; a network that sees HU up to 80 takes the edge of bone for blood.
    max_median_hu : float or None
        A component is removed if the median of its HU is above this. Reason: as before, for thin bone, calcification
        and metal.
    extra_axial_fraction : float or None
        In a component of EDH and SDH, the subtype with less than this fraction takes the other's label. Reason: a
        collection lies on one side of the dura; an uncertain network gives it a rim of the other subtype.
    island_volume_ml : float or None
        A component of one subtype below this volume takes the subtype that it touches most. Reason: a lesion does not
        contain specks of other subtypes. Larger components stay: extension into a ventricle is a finding.
    min_volume_ml : mapping of label to float, or None
        A component below the limit of its main subtype is removed. Reason: noise, calcification and partial volume at
        the skull give specks; on held-out patients, who have no known extra-axial hemorrhage, nearly all specks were
        smaller than this.
    min_confidence : mapping of label to float, or None
        A component is removed if its mean probability of blood is below the limit of its main subtype. Reason: the
        probability of false positives is mostly low. The limits are the highest steps of
        ``Testing/Benchmarks/bench_postprocessing.py`` that lose no more than 1 % of the true blood of validation
        patients. These are the limits of the compact TransHarDNet; other models have their own (`for_model`).
    hole_area_mm2 : float or None
        Background enclosed by blood on a slice takes the surrounding subtype up to this area. Reason: clots are
        heterogeneous, but volumes are measured of the whole clot; larger enclosed areas (a gyrus between sulci with
        blood) are tissue.
    parenchymal_fraction : float or None
        If the model has a verifier: fraction of an IVH component that the verifier has to label IPH for the component
        to become IPH (applied by `Verifier`, not by `apply`). Reason: on simulated lesions of validation patients the
        fraction was at most 0.27 where the blood was ventricular and, with one exception, at least 0.52 where it was
        not; in generated heads some ventricular blood lies above, too
        (``Testing/Benchmarks/bench_verifier.py``).
    max_parenchymal_ml : float or None
        Larger IVH components stay IVH. Reason: components wrongly labelled IVH on those scans had at most 5.5 mL, and
        a filled ventricle labelled IPH is the worse error.
    """

    max_hu: float | None = 130.0
    max_median_hu: float | None = 100.0
    extra_axial_fraction: float | None = 0.3
    island_volume_ml: float | None = 0.5
    min_volume_ml: Mapping[int, float] | None = field(default_factory=lambda: _MIN_VOLUME_ML)
    min_confidence: Mapping[int, float] | None = field(default_factory=lambda: _MIN_CONFIDENCE)
    hole_area_mm2: float | None = 20.0
    parenchymal_fraction: float | None = 0.4
    max_parenchymal_ml: float | None = 6.0

    @classmethod
    def for_model(cls, entry: ModelEntry) -> PostProcessing:
        """Return the default rules with the model's own limits of confidence, if it has any."""
        if entry.min_confidence is None:
            return cls()
        values = label_values(("background", *entry.min_confidence))[1:]
        return cls(min_confidence=dict(zip(values, entry.min_confidence.values(), strict=True)))

    @classmethod
    def off(cls) -> PostProcessing:
        """Return rules that are all disabled."""
        return cls(**dict.fromkeys(rule.name for rule in fields(cls)))

    def apply(
        self, labels: np.ndarray, grid: SliceGrid, *, hu: np.ndarray | None = None, blood: np.ndarray | None = None
    ) -> np.ndarray:
        """Return postprocessed labels.

        Parameters
        ----------
        labels : numpy.ndarray
            (slices, rows, columns) uint8 on the source slices.
        grid : SliceGrid
            Grid of the labels, for areas and volumes.
        hu : numpy.ndarray, optional
            (slices, rows, columns) HU of the scan; without it ``max_hu`` and ``max_median_hu`` are not applied.
        blood : numpy.ndarray, optional
            (slices, rows, columns) uint8, the probability of blood as 0 to 255; without it ``min_confidence`` is not
            applied.

        Returns
        -------
        numpy.ndarray
            Changed copy.
        """
        box = labelled_box(labels)
        processed = labels.copy()
        part = processed[box]
        if part.size == 0:
            return processed
        if self.max_hu is not None and hu is not None:
            _remove_bone(part, hu, box, self.max_hu)
        voxel_ml = grid.voxel_volumes_mm3[box[0]] / 1000
        components, _ = ndimage.label(part > 0, structure=_ALL_NEIGHBOURS)
        for number, place in enumerate(ndimage.find_objects(components), start=1):
            inside = components[place] == number
            component = np.where(inside, part[place], 0).astype(labels.dtype)
            self._apply_to_component(
                component,
                voxel_ml[place[0]],
                hu=None if hu is None else hu[box][place],
                blood=None if blood is None else blood[box][place],
            )
            part[place][inside] = component[inside]
        if self.hole_area_mm2 is not None:
            _fill_holes(part, self.hole_area_mm2 / grid.pixel_area_mm2)
        return processed

    def _apply_to_component(
        self, labels: np.ndarray, voxel_ml: np.ndarray, *, hu: np.ndarray | None, blood: np.ndarray | None
    ) -> None:
        """Apply the rules on one component of blood, in place; a component that fails one becomes background."""
        inside = labels > 0
        if self.max_median_hu is not None and hu is not None and np.median(hu[inside]) > self.max_median_hu:
            labels[inside] = 0
            return
        if self.extra_axial_fraction is not None:
            _settle_extra_axial(labels, voxel_ml, self.extra_axial_fraction)
        if self.island_volume_ml is not None:
            _merge_islands(labels, voxel_ml, self.island_volume_ml)
        if self.min_volume_ml is not None:
            by_label = np.array([voxel_ml @ (labels == label).sum(axis=(1, 2)) for label in _LABELS])
            if by_label.sum() < self.min_volume_ml.get(_LABELS[by_label.argmax()], 0.0):
                labels[inside] = 0
                return
        if self.min_confidence is not None and blood is not None:
            counts = np.bincount(labels[inside], minlength=max(_LABELS) + 1)
            main = max(_LABELS, key=lambda label: counts[label])
            if blood[inside].mean() / 255 < self.min_confidence.get(main, 0.0):
                labels[inside] = 0


def _remove_bone(labels: np.ndarray, hu: np.ndarray, box: tuple[slice, ...], max_hu: float) -> None:
    inside = np.nonzero(labels)
    slices, rows, columns = (indices + side.start for indices, side in zip(inside, box, strict=True))
    around = np.empty((9, slices.size), dtype=hu.dtype)
    for number, (down, right) in enumerate(np.ndindex(3, 3)):
        nearest_rows = np.clip(rows + down - 1, 0, hu.shape[1] - 1)
        nearest_columns = np.clip(columns + right - 1, 0, hu.shape[2] - 1)
        around[number] = hu[slices, nearest_rows, nearest_columns]
    bone = np.median(around, axis=0) > max_hu
    labels[tuple(indices[bone] for indices in inside)] = 0


def _settle_extra_axial(labels: np.ndarray, voxel_ml: np.ndarray, min_fraction: float) -> None:
    components, count = ndimage.label(np.isin(labels, _EXTRA_AXIAL), structure=_ALL_NEIGHBOURS)
    edh_ml, sdh_ml = (
        component_volumes_ml(np.where(labels == subtype, components, 0), count, voxel_ml) for subtype in _EXTRA_AXIAL
    )
    whole_ml = edh_ml + sdh_ml
    for minor_ml, subtype in ((edh_ml, Subtype.SDH), (sdh_ml, Subtype.EDH)):
        settled = (minor_ml > 0) & (minor_ml < min_fraction * whole_ml)
        settled[0] = False
        labels[settled[components]] = subtype


def _merge_islands(labels: np.ndarray, voxel_ml: np.ndarray, max_ml: float) -> None:
    original = labels.copy()
    for subtype in np.unique(original[original > 0]):
        components, count = ndimage.label(original == subtype, structure=_ALL_NEIGHBOURS)
        component_ml = component_volumes_ml(components, count, voxel_ml)
        for number, box in enumerate(ndimage.find_objects(components), start=1):
            if component_ml[number] >= max_ml:
                continue
            wide = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
            component = components[wide] == number
            rim = ndimage.binary_dilation(component, structure=_ALL_NEIGHBOURS) & ~component
            touched = np.bincount(original[wide][rim], minlength=max(_LABELS) + 1)
            touched[0] = 0
            if touched.any():
                labels[wide][component] = touched.argmax()


def _fill_holes(labels: np.ndarray, max_pixels: float) -> None:
    for plane in labels:
        holes, count = ndimage.label(ndimage.binary_fill_holes(plane > 0) & (plane == 0))
        if count == 0:
            continue
        small = np.bincount(holes.ravel(), minlength=count + 1) <= max_pixels
        small[0] = False
        filled = small[holes]
        nearest = ndimage.distance_transform_edt(plane == 0, return_distances=False, return_indices=True)
        plane[filled] = plane[tuple(nearest[:, filled])]


def component_volumes_ml(components: np.ndarray, count: int, voxel_ml: np.ndarray) -> np.ndarray:
    """Return the volume of each component in mL, (count + 1,); entry 0 is background."""
    per_slice = np.stack([np.bincount(plane.ravel(), minlength=count + 1) for plane in components])
    return voxel_ml @ per_slice
