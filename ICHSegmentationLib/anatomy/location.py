# SPDX-License-Identifier: Apache-2.0
"""Location of a lesion from the brain coordinates of its voxels."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.anatomy.lesion_location import Compartment, LesionLocation, Region, Side
from ICHSegmentationLib.anatomy.regions import INFRATENTORIAL, REGIONS, region_numbers

_REGION_ERROR_MM = 5.0  # mean error of the border of a region; sulci differ between brains by twice as much
_MIDLINE_ERROR_MM = 2.0
_BOTH_SIDES_FRACTION = 0.2  # minimum fraction of the smaller part for a lesion on both sides
_NEAR_MIDLINE_MM = 12.0
_BOTH_COMPARTMENTS_FRACTION = 0.2
_MIN_CONFIDENCE = 0.45  # of the region; with less, half of the regions are wrong
_MIN_SIDE_CONFIDENCE = 0.7
_MIN_LISTED_FRACTION = 0.05


def locate(coordinates: np.ndarray, weights: np.ndarray, *, ventricular: bool = False) -> LesionLocation:
    """Return the location of a lesion.

    The region is the one with the largest part of the volume. Its confidence is the mean fraction of the volume in it
    when the lesion is shifted by 5 mm in each direction, which is low near borders, where brains differ. Below 0.45 the
    region is not determined. The confidence of the side is computed in the same way with shifts of 2 mm.

    Parameters
    ----------
    coordinates : numpy.ndarray
        (points, 3) brain coordinates of the voxels of the lesion, or of a sample of them.
    weights : numpy.ndarray
        (points,) volume of each voxel.
    ventricular : bool
        Whether the lesion is IVH, whose region is the ventricles.
    """
    weights = weights / weights.sum()
    side, side_confidence = _side(coordinates[:, 0], weights)
    fractions = _fractions(coordinates, weights)
    shifted = [_fractions(coordinates + offset, weights) for offset in _offsets(_REGION_ERROR_MM)]
    mean = (fractions + sum(shifted)) / (1 + len(shifted))
    below = [REGIONS.index(region) for region in INFRATENTORIAL]
    compartment, compartment_confidence = _compartment(float(fractions[below].sum()), float(mean[below].sum()))
    if ventricular:
        listed, region, confidence = {Region.VENTRICLES: 1.0}, Region.VENTRICLES, 1.0
    else:
        order = np.argsort(-fractions)
        listed = {REGIONS[i]: round(float(fractions[i]), 2) for i in order if fractions[i] >= _MIN_LISTED_FRACTION}
        region, confidence = REGIONS[order[0]], float(mean[order[0]])
    known = confidence >= _MIN_CONFIDENCE
    return LesionLocation(
        side=side,
        side_confidence=side_confidence,
        compartment=compartment,
        compartment_confidence=compartment_confidence,
        region=region if known else None,
        region_confidence=round(confidence, 2) if known else None,
        region_shares=listed,
    )


def _side(x: np.ndarray, weights: np.ndarray) -> tuple[Side | None, float | None]:
    left = float(weights[x > 0].sum())
    smaller = min(left, 1 - left)
    if smaller >= _BOTH_SIDES_FRACTION:
        near = float(weights[np.abs(x) <= _NEAR_MIDLINE_MM].sum())
        return (Side.MIDLINE, round(near, 2)) if near >= 0.5 else (Side.BILATERAL, round(min(1.0, 2.5 * smaller), 2))
    side = Side.LEFT if left > 0.5 else Side.RIGHT
    sign = 1 if left > 0.5 else -1
    shifted = [float(weights[sign * x > shift].sum()) for shift in (-_MIDLINE_ERROR_MM, 0, _MIDLINE_ERROR_MM)]
    confidence = sum(shifted) / len(shifted)
    return (side, round(confidence, 2)) if confidence >= _MIN_SIDE_CONFIDENCE else (None, None)


def _compartment(below: float, mean_below: float) -> tuple[Compartment | None, float | None]:
    """Return the compartment and its confidence from the fraction below the tentorium, unshifted and mean."""
    if all(min(part, 1 - part) >= _BOTH_COMPARTMENTS_FRACTION for part in (below, mean_below)):
        # Few lesions cross the tentorium, so the lesion is probably near it on one side.
        return None, None
    compartment = Compartment.INFRATENTORIAL if below > 0.5 else Compartment.SUPRATENTORIAL
    confidence = mean_below if below > 0.5 else 1 - mean_below
    return (compartment, round(confidence, 2)) if confidence >= 0.5 else (None, None)


def _fractions(coordinates: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the (regions,) fraction of the weights in each region."""
    return np.bincount(region_numbers(coordinates), weights=weights, minlength=len(REGIONS))


def _offsets(distance_mm: float) -> np.ndarray:
    steps = np.eye(3) * distance_mm
    return np.concatenate([steps, -steps])
