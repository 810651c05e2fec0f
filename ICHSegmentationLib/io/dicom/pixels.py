# SPDX-License-Identifier: Apache-2.0
"""Decoding the pixels of DICOM slices into HU."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.volume import PADDING_HU
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.files import value_of
from ICHSegmentationLib.io.dicom.slices import DicomSlice
from ICHSegmentationLib.io.values import rescale

_TISSUE_HU = (-500.0, 3071.0)
"""A padding value in this range may also be a patient's: it is honoured only where it touches the image's border."""


class PixelDecoder:
    """Decodes slices one by one; the frames of a multi-frame file are decoded once.

    Attributes
    ----------
    padded_values : int
        How many pixels were padding so far.
    wrapped : bool
        Whether signed values were found in a file that says they are unsigned.
    """

    def __init__(self) -> None:
        self.padded_values = 0
        self.wrapped = False
        self._frames: dict[int, np.ndarray] = {}

    def decode(self, item: DicomSlice, out: np.ndarray) -> None:
        """Write a slice's HU into ``out`` (rows, columns) int16.

        Raises
        ------
        InputError
            If the pixels cannot be decoded; the message names the file.
        """
        stored = self._stored(item)
        if stored.shape != out.shape:
            raise InputError(message("io.pixels_do_not_agree", path=item.path, found=stored.shape, stated=out.shape))
        if stored.dtype == np.uint16 and stored.max() > np.iinfo(np.int16).max:
            # Some archives mark padding as -2000 in data that the header calls unsigned.
            stored = stored.view(np.int16)
            self.wrapped = True
        self.padded_values += rescale(stored, item.slope, item.intercept, out)
        self._pad(item, stored, out)

    def _stored(self, item: DicomSlice) -> np.ndarray:
        key = id(item.dataset)
        if key in self._frames and item.frame is not None:
            return self._frames[key][item.frame]
        name = getattr(item.dataset.file_meta.TransferSyntaxUID, "name", "unknown")
        with damage_named(item.path, f"pixels of transfer syntax {name}"):
            pixels = item.dataset.pixel_array
        if item.frame is None:
            return pixels
        self._frames[key] = pixels.reshape(-1, *pixels.shape[-2:])
        return self._frames[key][item.frame]

    def _pad(self, item: DicomSlice, stored: np.ndarray, out: np.ndarray) -> None:
        low = value_of(item.dataset, "PixelPaddingValue")
        if not isinstance(low, int):
            return
        high = value_of(item.dataset, "PixelPaddingRangeLimit")
        limits = sorted(_signed(value, stored) for value in (low, high if isinstance(high, int) else low))
        in_hu = [value * item.slope + item.intercept for value in limits]
        if in_hu[1] <= PADDING_HU:
            return
        mask = (stored >= limits[0]) & (stored <= limits[1])
        if in_hu[0] <= _TISSUE_HU[1] and in_hu[1] >= _TISSUE_HU[0]:
            mask = _touching_border(mask)
        self.padded_values += int(np.count_nonzero(mask & (out > PADDING_HU)))
        out[mask] = PADDING_HU


def _signed(value: int, stored: np.ndarray) -> int:
    """Return a padding value as the data's type holds it; it is often written with the wrong sign."""
    if stored.dtype == np.int16 and value > np.iinfo(np.int16).max:
        return value - 65536
    return value


def _touching_border(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage  # here, not above: it takes a quarter of a second, and few files need it

    frame = np.ones_like(mask)
    frame[1:-1, 1:-1] = False
    return ndimage.binary_propagation(mask & frame, mask=mask)
