# SPDX-License-Identifier: Apache-2.0
"""Comparison of patient and time in the DICOM headers of two scans, without showing patient data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import dcmread

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.files import quiet_pydicom

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.core.scan.source import CTSource

_KEYWORDS = {
    "PatientID": "PatientID (0010,0020)",
    "PatientName": "PatientName (0010,0010)",
    "PatientBirthDate": "PatientBirthDate (0010,0030)",
    "PatientSex": "PatientSex (0010,0040)",
}
_TIMES = (("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"), ("StudyDate", "StudyTime"))


def warn_patients(baseline: CTSource, followup: CTSource) -> list[str]:
    """Return warnings if the headers state different patients, the same series or the wrong order.

    Other files than DICOM are not checked. PatientName, whose spelling varies, is compared only if a PatientID is
    missing.

    Parameters
    ----------
    baseline, followup : CTSource
        Source files of the scans.
    """
    if baseline.kind != "dicom" or followup.kind != "dicom":
        return []
    if baseline.series_uid is not None and baseline.series_uid == followup.series_uid:
        return [message("registration.same_series")]
    first, second = _header(baseline), _header(followup)
    warnings: list[str] = []
    differing = [name for keyword, name in _KEYWORDS.items() if _differ(first, second, keyword)]
    if first.get("PatientID") and second.get("PatientID"):
        differing = [name for name in differing if not name.startswith("PatientName")]
    if differing:
        warnings.append(message("registration.other_patient", attributes=", ".join(differing)))
    times = _times(first, second)
    if times is not None and times[0] > times[1]:
        warnings.append(message("registration.wrong_order"))
    return warnings


def _header(source: CTSource) -> Dataset:
    with quiet_pydicom():
        tags = [*_KEYWORDS, *(tag for pair in _TIMES for tag in pair)]
        return dcmread(source.files[0], stop_before_pixels=True, specific_tags=tags, force=True)


def _differ(first: Dataset, second: Dataset, keyword: str) -> bool:
    """Whether both have a value and these differ in letters or digits, ignoring case."""
    values = [_normalized(str(dataset.get(keyword, "") or "")) for dataset in (first, second)]
    return all(values) and values[0] != values[1]


def _normalized(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _times(first: Dataset, second: Dataset) -> tuple[str, str] | None:
    """Return the first date and time that both headers contain."""
    for date, time in _TIMES:
        if all(dataset.get(date) and dataset.get(time) for dataset in (first, second)):
            one, other = (f"{dataset[date].value} {dataset[time].value}" for dataset in (first, second))
            return one, other
    return None
