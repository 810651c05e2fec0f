# SPDX-License-Identifier: Apache-2.0
"""Augmentation of slices: one resampling for all geometric changes, then changes of the intensities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import AugmentationSection

_BONE = 0.99  # of the range
_BLUR_STRIDE = 4  # beam hardening is blurred on coarser pixels; its standard deviation is at least as large
_BEAM_HARDENING = (-0.05, 0.4), (4.0, 20.0)  # range of the strength in units of the range, and of the SD in pixels
_SMOOTHING_PX, _SHARPENING = (0.3, 1.0), (0.2, 1.0)
_CORRELATION_PX = (0.4, 1.2)
_GAIN, _OFFSET = 0.12, 0.05
_NEIGHBOUR_SCALE, _NEIGHBOUR_SHIFT_PX = 0.04, 2.0


class SliceAugmentation:
    """Vary a slice, its neighbours and its labels.

    Parameters
    ----------
    options : AugmentationSection
        Probabilities and ranges.
    crop_px : int
        Rows and columns of the result.
    range_hu : tuple of float
        HU that the greys 0 and 255 represent.
    centred : bool
        Keep the crop in the middle of the columns, where the midline lies.
    """

    def __init__(
        self, options: AugmentationSection, crop_px: int, *, range_hu: tuple[float, float], centred: bool = False
    ) -> None:
        # Worker processes share the cores already.
        cv2.setNumThreads(1)
        self._options = options
        self._crop_px = crop_px
        self._centred = centred
        self._max_noise = options.noise_hu / (range_hu[1] - range_hu[0])

    def __call__(self, grey: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return a varied crop.

        Parameters
        ----------
        grey : numpy.ndarray
            (channels, H, W) uint8.
        label : numpy.ndarray
            (H, W) uint8 classes.
        rng : numpy.random.Generator
            Source of all random numbers.

        Returns
        -------
        image : numpy.ndarray
            (channels, crop, crop) float32 in [0, 1].
        label : numpy.ndarray
            (crop, crop) uint8.
        """
        same = all(np.array_equal(grey[0], plane) for plane in grey[1:])
        matrix = self._matrix(label.shape, rng)
        image = np.stack([self._resampled(plane, matrix, cv2.INTER_LINEAR) for plane in grey])
        varied = image.astype(np.float32) * np.float32(1 / 255)
        if self._options.intensities:
            varied = self._intensities(varied, rng, same=same)
        return np.clip(varied, 0, 1), self._resampled(label, matrix, cv2.INTER_NEAREST)

    def _matrix(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return the (2, 3) matrix from (column, row) of the crop to those of the slice."""
        options, crop = self._options, self._crop_px
        rows, columns = shape
        first_row = rng.integers(rows - crop + 1)
        first_column = (columns - crop) // 2 if self._centred else rng.integers(columns - crop + 1)
        linear, shift = np.eye(2), np.zeros(2)
        if rng.random() < options.affine:
            angle = rng.uniform(-options.rotate_rad, options.rotate_rad)
            shear = rng.uniform(-options.shear, options.shear, size=2)
            scale = 1 + rng.uniform(-options.scale, options.scale, size=2)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            linear = turn @ np.array([[1, shear[0]], [shear[1], 1]]) @ np.diag(scale)
            shift = rng.uniform(-options.translate_px, options.translate_px, size=2)
        if rng.random() < options.flip:
            linear = np.diag([-1.0, 1.0]) @ linear
        centre = np.array([(columns - 1) / 2, (rows - 1) / 2])
        start = np.array([first_column, first_row]) - centre + shift
        return np.column_stack([linear, linear @ start + centre])

    def _resampled(self, plane: np.ndarray, matrix: np.ndarray, interpolation: int) -> np.ndarray:
        size = (self._crop_px, self._crop_px)
        return cv2.warpAffine(plane, matrix, size, flags=interpolation | cv2.WARP_INVERSE_MAP)

    def _intensities(self, image: np.ndarray, rng: np.random.Generator, *, same: bool) -> np.ndarray:
        if rng.random() < 0.4:
            image = image + rng.uniform(*_BEAM_HARDENING[0]) * _blurred_bone(image, rng.uniform(*_BEAM_HARDENING[1]))
        kernel = rng.random()
        if kernel < 0.25:
            image = _blurred(image, rng.uniform(*_SMOOTHING_PX), rng.uniform(*_SMOOTHING_PX))
        elif kernel < 0.4:
            # A sharp reconstruction kernel overshoots at edges.
            image = image + rng.uniform(*_SHARPENING) * (image - _blurred(image, 1.0, 1.0))
        if self._max_noise and rng.random() < 0.5:
            image = image + rng.uniform(0, self._max_noise) * _noise(image.shape, rng, same=same)
        if rng.random() < 0.4:
            image = image * (1 + rng.uniform(-_GAIN, _GAIN))
        if rng.random() < 0.4:
            image = image + rng.uniform(-_OFFSET, _OFFSET)
        return image.astype(np.float32, copy=False)


def as_neighbours(plane: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return stand-ins for unknown neighbours of a slice.

    Parameters
    ----------
    plane : numpy.ndarray
        (H, W) uint8 slice.
    count : int
        Odd number of channels; the middle one is the slice itself.
    rng : numpy.random.Generator
        Source of the small scales and shifts of the others.

    Returns
    -------
    numpy.ndarray
        (count, H, W) uint8.
    """
    rows, columns = plane.shape
    planes = []
    for channel in range(count):
        scale = 1 + rng.uniform(-_NEIGHBOUR_SCALE, _NEIGHBOUR_SCALE)
        shift = rng.uniform(-_NEIGHBOUR_SHIFT_PX, _NEIGHBOUR_SHIFT_PX, size=2)
        centre = np.array([(columns - 1) / 2, (rows - 1) / 2])
        matrix = np.column_stack([np.eye(2) * scale, centre * (1 - scale) + shift])
        planes.append(plane if channel == count // 2 else cv2.warpAffine(plane, matrix, (columns, rows)))
    return np.stack(planes)


def _blurred(image: np.ndarray, rows_px: float, columns_px: float) -> np.ndarray:
    return np.stack([cv2.GaussianBlur(plane, (0, 0), sigmaX=columns_px, sigmaY=rows_px) for plane in image])


def _blurred_bone(image: np.ndarray, sigma_px: float) -> np.ndarray:
    """Return the blurred bone mask.

    Scanners correct the cupping caused by bone to different degrees; the residue looks like thin hemorrhage along the
    inner table.
    """
    coarse_px = [size // _BLUR_STRIDE for size in image.shape[:0:-1]]
    planes = []
    for plane in image:
        bone = cv2.resize((plane >= _BONE).astype(np.float32), coarse_px, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(bone, (0, 0), sigma_px / _BLUR_STRIDE, borderType=cv2.BORDER_CONSTANT)
        planes.append(cv2.resize(soft, image.shape[:0:-1], interpolation=cv2.INTER_LINEAR))
    return np.stack(planes)


def _noise(shape: tuple[int, ...], rng: np.random.Generator, *, same: bool) -> np.ndarray:
    """Return noise of standard deviation 1, spatially correlated in half of the cases.

    ``same`` gives all channels the same noise, as where they show the same slice.
    """
    channels, *size = shape
    noise = rng.standard_normal((1 if same else channels, *size), dtype=np.float32)
    if rng.random() < 0.5:
        sigma_px = rng.uniform(*_CORRELATION_PX)
        noise = _blurred(noise, sigma_px, sigma_px)
        noise /= noise.std()
    return noise
