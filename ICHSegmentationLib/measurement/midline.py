# SPDX-License-Identifier: Apache-2.0
"""Midline shift at the septum pellucidum, from the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.anatomy.deep_samples import A, X
from ICHSegmentationLib.measurement.midline_shift import MidlineShift

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.deep_samples import DeepSamples

# Where the septum is looked for, in brain coordinates.
_A_RANGE = (2.0, 30.0)
_S_RANGE = (6.0, 28.0)
_FARTHEST_SHIFT = 20.0
_NEAREST_HORN, _FARTHEST_HORN = 2.0, 6.0  # of a horn's fluid from the septum
_BEND = 4.0  # of the septum from row to row and slice to slice, around its place overall
_RIVAL = 0.7  # of the best place's response, elsewhere, leaves it open which is the septum
_LEAST_RESPONSE = 0.12
_SURE_RESPONSE = 0.35
_LEAST_ROWS = 10  # of 1 mm with septum, all slices together
_WORST_SPREAD_MM = 4.0


def midline_shift(samples: DeepSamples) -> MidlineShift:
    """Measure how far the septum pellucidum lies beside the ideal midline.

    The ideal midline is the plane of symmetry of the inside of the skull. The septum is the thin bright line between
    the fluid (or blood) of the two frontal horns: in the slices through them it is where a row from side to side holds
    fluid on both sides at 2 to 6 mm and less in between. The shift is the median over the rows with a clear septum.

    Parameters
    ----------
    samples : DeepSamples
        The middle of the brain.
    """
    first, last = np.searchsorted(A, _A_RANGE)
    rows = slice(first, last + 1)
    level = samples.s[:, rows][:, :, len(X) // 2]
    wanted = (level >= _S_RANGE[0]) & (level <= _S_RANGE[1])
    if not wanted.any():
        return MidlineShift(reason="the frontal horns are not in the scan")
    response = _septum_response(samples.fluid[:, rows]) * wanted[..., None]
    response[..., np.abs(X) > _FARTHEST_SHIFT] = 0
    overall = ndimage.gaussian_filter1d(response.sum(axis=(0, 1)), 1.0 / (X[1] - X[0]))
    off = np.abs(X - X[overall.argmax()])
    if overall[off > _BEND].max() > _RIVAL * overall.max():
        return MidlineShift(reason="the septum between the frontal horns is not clear")
    near = np.where(off <= _BEND, response, 0)
    best = near.max(axis=2)
    clear = best >= max(_LEAST_RESPONSE, 0.5 * float(best.max()))
    if np.count_nonzero(clear) < _LEAST_ROWS:
        return MidlineShift(reason="the septum between the frontal horns is not clear")
    places = _peaks(near)
    middle = _weighted_median(places[clear], best[clear])
    per_mm = samples.brain.frame.scale_x
    spread_mm = float(np.median(np.abs(places[clear] - middle))) / per_mm
    if spread_mm > _WORST_SPREAD_MM:
        return MidlineShift(reason="the septum between the frontal horns is not clear")
    confidence = min(1.0, float(best[clear].mean()) / _SURE_RESPONSE) * (1 - spread_mm / (2 * _WORST_SPREAD_MM))
    shift_mm = middle / per_mm
    # To be drawn where the septum is clear and typical.
    drawn = np.where(clear, best, 0) - np.abs(places - middle)
    plane, row = np.unravel_index(drawn.argmax(), drawn.shape)
    a = float(A[rows][row])
    septum, midline = (samples.source_index(int(plane), place, a) for place in (middle, 0.0))
    points = samples.brain.grid.points_mm(np.stack([septum, midline])).round(2).tolist()
    return MidlineShift(
        shift_mm=round(abs(shift_mm), 1),
        toward=None if round(abs(shift_mm), 1) == 0 else "left" if shift_mm > 0 else "right",
        confidence=round(confidence, 2),
        slice=round(float(septum[0])),
        septum_lps_mm=tuple(points[0]),
        midline_lps_mm=tuple(points[1]),
    )


def _septum_response(fluid: np.ndarray) -> np.ndarray:
    """Least fluid of the two sides' best, less the fluid in the middle."""
    step = X[1] - X[0]
    width = round((_FARTHEST_HORN - _NEAREST_HORN) / step) + 1
    offset = round((_FARTHEST_HORN + _NEAREST_HORN) / 2 / step)
    beside = ndimage.percentile_filter(fluid, 70, size=(1, 1, width))
    left, right = np.zeros_like(beside), np.zeros_like(beside)
    left[..., :-offset], right[..., offset:] = beside[..., offset:], beside[..., :-offset]
    return np.clip(np.minimum(left, right) - fluid, 0, None)


def _peaks(response: np.ndarray) -> np.ndarray:
    """Place of the highest response of every row, between samples: the centre of what is near the peak."""
    near = np.where(response >= 0.6 * response.max(axis=-1, keepdims=True), response, 0)
    return (near @ X) / np.maximum(near.sum(axis=-1), 1e-6)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])
