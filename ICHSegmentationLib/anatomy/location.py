# SPDX-License-Identifier: Apache-2.0
"""Side, compartment and region of a lesion from its brain coordinates."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.anatomy.lesion_location import Compartment, LesionLocation, Region, Side
from ICHSegmentationLib.anatomy.regions import INFRATENTORIAL, REGIONS, region_numbers

_DOUBT_MM = 5.0  # how far a region's border may be off, in the mean; sulci differ between brains by twice that
_MIDLINE_DOUBT_MM = 2.0
_BOTH_SIDES = 0.2  # share of the smaller side from which a lesion is on both
_NEAR_MIDLINE_MM = 12.0
_BOTH_COMPARTMENTS = 0.2
_LEAST_CONFIDENCE = 0.45  # of the best region; below, one answer in two is wrong, so it is not determined
_LEAST_SIDE_CONFIDENCE = 0.7
_LISTED_SHARE = 0.05


def locate(coordinates: np.ndarray, weights: np.ndarray, *, ventricular: bool = False) -> LesionLocation:
    """Say where a lesion lies.

    The region is the one that holds most of the lesion's volume. Its confidence is the share that it holds on average
    when the lesion is shifted by 5 mm in each direction, so it is low near borders, where the mean brain says little
    about the single one. Under 0.45 it is not determined. Confidence of the side comes from the distance to the midline
    alike, with 2 mm.

    Parameters
    ----------
    coordinates : numpy.ndarray
        (points, 3) brain coordinates of the lesion's voxels, or of some of them.
    weights : numpy.ndarray
        (points,) volume that each stands for.
    ventricular : bool
        Blood in the ventricles: its region is that.
    """
    weights = weights / weights.sum()
    side, side_confidence = _side(coordinates[:, 0], weights)
    shares = _shares(coordinates, weights)
    shifted = [_shares(coordinates + offset, weights) for offset in _offsets(_DOUBT_MM)]
    likely = (shares + sum(shifted)) / (1 + len(shifted))
    below = [REGIONS.index(region) for region in INFRATENTORIAL]
    compartment, compartment_confidence = _compartment(float(shares[below].sum()), float(likely[below].sum()))
    if ventricular:
        listed, region, confidence = {Region.VENTRICLES: 1.0}, Region.VENTRICLES, 1.0
    else:
        order = np.argsort(-shares)
        listed = {REGIONS[i]: round(float(shares[i]), 2) for i in order if shares[i] >= _LISTED_SHARE}
        region, confidence = REGIONS[order[0]], float(likely[order[0]])
    known = confidence >= _LEAST_CONFIDENCE
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
    if smaller >= _BOTH_SIDES:
        near = float(weights[np.abs(x) <= _NEAR_MIDLINE_MM].sum())
        return (Side.MIDLINE, round(near, 2)) if near >= 0.5 else (Side.BILATERAL, round(min(1.0, 2.5 * smaller), 2))
    side = Side.LEFT if left > 0.5 else Side.RIGHT
    sign = 1 if left > 0.5 else -1
    surely = [float(weights[sign * x > shift].sum()) for shift in (-_MIDLINE_DOUBT_MM, 0, _MIDLINE_DOUBT_MM)]
    confidence = sum(surely) / len(surely)
    return (side, round(confidence, 2)) if confidence >= _LEAST_SIDE_CONFIDENCE else (None, None)


def _compartment(below: float, likely_below: float) -> tuple[Compartment | None, float | None]:
    if min(below, 1 - below) >= _BOTH_COMPARTMENTS and min(likely_below, 1 - likely_below) >= _BOTH_COMPARTMENTS:
        # Few lesions cross the tentorium; near it the model cannot tell.
        return None, None
    compartment = Compartment.INFRATENTORIAL if below > 0.5 else Compartment.SUPRATENTORIAL
    confidence = likely_below if below > 0.5 else 1 - likely_below
    return (compartment, round(confidence, 2)) if confidence >= 0.5 else (None, None)


def _shares(coordinates: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.bincount(region_numbers(coordinates), weights=weights, minlength=len(REGIONS))


def _offsets(distance_mm: float) -> np.ndarray:
    steps = np.eye(3) * distance_mm
    return np.concatenate([steps, -steps])
