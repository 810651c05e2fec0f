# SPDX-License-Identifier: Apache-2.0
"""Further mimics: symmetric calcification, dense veins, bright cortex, thick bone, sharp kernel, contrast."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.fields import coverage_above, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.mimics.bright_anatomy import raise_to

_BONE_HU = 1000.0
_SATURATED_BELOW_HU = 300.0
_BRAIN_HU = 33.0
_BRIGHTEST_HU = 80.0
_UNDERSHOOT_HU = 10.0


def pallidal_calcification(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add mirror-symmetric calcification of both pallida."""
    where = np.argwhere(site.anatomy.deep == DeepRegion.BASAL_GANGLIA)
    if not len(where):
        return
    midline = site.anatomy.midline_distance_mm
    lateral = np.abs(midline[tuple(where.T)])
    inner = where[lateral <= np.quantile(lateral, 0.5)]
    centre = inner[rng.integers(len(inner))]
    lateral_mm = abs(float(midline[tuple(centre)]))
    radii_mm = (rng.uniform(3, 8), rng.uniform(4, 9), rng.uniform(2, 4.5))
    density = rng.uniform(48, 130)
    # Distance from the midline instead of the column: the same spot on both sides.
    dz, dy, _ = site.offsets_mm(centre, (slice(0, hu.shape[0]), slice(0, hu.shape[1]), slice(0, hu.shape[2])))
    across = np.abs(midline) - lateral_mm
    distance = np.sqrt((dz / radii_mm[0]) ** 2 + (dy / radii_mm[1]) ** 2 + (across / radii_mm[2]) ** 2)
    uneven = 0.3 * smooth_noise(rng, hu.shape, site.spacing_mm, 5)
    fraction = coverage_above((1 - distance + uneven).astype(np.float32), 0.0) * site.anatomy.brain
    raise_to(hu, fraction * rng.uniform(0.5, 1), density)


def dense_veins(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Raise all dural sinuses and the vein of Galen to the density of blood with a high haematocrit."""
    depth, midline = site.depth_mm, site.anatomy.midline_distance_mm
    middle_row = np.argwhere(site.anatomy.intracranial)[:, 1].mean()
    behind_mm = ((np.arange(hu.shape[1]) - middle_row) * site.spacing_mm[1])[None, :, None]
    height = site.height_fraction[:, None, None]
    width_mm = rng.uniform(4, 8)
    sagittal = np.clip((width_mm - depth - np.abs(midline)) / 1.5, 0, 1) * (height > 0.3) * (behind_mm > -40)
    level = rng.uniform(0.2, 0.32)
    near = np.clip(1.3 - np.abs(height - level) / 0.03, 0, 1)
    transverse = np.clip((0.45 * width_mm - depth) / 1.5, 0, 1) * near * (behind_mm > 20)
    galen_mm = np.sqrt(
        ((height - rng.uniform(0.4, 0.48)) / 0.06) ** 2 * 9 + midline**2 + (behind_mm - rng.uniform(8, 25)) ** 2
    )
    galen = np.clip((rng.uniform(2.5, 4.5) - galen_mm) / 1.2 + 0.5, 0, 1)
    fraction = np.maximum(np.maximum(sagittal, transverse), galen) * site.anatomy.intracranial
    raise_to(hu, fraction.astype(np.float32), _brain_hu(hu, site) + rng.uniform(18, 40))


def bright_cortex(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Brighten the cortex of the highest slices, as by beam hardening below thick bone and by partial volume."""
    used = np.flatnonzero(site.anatomy.intracranial.any(axis=(1, 2)))
    strength = np.zeros(hu.shape[0], dtype=np.float32)
    for order, index in enumerate(used[::-1][: int(rng.integers(2, 6))]):
        strength[index] = rng.uniform(5, 18) * 0.75**order
    rim = np.exp(-site.depth_mm / rng.uniform(3, 10))
    hu += (strength[:, None, None] * rim * site.anatomy.intracranial).astype(np.float32)


def thick_frontal_bone(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Thicken the inner table of the frontal bone on both sides, which spares the midline."""
    midline = site.anatomy.midline_distance_mm
    where = np.argwhere(site.anatomy.intracranial)
    front = float(np.quantile(where[:, 1], 0.02))
    behind_mm = ((np.arange(hu.shape[1]) - front) * site.spacing_mm[1])[None, :, None]
    height = site.height_fraction[:, None, None]
    reach = np.clip(1 - (behind_mm / rng.uniform(25, 55)) ** 2, 0, 1) * np.clip((height - 0.42) / 0.1, 0, 1)
    spared = np.clip((np.abs(midline) - 3) / 6, 0, 1)
    uneven = 1 + 0.5 * smooth_noise(rng, hu.shape, site.spacing_mm, rng.uniform(10, 20))
    thickness_mm = rng.uniform(3, 10) * reach * spared * np.clip(uneven, 0.1, 2)
    fraction = np.clip((thickness_mm - site.convexity_depth_mm) / site.spacing_mm[1] + 0.5, 0, 1) * (thickness_mm > 0.5)
    bone = min(rng.uniform(350, _BONE_HU), _ceiling(hu))
    raise_to(hu, (fraction * site.cavity).astype(np.float32), bone)


def sharp_kernel(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Sharpen the whole site: overshoot at edges, with a bright rim below the bone, and stronger noise."""
    width = rng.uniform(0.6, 1.4)
    known = np.clip(hu, -_BRAIN_HU, _BRIGHTEST_HU)
    # Bone beyond the range must not darken the brain beside it.
    detail = np.clip(known - ndimage.gaussian_filter(known, (0, width, width)), -_UNDERSHOOT_HU, _BRIGHTEST_HU)
    rim = rng.uniform(8, 28) * np.exp(-site.depth_mm / rng.uniform(0.8, 2.0))
    change = rng.uniform(0.5, 2) * detail + rim
    hu += (change * site.cavity).astype(np.float32)


def contrast(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Enhance arteries of the cisterns, cortical vessels, sinuses, falx and tentorium, and brain a little."""
    dense = rng.uniform(70, 220)
    fluid = site.anatomy.csf
    low = site.height_fraction[:, None, None] < 0.55
    # Vessels are cut across: spots in the cisterns and on the surface.
    thin = np.clip(
        (smooth_noise(rng, hu.shape, site.spacing_mm, rng.uniform(3, 6)) - rng.uniform(0.7, 1.2)) / 0.4, 0, 1
    )
    near = ndimage.uniform_filter(fluid.astype(np.float32), (0, 5, 5))
    vessels = thin * np.clip(near * 2, 0, 1) * np.where(low, 0.8, rng.uniform(0.15, 0.5))
    midline, depth = np.abs(site.anatomy.midline_distance_mm), site.depth_mm
    falx = np.clip((1.4 - midline) / 0.8, 0, 1) * (depth < 35) * (site.height_fraction[:, None, None] > 0.4)
    sinus = np.clip((7 - depth - midline) / 1.5, 0, 1) * (site.height_fraction[:, None, None] > 0.3)
    fraction = np.maximum(np.maximum(vessels, 0.5 * falx), sinus) * site.anatomy.intracranial
    hu += (rng.uniform(1, 5) * site.anatomy.brain).astype(np.float32)
    raise_to(hu, fraction.astype(np.float32), min(dense, _ceiling(hu)))


def _brain_hu(hu: np.ndarray, site: LesionSite) -> float:
    return float(np.median(hu[site.anatomy.brain])) if site.anatomy.brain.any() else _BRAIN_HU


def _ceiling(hu: np.ndarray) -> float:
    """Return where the greys end, if below the density of bone."""
    highest = float(hu.max())
    return highest if highest < _SATURATED_BELOW_HU else np.inf
