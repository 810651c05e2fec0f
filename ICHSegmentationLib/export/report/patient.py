# SPDX-License-Identifier: Apache-2.0
"""Patient data for a report, read only on request; never logged or stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.source_headers import quiet_dicom

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.core.scan.source import CTSource

_KEYWORDS = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "AccessionNumber")
_OTHER_SCRIPT = "(name in letters that this report cannot show)"


@dataclass(frozen=True)
class PatientData:
    """Patient and study of a report; values that the scan does not contain are empty.

    Attributes
    ----------
    name, patient_id, sex, accession_number : str
        Values of the scan.
    birth_date, study_date : str
        As ``1951-03-12``.
    """

    name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    accession_number: str = ""

    def describe(self) -> str:
        """Return all known values on one line."""
        parts = {
            "": self.name or "(no name)",
            "ID": self.patient_id,
            "born": self.birth_date,
            "sex": self.sex,
            "study of": self.study_date,
            "accession": self.accession_number,
        }
        return " | ".join(f"{word} {value}".strip() for word, value in parts.items() if value)


def read_patient(source: CTSource) -> PatientData:
    """Read patient and study from the header of a scan's first slice.

    Raises
    ------
    InputError
        If the scan was not read from DICOM or its file can no longer be read.
    """
    from pydicom import dcmread

    if source.kind != "dicom":
        raise InputError(message("export.no_patient_data"))
    path = source.files[0]
    with quiet_dicom(), damage_named(path, "DICOM"):
        dataset = dcmread(path, stop_before_pixels=True, specific_tags=list(_KEYWORDS), force=True)
        return PatientData(
            name=_name(dataset),
            patient_id=_text(dataset, "PatientID"),
            birth_date=_date(_text(dataset, "PatientBirthDate")),
            sex=_text(dataset, "PatientSex"),
            study_date=_date(_text(dataset, "StudyDate")),
            accession_number=_text(dataset, "AccessionNumber"),
        )


def _name(dataset: Dataset) -> str:
    """Return "Family, Given" of the alphabetic group, since the font of the report has Latin letters only."""
    value = dataset.get("PatientName")
    if not value:
        return ""
    parts = [value.family_name, " ".join(part for part in (value.given_name, value.middle_name) if part)]
    name = ", ".join(part.strip() for part in parts if part.strip())
    return name if _is_latin(name) else _OTHER_SCRIPT


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip()


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


def _is_latin(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
