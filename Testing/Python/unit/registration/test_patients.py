# SPDX-License-Identifier: Apache-2.0
"""Headers of two patients are told apart without a word of them in the warning."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.dicom import base_dataset
from pydicom.uid import CTImageStorage

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.registration.patients import warn_patients


def source(folder: Path, series_uid: str, **values: str) -> CTSource:
    dataset = base_dataset(CTImageStorage, series_uid)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    path = folder / f"{series_uid}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return CTSource(kind="dicom", files=(path,), series_uid=series_uid)


@pytest.mark.parametrize(
    ("first", "second", "tags"),
    [
        ({}, {}, None),
        ({"PatientName": "Secret^Name"}, {"PatientName": "SECRET NAME"}, None),
        ({"PatientName": "Secret^Name"}, {"PatientName": "Other^Spelling"}, None),
        ({"PatientSex": "F"}, {"PatientSex": ""}, None),
        ({"PatientID": ""}, {"PatientID": "17"}, None),
        ({}, {"PatientID": "OTHER"}, "PatientID (0010,0020)"),
        ({"PatientID": "", "PatientName": "A^B"}, {"PatientID": "", "PatientName": "C^D"}, "PatientName (0010,0010)"),
        ({"PatientBirthDate": "19500101"}, {"PatientBirthDate": "19600101"}, "PatientBirthDate (0010,0030)"),
        ({"PatientSex": "F"}, {"PatientSex": "M"}, "PatientSex (0010,0040)"),
    ],
)
def test_different_patients_are_named_by_their_tags_only(tmp_path, first, second, tags):
    found = warn_patients(source(tmp_path, "1.1", **first), source(tmp_path, "1.2", **second))
    expected = [] if tags is None else [message("registration.other_patient", attributes=tags)]
    assert found == expected


def test_the_same_series_twice_is_named(tmp_path):
    scan = source(tmp_path, "1.1")
    assert warn_patients(scan, scan) == [message("registration.same_series")]


def test_the_wrong_order_is_named(tmp_path):
    first, second = source(tmp_path, "1.1", StudyTime="180000"), source(tmp_path, "1.2", StudyTime="120000")
    assert warn_patients(first, second) == [message("registration.wrong_order")]
    assert warn_patients(second, first) == []


def test_files_without_headers_say_nothing(tmp_path):
    assert warn_patients(CTSource(kind="nifti"), source(tmp_path, "1.1")) == []
