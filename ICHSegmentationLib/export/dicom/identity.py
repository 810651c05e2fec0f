# SPDX-License-Identifier: Apache-2.0
"""Identification of this software in DICOM objects, codes and series numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ICHSegmentationLib.core.terminology import Code

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept
    from pydicom import Dataset

MANUFACTURER = "ICHSegmentation"
MODEL_NAME = "ICHSegmentation"
NO_MODEL = "unknown"
_SERIES_STRIDE = 100
_LARGEST_NUMBER = 2**31 - 1


class ModelIdentity(Protocol):
    """Model of a segmentation in DICOM objects: an entry of the manifest or its record in JSON."""

    @property
    def name(self) -> str:
        """Name in the manifest."""

    @property
    def system(self) -> str:
        """Kind of network."""

    @property
    def preset(self) -> str:
        """Size of the network."""

    @property
    def sha256(self) -> str:
        """Checksum of the weights."""


def serial_number(model: ModelIdentity | None) -> str:
    """Return DeviceSerialNumber (0018,1000), type 1 in PS3.3 C.7.5.2.

    Software has none; the checksum of the weights distinguishes the results of installations.
    """
    return (model.sha256 or model.name) if model else NO_MODEL


def coded(code: Code) -> CodedConcept:
    """Return a code of the terminology table as highdicom object."""
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning)


def series_number(source: Dataset, offset: int) -> int:
    """Return a series number derived from that of the source: series 2 gives 201 for an offset of 1."""
    value: Any = source.get("SeriesNumber")
    number = abs(int(value)) * _SERIES_STRIDE + offset if value not in (None, "") else _SERIES_STRIDE + offset
    return number if number <= _LARGEST_NUMBER else _SERIES_STRIDE + offset


def keep_character_set(dataset: Dataset, source: Dataset) -> None:
    """Write texts in the character set of the source.

    highdicom does this from 0.28 on; 0.27, which 3D Slicer 5.12 ships, leaves the attribute out, and
    with it the encoding of the patient's name.
    """
    given = source.get("SpecificCharacterSet")
    if given is not None:
        dataset.SpecificCharacterSet = given
