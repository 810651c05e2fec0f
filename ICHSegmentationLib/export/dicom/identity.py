# SPDX-License-Identifier: Apache-2.0
"""Identification of this software in DICOM objects, codes and series numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pydicom.uid import generate_uid

from ICHSegmentationLib.core.terminology import Code
from ICHSegmentationLib.core.version import __version__

if TYPE_CHECKING:
    from highdicom import SOPClass
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


def derived_object(
    first: Dataset,
    *,
    sop_class_uid: str,
    modality: str,
    series_offset: int,
    series_description: str,
    transfer_syntax_uid: str,
    **attributes: Any,
) -> SOPClass:
    """Return a new object in the study of a source, in a series of its own, with the patient and study of the source.

    Parameters
    ----------
    first : pydicom.Dataset
        Header of the source.
    sop_class_uid, modality, series_description, transfer_syntax_uid : str
        Attributes of the new object.
    series_offset : int
        See `series_number`.
    **attributes
        Further arguments of `highdicom.SOPClass`.
    """
    from highdicom import SOPClass

    dataset = SOPClass(
        study_instance_uid=first.StudyInstanceUID,
        series_instance_uid=generate_uid(),
        series_number=series_number(first, series_offset),
        sop_instance_uid=generate_uid(),
        sop_class_uid=sop_class_uid,
        instance_number=1,
        modality=modality,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL_NAME,
        software_versions=__version__,
        transfer_syntax_uid=transfer_syntax_uid,
        series_description=series_description,
        **attributes,
    )
    keep_character_set(dataset, first)
    dataset.copy_patient_and_study_information(first)
    return dataset
