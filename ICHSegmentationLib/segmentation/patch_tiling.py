# SPDX-License-Identifier: Apache-2.0
"""Tile a volume with overlapping patches and average a network's probabilities."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

Box = tuple[slice, slice, slice]
_PATCHES_AT_ONCE = 32


def cut_patch(volume: np.ndarray, start: tuple[int, ...], size: tuple[int, ...], *, outside: int = 0) -> np.ndarray:
    """Copy the patch (..., *size) at ``start`` of a volume's last axes, padded with ``outside`` beyond the volume."""
    inside, there = _shared(start, size, volume.shape[-len(size) :])
    patch = np.full((*volume.shape[: -len(size)], *size), outside, dtype=volume.dtype)
    patch[(..., *there)] = volume[(..., *inside)]
    return patch


def patch_starts(brain: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the positions of patches that cover a brain.

    The patches extend half their size beyond the brain's bounding box, so that border and inside are covered by equally
    many. Patches without brain are skipped.

    Parameters
    ----------
    brain : numpy.ndarray
        (slices, H, W) bool.
    size, stride : tuple of int
        Of the patches, along the same axes.

    Returns
    -------
    list of tuple of int
        First voxel of each patch; may lie outside the volume.
    """
    if not brain.any():
        return []
    axes = []
    for axis, (side, step) in enumerate(zip(size, stride, strict=True)):
        found = np.flatnonzero(brain.any(axis=tuple(other for other in range(brain.ndim) if other != axis)))
        axes.append(range(int(found[0]) - side // 2, int(found[-1]) + 1 - side // 2 + step, step))
    return [start for start in product(*axes) if brain[_shared(start, size, brain.shape)[0]].any()]


def averaged_probabilities(
    channels: np.ndarray,
    brain: np.ndarray,
    predict: Callable[[np.ndarray], np.ndarray],
    *,
    classes: int,
    size: tuple[int, int, int],
    stride: tuple[int, int, int],
    progress: Callable[[float], None] = lambda _: None,
) -> np.ndarray:
    """Average a network's probabilities over the patches of a volume.

    Parameters
    ----------
    channels : numpy.ndarray
        (channels, slices, H, W) float32.
    brain : numpy.ndarray
        (slices, H, W) bool; voxels outside are background.
    predict : callable
        Maps (N, channels, *size) to probabilities (N, classes, *size), background first.
    classes : int
        Number of classes.
    size, stride : tuple of int
        Of the patches.
    progress : callable
        Called with the fraction done; an exception that it raises stops the work.

    Returns
    -------
    numpy.ndarray
        (classes, slices, H, W) float32.
    """
    starts = patch_starts(brain, size, stride)
    total = np.zeros((classes, *brain.shape), dtype=np.float32)
    count = np.zeros(brain.shape, dtype=np.float32)
    for first in range(0, len(starts), _PATCHES_AT_ONCE):
        batch = starts[first : first + _PATCHES_AT_ONCE]
        patches = np.stack([cut_patch(channels, start, size) for start in batch])
        for start, probabilities in zip(batch, predict(patches), strict=True):
            inside, there = _shared(start, size, brain.shape)
            total[(slice(None), *inside)] += probabilities[(slice(None), *there)]
            count[inside] += 1
        progress((first + len(batch)) / len(starts))
    total /= np.maximum(count, 1)
    total[:, ~brain] = 0
    total[0, ~brain] = 1
    return total


def _shared(start: tuple[int, ...], size: tuple[int, ...], shape: tuple[int, ...]) -> tuple[Box, Box]:
    """Return the intersection of a patch and a volume as slices of the volume and of the patch."""
    first = [max(at, 0) for at in start]
    last = [max(min(at + side, length), low) for at, side, length, low in zip(start, size, shape, first, strict=True)]
    inside = tuple(slice(low, high) for low, high in zip(first, last, strict=True))
    there = tuple(slice(low - at, high - at) for low, high, at in zip(first, last, start, strict=True))
    return inside, there  # type: ignore[return-value]
