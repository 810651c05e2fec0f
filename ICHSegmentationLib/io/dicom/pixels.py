# SPDX-License-Identifier: Apache-2.0
"""HU of the pixels of DICOM slices."""

from __future__ import annotations

import numpy as np
from pydicom import FileDataset
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    JPEG2000MC,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
)

from ICHSegmentationLib.core.errors import InputError, UnusableSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import PADDING_HU
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.files import integer_of, value_of
from ICHSegmentationLib.io.dicom.slices import DicomSlice, tag_name
from ICHSegmentationLib.io.values import rescale

_TISSUE_HU = (-500.0, 3071.0)
"""A padding value in this range may also be a patient's: it is honoured only where it touches the image's border."""
_SIGNED_MAXIMUM = np.iinfo(np.int16).max
_HIGHEST_HU = float(_SIGNED_MAXIMUM)
"""No scanner writes more: the extended CT scale ends at 30,710 HU."""
_REQUIRED = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
)
_LOSSY_SYNTAXES = {JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless}
_MAYBE_LOSSY_SYNTAXES = {JPEG2000, JPEG2000MC, HTJ2K}
_RESCALE = ("RescaleSlope", "RescaleIntercept")
_HU_TYPES = {"HU", "US"}
"""RescaleType of HU, and of unspecified values, which some archives write into CT in HU."""
_PROJECTIONS = {"MIP", "MINIP", "MAX_IP", "MIN_IP", "PROJECTION IMAGE", "VOLUME_RENDER", "SURFACE_RENDER"}
_OVERLAY_GROUPS, _OVERLAY_BIT = range(0x6000, 0x6020, 2), 0x0102


def check_values(slices: list[DicomSlice]) -> None:
    """Refuse slices whose headers do not say which HU their pixels stand for.

    Raises
    ------
    InputError
        If a slice lacks an attribute without which its pixels cannot be read, or holds greys of 8 bits, other values
        than HU, or projections.
    UnusableSeriesError
        If only some slices state RescaleSlope (0028,1053) or RescaleIntercept (0028,1052).
    """
    for item in slices:
        for keyword in _REQUIRED:
            if item.value(keyword) is None:
                raise InputError(message("io.attribute_missing", path=item.path, attribute=tag_name(keyword)))
        if integer_of(item.dataset, "BitsAllocated", 16) <= 8:
            raise InputError(message("io.eight_bits", path=item.path))
        _check_meaning(item)
    for keyword in _RESCALE:
        lacking = [item for item in slices if item.value(keyword) is None]
        if 0 < len(lacking) < len(slices):
            raise UnusableSeriesError(
                message(
                    "io.some_slices_lack",
                    attribute=tag_name(keyword),
                    count=len(lacking),
                    total=len(slices),
                    path=lacking[0].path,
                )
            )


def _check_meaning(item: DicomSlice) -> None:
    kind = str(item.value("RescaleType") or "HU").strip().upper()
    if kind not in _HU_TYPES:
        raise InputError(message("io.not_hu", path=item.path, kind=kind))
    if value_of(item.dataset, "ModalityLUTSequence"):
        raise InputError(message("io.modality_lut", path=item.path))
    stored, allocated = (integer_of(item.dataset, keyword, 16) for keyword in ("BitsStored", "BitsAllocated"))
    if stored < allocated and integer_of(item.dataset, "HighBit", stored - 1) != stored - 1:
        raise InputError(message("io.high_bit", path=item.path))
    kinds = value_of(item.dataset, "ImageType") or ()
    projections = {str(value).upper() for value in ([kinds] if isinstance(kinds, str) else kinds)} & _PROJECTIONS
    if projections:
        raise InputError(message("io.projection", path=item.path, value=min(projections)))


def is_lossy(dataset: FileDataset) -> bool:
    """Return whether pixels were compressed with loss, by LossyImageCompression (0028,2110) or the transfer syntax."""
    stated = str(value_of(dataset, "LossyImageCompression") or "")
    syntax = dataset.file_meta.TransferSyntaxUID
    return stated == "01" or syntax in _LOSSY_SYNTAXES or (syntax in _MAYBE_LOSSY_SYNTAXES and stated != "00")


class PixelDecoder:
    """Decodes the slices of a series; the frames of a multi-frame file are decoded once.

    Attributes
    ----------
    padded_values : int
        Number of pixels that were padding.
    wrapped : bool
        Whether signed values were found in files that say they are unsigned.
    """

    def __init__(self) -> None:
        self.padded_values = 0
        self.wrapped = False
        self._frames: dict[int, np.ndarray] = {}

    def decode_all(self, slices: list[DicomSlice], out: np.ndarray) -> None:
        """Write the HU of all slices into ``out`` (slices, rows, columns) int16.

        Some archives mark padding as -2000 in data that the header calls unsigned. Such values are read as signed, in
        every slice of the series, if one of them cannot be unsigned: it would be more than 32,767 HU.

        Raises
        ------
        InputError
            If the pixels cannot be decoded; the message names the file.
        """
        large = []
        for index, item in enumerate(slices):
            stored = self._stored(item, out.shape[1:])
            if stored.dtype == np.uint16 and int(stored.max()) > _SIGNED_MAXIMUM:
                large.append(index)
                self.wrapped = self.wrapped or float(stored.max()) * item.slope + item.intercept > _HIGHEST_HU
            else:
                self._convert(item, stored, out[index])
        for index in large:
            stored = self._stored(slices[index], out.shape[1:])
            self._convert(slices[index], stored.view(np.int16) if self.wrapped else stored, out[index])

    def _convert(self, item: DicomSlice, stored: np.ndarray, out: np.ndarray) -> None:
        self.padded_values += rescale(stored, item.slope, item.intercept, out)
        self._pad(item, stored, out)

    def _stored(self, item: DicomSlice, shape: tuple[int, ...]) -> np.ndarray:
        stored = self._pixels(item)
        if stored.shape != shape:
            raise InputError(message("io.pixels_do_not_agree", path=item.path, found=stored.shape, stated=shape))
        return stored

    def _pixels(self, item: DicomSlice) -> np.ndarray:
        key = id(item.dataset)
        if key in self._frames and item.frame is not None:
            return self._frames[key][item.frame]
        name = getattr(item.dataset.file_meta.TransferSyntaxUID, "name", "unknown")
        with damage_named(item.path, f"pixels of transfer syntax {name}"):
            pixels = item.dataset.pixel_array
        _check_bits(item)
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


def _check_bits(item: DicomSlice) -> None:
    """Refuse uncompressed pixels that use bits beyond those that are stored, except as a sign or a stated overlay."""
    dataset = item.dataset
    stored = integer_of(dataset, "BitsStored", 16)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated or integer_of(dataset, "BitsAllocated", 16) != 16:
        return
    if stored >= 16 or any((group, _OVERLAY_BIT) in dataset for group in _OVERLAY_GROUPS):
        return
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    values = np.frombuffer(dataset.PixelData[: len(dataset.PixelData) // 2 * 2], dtype=f"{order}i2")
    signed = integer_of(dataset, "PixelRepresentation", 0) == 1
    low, high = (-(1 << (stored - 1)), 1 << (stored - 1)) if signed else (0, 1 << stored)
    if values.size and (values.min() < low or values.max() >= high):
        raise InputError(message("io.bits_beyond", path=item.path))


def _signed(value: int, stored: np.ndarray) -> int:
    """Return a padding value as the data's type holds it; it is often written with the wrong sign."""
    if stored.dtype == np.int16 and value > _SIGNED_MAXIMUM:
        return value - 65536
    if stored.dtype == np.uint16 and value < 0:
        return value + 65536
    return value


def _touching_border(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage  # here, not above: it takes a quarter of a second, and few files need it

    frame = np.ones_like(mask)
    frame[1:-1, 1:-1] = False
    return ndimage.binary_propagation(mask & frame, mask=mask)
