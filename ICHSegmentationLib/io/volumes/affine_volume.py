# SPDX-License-Identifier: Apache-2.0
"""From a file's array and affine to a CTVolume: axis order and greys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource, from_storage_order, nearest_axes
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.grid_warnings import warn_grid
from ICHSegmentationLib.io.limits import check_length, check_place, check_slices
from ICHSegmentationLib.io.values import rescale

_MINIMUM_SLICES = 3
_AIR_HU = -500
_BLACK_HU, _WHITE_HU = -1000, 1000  # grey 0 is the window's end or less, as far as air; grey 255 as much or more: bone
_WHITE = 255.0
_FRACTIONS_BELOW = 1.5
_STRAY_SHARE, _STRAY_GREYS = 0.001, 16  # a few greys just outside 0-255, as resampling leaves them, are still greys


def volume_from_affine(
    array: np.ndarray,
    affine_ras: np.ndarray,
    source: CTSource,
    *,
    grey_window: tuple[float, float] | None,
    warnings: tuple[str, ...] = (),
) -> CTVolume:
    """Make a volume of an (i, j, k) array whose affine maps (i, j, k) to RAS mm.

    The slice axis is the stored axis nearest to superior-inferior, columns run along the one nearest to left-right;
    axes are exchanged, never flipped.

    Parameters
    ----------
    array : numpy.ndarray
        Values as the file means them (scaling applied); trailing axes of length 1 are dropped.
    affine_ras : numpy.ndarray
        (4, 4).
    source : CTSource
        ``storage_axes`` and ``file_affine`` are filled in here.
    grey_window : tuple of float or None
        HU that greys 0 and 255 (0 and 1 in a file of fractions) stand for. These two greys themselves mean "this or
        beyond" and become air (-1000 HU) and bone (1000 HU): a head is told by its skull.
    warnings : tuple of str
        Warnings of the reader.

    Raises
    ------
    InputError
        If the file holds no single 3D volume of three slices or more in HU, no numbers, or its affine is singular.
    """
    name = source.files[0]
    if array.dtype.kind not in "iuf":
        raise InputError(message("io.not_single_numbers", path=name))
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3 or array.size == 0:
        raise InputError(message("io.not_one_volume", path=name, shape=array.shape))
    affine = np.array(affine_ras, dtype=np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(_directions(affine))) < 1e-3:
        raise InputError(message("io.singular_affine", path=name))
    check_place(name, affine[:3, 3], np.linalg.norm(affine[:3, :3], axis=0).tolist())
    axes = nearest_axes(affine)
    source = replace(source, storage_axes=axes, file_affine=affine)
    stored = from_storage_order(array, source)
    if stored.shape[0] < _MINIMUM_SLICES:
        raise InputError(message("io.too_few_slices", path=name, slices=stored.shape[0], minimum=_MINIMUM_SLICES))
    check_slices(name, stored.shape[0])
    grid = SliceGrid.from_affine(affine[:, [*reversed(axes), 3]], stored.shape)
    check_length(name, grid)
    stored, warned = _finite(stored, source)
    hu, value_warnings = _to_hu(stored, source, grey_window)
    return CTVolume(hu, grid, source, (*warnings, *warn_grid(grid), *warned, *value_warnings))


def _directions(affine: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    return affine[:3, :3] / np.where(lengths == 0, 1, lengths)


def _finite(stored: np.ndarray, source: CTSource) -> tuple[np.ndarray, list[str]]:
    """Turn infinite values into NaN, and say how many voxels hold no number."""
    if stored.dtype.kind != "f":
        return stored, []
    finite = np.isfinite(stored)
    missing = stored.size - int(np.count_nonzero(finite))
    if not missing:
        return stored, []
    if missing == stored.size:
        raise InputError(message("io.no_numbers", path=source.files[0]))
    return np.where(finite, stored, np.nan), [message("io.missing_numbers", voxels=missing)]


def _to_hu(
    stored: np.ndarray, source: CTSource, grey_window: tuple[float, float] | None
) -> tuple[np.ndarray, list[str]]:
    name = source.files[0]
    low, high = float(np.nanmin(stored)), float(np.nanmax(stored))
    greys = _are_greys(stored, low, high)
    if greys and grey_window is None:
        raise InputError(message("io.greys_not_hu", path=name, low=low, high=high))
    hu = np.empty(stored.shape, dtype=np.int16)
    if grey_window is not None:
        if not greys:
            raise InputError(message("io.hu_not_greys", path=name, low=low, high=high))
        if grey_window[0] >= grey_window[1]:
            raise InputError(message("io.empty_grey_window", low=grey_window[0], high=grey_window[1]))
        white = 1.0 if stored.dtype.kind == "f" and high < _FRACTIONS_BELOW else _WHITE
        rescale(stored, (grey_window[1] - grey_window[0]) / white, float(grey_window[0]), hu)
        hu[stored <= 0] = _BLACK_HU
        hu[stored >= white] = _WHITE_HU
        return hu, [message("io.greys_mapped", low=grey_window[0], high=grey_window[1])]
    warnings: list[str] = []
    padded = rescale(stored, 1.0, 0.0, hu) - np.count_nonzero(np.isnan(stored))
    if low > _AIR_HU:
        warnings.append(message("io.no_air", low=low))
    if padded:
        warnings.append(message("io.padding"))
    return hu, warnings


def _are_greys(stored: np.ndarray, low: float, high: float) -> bool:
    if low >= 0 and high <= _WHITE:
        return True
    if low < -_STRAY_GREYS or high > _WHITE + _STRAY_GREYS:
        return False
    return bool(np.count_nonzero((stored < 0) | (stored > _WHITE)) <= _STRAY_SHARE * stored.size)
