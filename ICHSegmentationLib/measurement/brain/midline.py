# SPDX-License-Identifier: Apache-2.0
"""Measurement of the midline shift at the septum pellucidum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.anatomy.deep_samples import A, X
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.measurement.brain.midline_shift import MidlineShift

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.deep_samples import DeepSamples

# Search region of the septum, brain coordinates.
_A_RANGE = (2.0, 30.0)
_S_RANGE = (6.0, 28.0)
_MAX_SHIFT = 20.0
_HORN_DISTANCES = (2.0, 6.0)  # of the fluid of a frontal horn from the septum
_MAX_BEND = 4.0  # distance of the septum on a row from its overall position
_MAX_SECOND_PEAK = 0.7  # of the response, relative to the highest peak; above, the septum is ambiguous
_MIN_RESPONSE = 0.12
_FULL_RESPONSE = 0.35  # mean response with a confidence of 1
_MIN_ROWS = 10  # of 1 mm with a clear septum, summed over slices
_MAX_SPREAD_MM = 4.0


def midline_shift(samples: DeepSamples) -> MidlineShift:
    """Measure the distance of the septum pellucidum from the ideal midline.

    The ideal midline is the plane of symmetry of the inside of the skull. The septum is the thin structure between the
    fluid (or blood) of the frontal horns. On each row of the slices through the horns it is detected as the position
    with fluid on both sides at a distance of 2 to 6 mm and less fluid in between. The shift is the weighted median over
    the rows with a clear septum.

    Parameters
    ----------
    samples : DeepSamples
        Samples of the deep brain.
    """
    first, last = np.searchsorted(A, _A_RANGE)
    rows = slice(first, last + 1)
    heights = samples.s[:, rows][:, :, len(X) // 2]
    inside = (heights >= _S_RANGE[0]) & (heights <= _S_RANGE[1])
    if not inside.any():
        return MidlineShift(reason=message("measurement.no_frontal_horns"))
    response = _septum_response(samples.fluid[:, rows]) * inside[..., None]
    response[..., np.abs(X) > _MAX_SHIFT] = 0
    overall = ndimage.gaussian_filter1d(response.sum(axis=(0, 1)), 1.0 / (X[1] - X[0]))
    distance = np.abs(X - X[overall.argmax()])
    if overall[distance > _MAX_BEND].max() > _MAX_SECOND_PEAK * overall.max():
        return MidlineShift(reason=message("measurement.unclear_septum"))
    near = np.where(distance <= _MAX_BEND, response, 0)
    best = near.max(axis=2)
    clear = best >= max(_MIN_RESPONSE, 0.5 * float(best.max()))
    if np.count_nonzero(clear) < _MIN_ROWS:
        return MidlineShift(reason=message("measurement.unclear_septum"))
    peaks = _peaks(near)
    septum_x = _weighted_median(peaks[clear], best[clear])
    per_mm = samples.brain.frame.scale_x
    spread_mm = float(np.median(np.abs(peaks[clear] - septum_x))) / per_mm
    if spread_mm > _MAX_SPREAD_MM:
        return MidlineShift(reason=message("measurement.unclear_septum"))
    confidence = min(1.0, float(best[clear].mean()) / _FULL_RESPONSE) * (1 - spread_mm / (2 * _MAX_SPREAD_MM))
    shift_mm = septum_x / per_mm
    # The drawn line is on the row with a high response and a peak near the median.
    preference = np.where(clear, best, 0) - np.abs(peaks - septum_x)
    plane, row = np.unravel_index(preference.argmax(), preference.shape)
    a = float(A[rows][row])
    septum, midline = (samples.source_index(int(plane), x, a) for x in (septum_x, 0.0))
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
    """Return the fluid beside each sample, on the side with less of it, minus the fluid at the sample; 0 or more."""
    step = X[1] - X[0]
    nearest, farthest = _HORN_DISTANCES
    width = round((farthest - nearest) / step) + 1
    offset = round((farthest + nearest) / 2 / step)
    beside = ndimage.percentile_filter(fluid, 70, size=(1, 1, width))
    left, right = np.zeros_like(beside), np.zeros_like(beside)
    left[..., :-offset], right[..., offset:] = beside[..., offset:], beside[..., :-offset]
    return np.clip(np.minimum(left, right) - fluid, 0, None)


def _peaks(response: np.ndarray) -> np.ndarray:
    """Return the position x of the peak of each row: the centroid of the responses of at least 0.6 of the maximum."""
    near = np.where(response >= 0.6 * response.max(axis=-1, keepdims=True), response, 0)
    return (near @ X) / np.maximum(near.sum(axis=-1), 1e-6)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])
