# SPDX-License-Identifier: Apache-2.0
"""Simulate a scanner: thick slices, blur, correlated noise."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.research.simulation.anatomy import Anatomy

Triple = tuple[float, float, float]


def scan(
    hu: np.ndarray,
    rng: np.random.Generator,
    *,
    planes_per_slice: int,
    spacing_mm: Triple,
    noise_hu: float | None = None,
    blur_mm: float | None = None,
) -> np.ndarray:
    """Return the int16 slices of a scan of clean planes.

    Parameters
    ----------
    hu : numpy.ndarray
        float32 (slices x planes_per_slice, rows, columns).
    rng : numpy.random.Generator
        Source of the noise.
    planes_per_slice : int
        Planes that are averaged into one slice (partial volume).
    spacing_mm : tuple of float
        (slice, row, column) of the result.
    noise_hu : float, optional
        Standard deviation in the middle of the head; drawn from 1.1 to 4 HU if None.
    blur_mm : float, optional
        Standard deviation of the in-plane point spread; drawn from 0.3 to 0.65 mm (bone to soft kernel) if None.
    """
    noise_hu = float(np.exp(rng.uniform(0.1, 1.4))) if noise_hu is None else noise_hu
    blur_mm = float(rng.uniform(0.3, 0.65)) if blur_mm is None else blur_mm
    in_plane = np.array(spacing_mm[1:])
    planes = hu.reshape(-1, planes_per_slice, *hu.shape[1:])
    out = np.empty((planes.shape[0], *hu.shape[1:]), np.int16)
    grain_mm = rng.uniform(0.45, 0.75)
    for index, stack in enumerate(planes):
        image = stack.mean(axis=0)
        bone = np.clip(image[::4, ::4], 200, 1200) - 200
        image = ndimage.gaussian_filter(image, blur_mm / in_plane)
        # Bone in the slice reduces photons (petrous level) and causes beam hardening.
        load = float(np.mean(bone)) / 120
        grain = ndimage.gaussian_filter(rng.standard_normal(image.shape, dtype=np.float32), grain_mm / in_plane)
        grain -= ndimage.gaussian_filter(grain, 2.2 * grain_mm / in_plane)
        grain *= noise_hu * (0.75 + 0.35 * min(load, 1.5)) / grain.std()
        image += grain + _enlarge(_beam_hardening(bone, 4 * in_plane), image.shape)
        out[index] = np.clip(np.rint(image), -1024, 3071)
    return out


def _beam_hardening(bone: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Return the artefact of dense bone: a bright rim inside the skull, a dark band between the petrous bones."""
    rim = ndimage.gaussian_filter(bone, 7.0 / spacing_mm) * 0.012
    load = bone.mean(axis=1)
    band = load - ndimage.gaussian_filter1d(load, 12.0 / spacing_mm[0])
    band = ndimage.gaussian_filter1d(band, 1.5 / spacing_mm[0])
    return rim - np.clip(0.05 * band, -4, 6)[:, None]


def _enlarge(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    out = np.kron(image, np.ones((4, 4), np.float32))[: shape[0], : shape[1]]
    return ndimage.uniform_filter(out, 4)


def mean_of_planes(anatomy: Anatomy, planes_per_slice: int) -> Anatomy:
    """Return the anatomy of slices averaged from thin planes; each voxel has its majority tissue."""
    if planes_per_slice == 1:
        return anatomy

    def fraction(mask: np.ndarray) -> np.ndarray:
        return mask.reshape(-1, planes_per_slice, *mask.shape[1:]).mean(axis=1, dtype=np.float32)

    skull, ventricles = fraction(anatomy.skull) >= 0.5, fraction(anatomy.ventricles) > 0.5
    intracranial = (fraction(anatomy.intracranial) >= 0.5) & ~skull
    csf = (fraction(anatomy.csf) > 0.5) & ~ventricles & intracranial
    middle = planes_per_slice // 2
    return Anatomy(
        skull=skull,
        intracranial=intracranial,
        brain=(fraction(anatomy.brain) >= 0.5) & intracranial & ~csf & ~ventricles,
        csf=csf,
        ventricles=ventricles & intracranial,
        deep=np.where(intracranial, anatomy.deep[middle::planes_per_slice], 0).astype(np.uint8),
        midline_distance_mm=np.ascontiguousarray(anatomy.midline_distance_mm[middle::planes_per_slice]),
        spacing_mm=(anatomy.spacing_mm[0] * planes_per_slice, *anatomy.spacing_mm[1:]),
    )


def labels_of_planes(labels: np.ndarray, planes_per_slice: int) -> np.ndarray:
    """Return the labels of slices averaged from thin planes: the most frequent label if half or more is labelled."""
    if planes_per_slice == 1:
        return labels
    planes = labels.reshape(-1, planes_per_slice, *labels.shape[1:])
    out = np.zeros((planes.shape[0], *labels.shape[1:]), np.uint8)
    largest = np.zeros(out.shape, np.uint8)
    for value in np.unique(labels[labels > 0]):
        count = np.sum(planes == value, axis=1, dtype=np.uint8)
        out[count > largest] = value
        np.maximum(largest, count, out=largest)
    out[2 * np.sum(planes > 0, axis=1, dtype=np.uint8) < planes_per_slice] = 0
    return out
