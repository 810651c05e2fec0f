# SPDX-License-Identifier: Apache-2.0
"""One slice of a DICOM series, whether it is a file of its own or a frame of a multi-frame file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, FileDataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.files import file_of, integer_of, value_of
from ICHSegmentationLib.io.limits import check_place

MINIMUM_SLICES = 3


@dataclass(frozen=True, eq=False)
class DicomSlice:
    """Header values that place a slice and turn its stored values into HU.

    Attributes
    ----------
    dataset : FileDataset
        The open file.
    frame : int or None
        0-based frame of a multi-frame file.
    position_mm : numpy.ndarray
        (3,) ImagePositionPatient (0020,0032), LPS.
    orientation : numpy.ndarray
        (2, 3) ImageOrientationPatient (0020,0037).
    spacing_mm : tuple of float
        PixelSpacing (0028,0030): between rows, between columns.
    slope, intercept : float
        RescaleSlope (0028,1053) and RescaleIntercept (0028,1052); 1 and 0 where the file does not state them.
    groups : tuple of Dataset
        Data sets that may hold the slice's attributes, the nearest first: the functional groups of a frame, the file.
    """

    dataset: FileDataset
    frame: int | None
    position_mm: np.ndarray
    orientation: np.ndarray
    spacing_mm: tuple[float, float]
    slope: float
    intercept: float
    groups: tuple[Dataset, ...]

    @property
    def path(self) -> Path:
        """The file."""
        return file_of(self.dataset)

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns)."""
        return int(self.dataset.Rows), int(self.dataset.Columns)

    @property
    def number(self) -> tuple[int, int] | None:
        """InstanceNumber and frame, or None where the file has no InstanceNumber (0020,0013)."""
        instance = integer_of(self.dataset, "InstanceNumber", -1)
        return None if instance < 0 else (instance, self.frame or 0)

    def value(self, keyword: str) -> Any | None:
        """Return an attribute of the slice, or None where it is missing or empty."""
        return _first(self.groups, keyword)


def make_slice(dataset: FileDataset, frame: int | None, groups: Sequence[Dataset]) -> DicomSlice:
    """Read the header of a slice.

    Parameters
    ----------
    dataset : FileDataset
        The open file.
    frame : int or None
        0-based frame of a multi-frame file.
    groups : sequence of Dataset
        Data sets that hold the attributes, the nearest first: the file itself, or the functional groups of a frame.

    Raises
    ------
    InputError
        If an attribute is missing or not valid; the message names it and the file.
    """
    position = _numbers(groups, "ImagePositionPatient", 3, dataset)
    orientation = _numbers(groups, "ImageOrientationPatient", 6, dataset).reshape(2, 3)
    spacing = _numbers(groups, "PixelSpacing", 2, dataset)
    if not np.allclose(orientation @ orientation.T, np.eye(2), atol=0.02):
        raise InputError(message("io.not_orthonormal", path=file_of(dataset)))
    if spacing.min() <= 0:
        raise InputError(message("io.spacing_not_positive", path=file_of(dataset)))
    check_place(file_of(dataset), position, spacing.tolist())
    slope, intercept = (_number(groups, keyword, dataset) for keyword in ("RescaleSlope", "RescaleIntercept"))
    if slope == 0:
        raise InputError(message("io.slope_zero", path=file_of(dataset)))
    return DicomSlice(
        dataset,
        frame,
        position,
        orientation,
        (float(spacing[0]), float(spacing[1])),
        1.0 if slope is None else slope,
        0.0 if intercept is None else intercept,
        tuple(groups) if frame is None else (*groups, dataset),
    )


def tag_name(keyword: str) -> str:
    """Return an attribute's keyword with its tag, as ``PixelSpacing (0028,0030)``."""
    tag = Tag(tag_for_keyword(keyword) or 0)
    return f"{keyword} ({tag.group:04X},{tag.element:04X})"


def _first(groups: Sequence[Dataset], keyword: str) -> Any | None:
    values = (value_of(group, keyword) for group in groups)
    return next((value for value in values if value is not None), None)


def _number(groups: Sequence[Dataset], keyword: str, dataset: FileDataset) -> float | None:
    return None if _first(groups, keyword) is None else float(_numbers(groups, keyword, 1, dataset)[0])


def _numbers(groups: Sequence[Dataset], keyword: str, count: int, dataset: FileDataset) -> np.ndarray:
    value = _first(groups, keyword)
    if value is None:
        raise InputError(message("io.geometry_missing", path=file_of(dataset), attribute=tag_name(keyword)))
    try:
        numbers = np.atleast_1d(np.array(value, dtype=np.float64))
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        attribute = tag_name(keyword)
        raise InputError(message("io.not_numbers", path=file_of(dataset), attribute=attribute, count=count))
    return numbers
