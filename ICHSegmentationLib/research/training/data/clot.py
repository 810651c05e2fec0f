# SPDX-License-Identifier: Apache-2.0
"""Derive the unlabelled clot from the edema ring around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

IGNORE = 255
"""Label of voxels ignored by the loss."""

_SMOOTHING_MM = 0.6
_PEAK_FRACTION = 0.45
_MIN_CONTRAST_HU = 12.0
_NEAR_MM = 2.5
_REACH_MM = 25.0
_SKULL_RIM_MM = 3.0
_CONTACT_MM2 = 6.0  # contact with the hull is enough: rings may be short crescents beside a large clot
_CALCIFIED_HU = 77.0
_MIN_VENTRICULAR_BLOOD_MM3 = 200.0


def derive_clot(
    hu: np.ndarray, edema: np.ndarray, intracranial: np.ndarray, spacing_mm: tuple[float, float, float]
) -> np.ndarray:
    """Segment the hyperdense region enclosed by the edema ring.

    The threshold lies at 45 % between the median of the brain and the brightness of the clot; connected components are
    kept if they touch the convex hull of the ring.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) HU, clipped to the window of the data set.
    edema : numpy.ndarray
        (slices, rows, columns) bool ring.
    intracranial : numpy.ndarray
        (slices, rows, columns) bool.
    spacing_mm : tuple of float
        (slice, row, column).

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns) bool; empty if the ring encloses nothing hyperdense.
    """
    from skimage.morphology import convex_hull_image

    smooth = _smooth(hu, spacing_mm)
    hull = np.stack([convex_hull_image(plane) if plane.any() else plane for plane in edema]) & intracranial
    # A clot may reach two slices beyond its ring.
    around = ndimage.binary_dilation(hull, structure=np.ones((5, 1, 1), dtype=bool))
    to_hull = np.stack([_distance(~plane, spacing_mm) for plane in around])
    # Away from the hull, exclude the bright partial-volume rim along the skull.
    off_skull = np.stack([_distance(plane, spacing_mm) for plane in intracranial]) > _SKULL_RIM_MM
    candidates = ~edema & (hull | off_skull)
    base = float(np.median(smooth[intracranial]))
    bright = smooth[candidates & (to_hull <= _NEAR_MM) & (smooth > base + _MIN_CONTRAST_HU)]
    if bright.size == 0:
        return np.zeros_like(edema)
    peak = float(np.percentile(bright, 90))
    # Opening removes thin bridges of dura and vessels.
    dense = candidates & (to_hull <= _REACH_MM) & (smooth > base + _PEAK_FRACTION * (peak - base))
    dense = _in_plane(ndimage.binary_opening, dense, _disk(1.0, spacing_mm))
    components, count = ndimage.label(dense)
    near = np.bincount(components[to_hull <= _NEAR_MM], minlength=count + 1)
    touching = near * spacing_mm[1] * spacing_mm[2] >= _CONTACT_MM2
    touching[0] = False
    clot = _in_plane(ndimage.binary_closing, touching[components], _disk(1.6, spacing_mm))
    return np.stack([ndimage.binary_fill_holes(plane) for plane in clot]) & intracranial


def label_map(
    hu: np.ndarray, clot: np.ndarray, ventricles: np.ndarray, spacing_mm: tuple[float, float, float], *, iph: int
) -> np.ndarray:
    """Label the clot as IPH and exclude ventricular blood from the loss.

    Hemorrhage inside the registered ventricles is unlabelled IVH: neither IPH nor background.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) HU.
    clot : numpy.ndarray
        (slices, rows, columns) bool.
    ventricles : numpy.ndarray
        (slices, rows, columns) bool, ventricles of a registered atlas.
    spacing_mm : tuple of float
        (slice, row, column).
    iph : int
        Label value of IPH.

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns) uint8: 0, ``iph`` or ``IGNORE``.
    """
    smooth = _smooth(hu, spacing_mm)
    base = float(np.median(smooth[ventricles])) if ventricles.any() else 0.0
    level = float(np.median(hu[clot])) if clot.any() else 60.0
    dense = ventricles & (smooth > max(base + 12.0, 0.5 * (30.0 + level)))
    components, count = ndimage.label(dense)
    blood = np.zeros_like(clot)
    for index in range(1, count + 1):
        component = components == index
        large = component.sum() * np.prod(spacing_mm) >= _MIN_VENTRICULAR_BLOOD_MM3
        # Calcified choroid plexus saturates the window; clot does not.
        if large and np.percentile(smooth[component], 90) < _CALCIFIED_HU:
            blood |= component
    labels = np.where(clot, iph, 0).astype(np.uint8)
    labels[clot & ventricles] = IGNORE
    labels[ndimage.binary_dilation(blood, structure=np.ones((1, 3, 3))) & ~(clot & ~ventricles)] = IGNORE
    return labels


def _smooth(hu: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    sigma = (0.0, _SMOOTHING_MM / spacing_mm[1], _SMOOTHING_MM / spacing_mm[2])
    return ndimage.gaussian_filter(hu.astype(np.float32), sigma)


def _distance(plane: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    if plane.all():
        return np.full(plane.shape, np.inf)
    return ndimage.distance_transform_edt(plane, sampling=spacing_mm[1:])


def _in_plane(operation: Callable[..., np.ndarray], mask: np.ndarray, footprint: np.ndarray) -> np.ndarray:
    pad = footprint.shape[0]
    padded = np.pad(mask, ((0, 0), (pad, pad), (pad, pad)))
    return np.stack([operation(plane, structure=footprint) for plane in padded])[:, pad:-pad, pad:-pad]


def _disk(radius_mm: float, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    reach = int(np.ceil(radius_mm / min(spacing_mm[1:])))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.hypot(rows * spacing_mm[1], columns * spacing_mm[2]) <= radius_mm + 1e-6
