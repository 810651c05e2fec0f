# SPDX-License-Identifier: Apache-2.0
"""Atlas of lobes and deep regions: simple surfaces in brain coordinates."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.anatomy.lesion_location import Region

REGIONS = (
    Region.FRONTAL,
    Region.PARIETAL,
    Region.TEMPORAL,
    Region.OCCIPITAL,
    Region.INSULA,
    Region.BASAL_GANGLIA,
    Region.THALAMUS,
    Region.BRAIN_STEM,
    Region.CEREBELLUM,
)
"""Region of each number."""
INFRATENTORIAL = (Region.BRAIN_STEM, Region.CEREBELLUM)
_NUMBER = {region: number for number, region in enumerate(REGIONS)}

# Centre and radii (x, a, s) in mm, on both sides.
_INSULA = ((38, 0, 3), (8, 24, 16))
# Includes the capsules and the white matter between insula and ventricle.
_GANGLIA = ((21, 1, 15), (15, 32, 30))
_CORONA_S = 14.0  # above, the white matter shifts laterally and posteriorly
_CORONA_X, _CORONA_A = 0.2, -0.4  # mm per mm of height
_THALAMUS = ((14, -21, 9), (17, 20, 15))
# Sections of the brain stem (medulla, pons, midbrain): height, centre along a, radii along x and a.
_STEM_S = (-60.0, -42.0, -34.0, -18.0, 0.0)
_STEM_A = (-42.0, -31.0, -26.0, -22.0, -20.0)
_STEM_X_RADIUS = (9.0, 13.0, 20.0, 19.0, 18.0)
_STEM_A_RADIUS = (9.0, 12.0, 16.0, 16.0, 16.0)
_STEM_TOP = 0.0


def region_numbers(coordinates: np.ndarray) -> np.ndarray:
    """Return the region of each point; every point belongs to one.

    The surfaces approximate the mean brain of stereotaxic atlases: the central sulcus runs from the vertex, behind the
    vertical through the posterior commissure, anteriorly to the Sylvian fissure; the Sylvian fissure rises posteriorly;
    the occipital lobe begins at the line from the parieto-occipital sulcus to the preoccipital notch; the tentorium
    slopes from its apex to the transverse sinuses (Talairach J, Tournoux P, Co-planar stereotaxic atlas of the human
    brain, Thieme 1988; Ono M, Kubik S, Abernathey CD, Atlas of the cerebral sulci, Thieme 1990). Sulci of individual
    brains differ from the mean by about a centimetre, so the region is uncertain near borders; see
    :func:`ICHSegmentationLib.anatomy.location.locate`.

    Parameters
    ----------
    coordinates : numpy.ndarray
        (..., 3) brain coordinates x, a, s.

    Returns
    -------
    numpy.ndarray
        (...) uint8, indices into :data:`REGIONS`.
    """
    x, a, s = np.abs(coordinates[..., 0]), coordinates[..., 1], coordinates[..., 2]
    regions = np.full(x.shape, _NUMBER[Region.FRONTAL], dtype=np.uint8)
    central_sulcus = -46 + 0.33 * x + np.minimum(1, x / 28) * 0.33 * (65 - s)
    regions[a < central_sulcus] = _NUMBER[Region.PARIETAL]
    sylvian = np.minimum(-9 + 0.5 * (14 - a), 20)
    # Behind the thalamus the isthmus of the cingulate gyrus lies between temporal lobe and midline.
    medial = 14 + 0.5 * np.maximum(a, 0) + np.where(s > -4, np.clip(-34 - a, 0, 12 + np.maximum(s, 0)), 0)
    pole = 22 + 0.5 * np.maximum(-12 - s, 0)
    regions[(s < sylvian) & (x > medial) & (a < pole)] = _NUMBER[Region.TEMPORAL]
    occipital = -63 - 0.7 * np.maximum(s, 0) * (1 - x / 100)
    regions[a < occipital] = _NUMBER[Region.OCCIPITAL]
    regions[_inside(x, a, s, *_INSULA, power=2)] = _NUMBER[Region.INSULA]
    fan = np.maximum(s - _CORONA_S, 0)
    ganglia = _inside(x - _CORONA_X * fan, a - _CORONA_A * fan, s, *_GANGLIA, power=3)
    regions[ganglia] = _NUMBER[Region.BASAL_GANGLIA]
    regions[_inside(x, a, s, *_THALAMUS, power=2)] = _NUMBER[Region.THALAMUS]
    # The petrous bone is the anterior border of the posterior fossa.
    regions[(s < tentorium_height(x, a)) & (a < -5 - 0.6 * x)] = _NUMBER[Region.CEREBELLUM]
    regions[_in_stem(x, a, s)] = _NUMBER[Region.BRAIN_STEM]
    return regions


def tentorium_height(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Return the height s of the tentorium lateral and posterior to its notch."""
    x = np.abs(x)
    return -2 - 0.9 * np.minimum(x, 14) - 0.35 * np.maximum(x - 14, 0) - 0.4 * np.maximum(-60 - a, 0)


def _inside(
    x: np.ndarray, a: np.ndarray, s: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...], *, power: int
) -> np.ndarray:
    """Whether points lie in a superellipsoid, which is an ellipsoid for ``power`` 2."""
    offsets = (np.abs(axis - c) / r for axis, c, r in zip((x, a, s), centre, radii, strict=True))
    return np.asarray(sum(offset**power for offset in offsets) <= 1)


def _in_stem(x: np.ndarray, a: np.ndarray, s: np.ndarray) -> np.ndarray:
    middle, across, along = (np.interp(s, _STEM_S, values) for values in (_STEM_A, _STEM_X_RADIUS, _STEM_A_RADIUS))
    return ((x / across) ** 2 + ((a - middle) / along) ** 2 <= 1) & (s < _STEM_TOP)
