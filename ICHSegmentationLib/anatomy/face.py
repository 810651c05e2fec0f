# SPDX-License-Identifier: Apache-2.0
"""Part of a head CT that shows no face: what lies near the inside of the skull."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit, fit_atlas
from ICHSegmentationLib.anatomy.distance_fields import HeadFrame
from ICHSegmentationLib.anatomy.inner_table import inner_table
from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.head import find_head, inside_skull
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume

KEPT_MM = 15.0
"""Distance from the inside of the skull that is kept: the skull is thinner, eyes, nose, mouth and ears lie farther."""
AIR_HU = -1000
_WORKING_MM = 2.0
# Orbits that were taken for the inside of the skull lie before the model of it, below the frontal lobes. Of 13 heads
# in HU at most 0.2 mL do; of seven in greys of 0 to 80 HU, in which fat looks like brain, 1.5 mL or more.
_MODEL_MM, _MODEL_SQUARENESS = 10.0, 2.25
_MAX_ORBIT_ML = 1.0
_ORBIT_MM = (0.0, -5.0)  # brain coordinates: anterior to the first, inferior to the second


def remove_face(volume: CTVolume, labels: np.ndarray | None = None) -> CTVolume:
    """Return a volume without the face: all voxels are air that `kept_without_face` does not keep.

    Parameters
    ----------
    volume : CTVolume
        A head CT.
    labels : numpy.ndarray, optional
        (slices, rows, columns); voxels with a label are kept too.

    Raises
    ------
    NotAHeadError
        As for `kept_without_face`.
    """
    kept = kept_without_face(volume)
    if labels is not None:
        kept |= labels != 0
    return replace(volume, hu=np.where(kept, volume.hu, np.int16(AIR_HU)))


def kept_without_face(volume: CTVolume) -> np.ndarray:
    """Return which voxels lie inside the skull or near it; all others, such as face and ears, can be removed.

    Parameters
    ----------
    volume : CTVolume
        A head CT.

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns) bool, on the axes of the volume.

    Raises
    ------
    NotAHeadError
        If the inside of the skull was not found, does not look like that of a head, or seems to hold the orbits.
    """
    orientation = CanonicalOrientation.of(volume.grid)
    hu, along_mm = orientation.apply(volume.hu), orientation.coordinates_mm
    doubt = find_head(hu, along_mm).doubt
    fit = fit_atlas(volume) if doubt is None else doubt
    if not isinstance(fit, AtlasFit):
        raise NotAHeadError(message("anatomy.face_not_found", reason=fit))
    if (orbits_ml := _orbits_ml(fit)) > _MAX_ORBIT_ML:
        raise NotAHeadError(message("anatomy.face_not_found", reason=message("anatomy.orbits", volume_ml=orbits_ml)))
    inside = inside_skull(hu, along_mm)
    # Distances on an even grid, so that tilted and uneven stacks are no special case of their own.
    even_mm = [np.arange(0.0, axis[-1] + _WORKING_MM, _WORKING_MM) for axis in along_mm]
    to_even = [np.abs(even[:, None] - axis).argmin(axis=1) for even, axis in zip(even_mm, along_mm, strict=True)]
    from_even = [np.abs(axis[:, None] - even).argmin(axis=1) for even, axis in zip(even_mm, along_mm, strict=True)]
    near = ndimage.distance_transform_edt(~inside[np.ix_(*to_even)], sampling=_WORKING_MM) <= KEPT_MM
    kept: np.ndarray = orientation.invert(near[np.ix_(*from_even)] | inside)
    return kept


def _orbits_ml(fit: AtlasFit) -> float:
    """Return how much of the inside of the skull lies outside the model of it, where the orbits are."""
    indices = np.argwhere(fit.inside)
    x, a, s = fit.coordinates(fit.orientation.source_indices(indices * fit.stride)).astype(np.float32).T
    outside = inner_table(HeadFrame(x, a, s, (1.0, 1.0, 1.0)), _MODEL_SQUARENESS) > _MODEL_MM
    slices_mm, rows_mm, columns_mm = fit.orientation.coordinates_mm
    area_mm2 = rows_mm[1] * columns_mm[1] * fit.stride[1] * fit.stride[2]
    extents_mm = np.gradient(slices_mm[:: fit.stride[0]])[indices[:, 0]]
    in_front = (a > _ORBIT_MM[0]) & (s < _ORBIT_MM[1])
    return float(extents_mm[outside & in_front].sum() * area_mm2 / 1000)
