# SPDX-License-Identifier: Apache-2.0
"""Samples of the deep brain along brain coordinates, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit

X = np.arange(-50.0, 50.25, 0.5)
A = np.arange(-90.0, 50.5, 1.0)
_S_RANGE = (-60.0, 50.0)
_MIN_FLUID_CONTRAST_HU = 9.0
_USUAL_FLUID_CONTRAST_HU = 22.0
_DEEP = ((-30.0, 30.0), (-55.0, 35.0), (0.0, 32.0))  # region of the lateral ventricles: ranges of x, a, s
_MAX_TISSUE_HU = 60.0
_FLUID_PERCENTILE = 2.0  # of the samples in that region; fluid in every brain with visible ventricles
_SMOOTHING_SIGMA = (0.8, 1.6)  # samples along a and x


@dataclass(frozen=True, eq=False)
class DeepSamples:
    """Samples at :data:`X` (columns, towards left) and :data:`A` (rows, towards anterior) on canonical slices.

    Attributes
    ----------
    slices : numpy.ndarray
        (planes,) canonical slice of each plane.
    s : numpy.ndarray
        (planes, rows, columns) float32, brain coordinate s of each sample; it varies within oblique slices.
    fluid : numpy.ndarray
        (planes, rows, columns) float32, fraction of fluid estimated from the HU, 0 to 1; 1 in IVH, 0 outside the image.
    blood : numpy.ndarray
        (planes, rows, columns) bool, True for IVH.
    volumes_mm3 : numpy.ndarray
        (planes,) volume of a sample.
    brain : AtlasFit
        Fit of the atlas to the scan.
    """

    slices: np.ndarray
    s: np.ndarray
    fluid: np.ndarray
    blood: np.ndarray
    volumes_mm3: np.ndarray
    brain: AtlasFit

    def source_index(self, plane: int, x: float, a: float) -> np.ndarray:
        """Return the (3,) fractional source index of a point of a plane, given by brain coordinates x and a."""
        rows, columns, _ = _in_plane(self.brain, int(self.slices[plane]), np.array([x]), np.array([a]))
        canonical = np.array([float(self.slices[plane]), rows.item(), columns.item()])
        return self.brain.orientation.source_indices(canonical)


def sample_deep(brain: AtlasFit, hu: np.ndarray, labels: np.ndarray) -> DeepSamples | None:
    """Sample the deep brain.

    Parameters
    ----------
    brain : AtlasFit
        Fit of the atlas to the scan.
    hu, labels : numpy.ndarray
        (slices, rows, columns) on the source slices.

    Returns
    -------
    DeepSamples or None
        None if no slice of the scan shows the deep brain.
    """
    hu, labels = brain.orientation.apply(hu), brain.orientation.apply(labels)
    slices, heights, densities, found, volumes = [], [], [], [], []
    for index in range(len(hu)):
        rows, columns, area = _in_plane(brain, index, X, A)
        canonical = np.stack([np.full_like(rows, index), rows, columns], axis=-1)
        s = brain.coordinates(brain.orientation.source_indices(canonical[::10, ::10]))[..., 2]
        if not _S_RANGE[0] <= float(s.mean()) <= _S_RANGE[1]:
            continue
        slices.append(index)
        # Linear within a slice, so that coarse samples can be interpolated.
        heights.append(ndimage.zoom(s, (len(A) / s.shape[0], len(X) / s.shape[1]), order=1, grid_mode=False))
        places = np.stack([rows, columns])
        soft = np.clip(hu[index], -20, 100).astype(np.float32)
        densities.append(ndimage.map_coordinates(soft, places, order=1, mode="constant", cval=100))
        found.append(ndimage.map_coordinates(labels[index], places, order=0, mode="constant"))
        volumes.append(_voxel_mm3(brain, index) * area)
    if not slices:
        return None
    s, density = np.stack(heights).astype(np.float32), np.stack(densities)
    density = ndimage.gaussian_filter(density, (0, *_SMOOTHING_SIGMA))
    blood = np.stack(found) == Subtype.IVH
    labelled = np.stack(found) > 0
    fluid = _fluid_fraction(density, s, labelled)
    return DeepSamples(np.array(slices), s, np.where(blood, 1, fluid), blood, np.array(volumes), brain)


def _fluid_fraction(density: np.ndarray, s: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    x, a = X[None, None, :], A[None, :, None]
    (x0, x1), (a0, a1), (s0, s1) = _DEEP
    deep = density[(x >= x0) & (x <= x1) & (a >= a0) & (a <= a1) & (s >= s0) & (s <= s1) & ~labelled]
    if deep.size == 0:
        return np.zeros_like(density)
    # Median of all samples, because in hydrocephalus half of the region around the ventricles is fluid.
    tissue = float(np.median(density[(density > 0) & (density < _MAX_TISSUE_HU) & ~labelled]))
    contrast = tissue - float(np.percentile(deep, _FLUID_PERCENTILE))
    if contrast < _MIN_FLUID_CONTRAST_HU:
        contrast = _USUAL_FLUID_CONTRAST_HU
    return np.clip((tissue - density) / contrast, 0, 1).astype(np.float32)


def _in_plane(brain: AtlasFit, index: int, x: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return (len(a), len(x)) rows and columns of samples on a canonical slice, and the area of a sample in pixels."""
    corners = brain.orientation.source_indices(np.array([(index, 0, 0), (index, 1, 0), (index, 0, 1)], dtype=float))
    origin, row, column = brain.coordinates(corners)[:, :2]
    to_pixels = np.linalg.inv(np.stack([row - origin, column - origin], axis=1))
    places = np.stack(np.meshgrid(x, a), axis=-1) - origin
    pixels = places @ to_pixels.T
    area = abs(float(np.linalg.det(to_pixels))) * (X[1] - X[0]) * (A[1] - A[0])
    return pixels[..., 0], pixels[..., 1], area


def _voxel_mm3(brain: AtlasFit, canonical_slice: int) -> float:
    volumes = brain.grid.voxel_volumes_mm3
    if brain.orientation.axes[0] != 0:
        return float(volumes.mean())
    return float(volumes[len(volumes) - 1 - canonical_slice if brain.orientation.flips[0] else canonical_slice])
