# SPDX-License-Identifier: Apache-2.0
"""Blend planned lesions into a host scan with matching blur and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_DEFAULT_BRAIN_HU = 33.0
_DEFAULT_FLUID_HU = 8.0
_EDEMA_HU = 11.0
_NOISE_CLIP = 3.0


@dataclass(frozen=True)
class HostGreys:
    """Statistics of the HU of a host scan.

    Attributes
    ----------
    brain_hu, fluid_hu : float
        Medians.
    noise_hu : float
        Standard deviation inside homogeneous brain.
    noise_blur_pixels : float
        Gaussian width that gives white noise the pixel correlation of the host scan.
    """

    brain_hu: float
    fluid_hu: float
    noise_hu: float
    noise_blur_pixels: float

    @classmethod
    def measure(cls, hu: np.ndarray, site: LesionSite) -> HostGreys:
        """Measure brain and ventricles of a host scan (`hu` on the grid of the site)."""
        brain = site.anatomy.brain & (site.depth_mm > 6)
        # Every fourth slice is enough to estimate the noise.
        slices = slice(None, None, 4)
        inside = brain[slices]
        if inside.sum() < 200:
            return cls(_DEFAULT_BRAIN_HU, _DEFAULT_FLUID_HU, 0.0, 0.0)
        brain_hu = float(np.median(hu[slices][inside]))
        fluid = hu[site.anatomy.ventricles]
        fluid_hu = float(np.median(fluid)) if fluid.size > 50 else _DEFAULT_FLUID_HU
        detail = hu[slices] - ndimage.uniform_filter(hu[slices], (0, 5, 5))
        noise_hu = 1.4826 * float(np.median(np.abs(detail[inside])))
        both = inside[:, :, 1:] & inside[:, :, :-1]
        calm = np.clip(detail, -_NOISE_CLIP * noise_hu, _NOISE_CLIP * noise_hu)
        product = float(np.mean((calm[:, :, 1:] * calm[:, :, :-1])[both])) if both.any() else 0.0
        variance = float(np.mean(calm[inside] ** 2)) or 1.0
        correlation = np.clip(product / variance, 0.0, 0.9)
        # White noise blurred by a Gaussian of width s has the correlation exp(-1 / (4 s^2)) at one pixel.
        blur = float(np.sqrt(-1 / (4 * np.log(correlation)))) if correlation > 0.05 else 0.0
        return cls(brain_hu, min(fluid_hu, brain_hu - 8), noise_hu, blur)

    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return noise like that of the host scan, float32."""
        white = rng.standard_normal(shape, dtype=np.float32)
        if self.noise_blur_pixels > 0:
            white = ndimage.gaussian_filter(white, (0, self.noise_blur_pixels, self.noise_blur_pixels))
            white /= max(float(white.std()), 1e-6)
        return white * np.float32(self.noise_hu)


def blend_lesion(
    hu: np.ndarray,
    lesion: Lesion,
    room: np.ndarray,
    cavity: np.ndarray,
    greys: HostGreys,
    blur_pixels: float,
    rng: np.random.Generator,
) -> None:
    """Blend one lesion into the HU of a site, in place.

    Parameters
    ----------
    hu : numpy.ndarray
        float32, HU of the site.
    lesion : Lesion
    room : numpy.ndarray
        float32 on the site, fraction not taken by earlier lesions.
    cavity : numpy.ndarray
        bool on the site; voxels outside stay unchanged.
    greys : HostGreys
    blur_pixels : float
        Standard deviation of the in-plane blur of the scanner.
    rng : numpy.random.Generator
    """
    part = hu[lesion.box]
    if lesion.edema is not None:
        part -= np.float32(_EDEMA_HU) * lesion.edema * (1 - lesion.coverage)
    width = (0, blur_pixels, blur_pixels)
    inside = cavity[lesion.box].astype(np.float32)
    # Normalised by the cavity, so that there is no dark seam between lesion and bone.
    within = np.maximum(ndimage.gaussian_filter(inside, width), 0.2)
    soft = ndimage.gaussian_filter(lesion.coverage, width) / within * inside * room[lesion.box]
    soft = np.minimum(soft, 1)
    target = lesion.contrast_hu + np.float32(greys.brain_hu) + _texture(part, greys, rng)
    painted = part + soft * (target - part)
    # Blurred bone is brighter than blood; do not darken it.
    by_bone = part > np.maximum(target, greys.brain_hu + 25)
    part[...] = np.where(by_bone, part, painted)


def _texture(part: np.ndarray, greys: HostGreys, rng: np.random.Generator) -> np.ndarray:
    """Return noise for a lesion: partly fine detail of the host scan, partly drawn with the same statistics."""
    if greys.noise_hu == 0:
        return np.zeros(part.shape, dtype=np.float32)
    own = part - ndimage.uniform_filter(part, (0, 5, 5))
    own = np.clip(own, -2 * greys.noise_hu, 2 * greys.noise_hu)
    weight = np.float32(rng.uniform(0, 0.8))
    return weight * own + np.sqrt(1 - weight**2) * greys.noise(rng, part.shape)
