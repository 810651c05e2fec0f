# SPDX-License-Identifier: Apache-2.0
"""Patient data are read as the scan has them, and only from DICOM."""

from __future__ import annotations

import numpy as np
from builders.dicom import write_series
from builders.errors import raises
from builders.grids import make_grid

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.export.report.patient import PatientData, read_patient
from ICHSegmentationLib.io.reader import read_ct

GRID = make_grid(rows=8, columns=8, steps_mm=[5.0] * 3)


def read(folder, **tags) -> PatientData:
    def edit(dataset, _):
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)

    write_series(folder, np.zeros(GRID.shape, np.int16), GRID, edit=edit)
    return read_patient(read_ct(folder).source)


def test_name_dates_and_numbers_are_written_for_people(tmp_path):
    found = read(
        tmp_path, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg^A", PatientBirthDate="19510312",
        PatientSex="M", AccessionNumber="A-1",
    )  # fmt: skip
    assert found == PatientData("Müller, Jörg A", "SECRET-ID", "1951-03-12", "M", "2020-01-01", "A-1")
    assert found.describe() == (
        "Müller, Jörg A | ID SECRET-ID | born 1951-03-12 | sex M | study of 2020-01-01 | accession A-1"
    )


def test_what_is_empty_is_left_out(tmp_path):
    assert read(tmp_path, PatientName="", StudyDate="").describe() == "(no name) | ID SECRET-ID"


def test_letters_that_the_report_cannot_show_are_said_not_lost(tmp_path):
    found = read(tmp_path, SpecificCharacterSet="ISO_IR 192", PatientName="Иванов^Иван")
    assert found.name == "(name in letters that this report cannot show)"
    both = read(tmp_path, SpecificCharacterSet="ISO_IR 192", PatientName="Yamada^Tarou=山田^太郎")
    assert both.name == "Yamada, Tarou"


def test_other_scans_hold_none():
    with raises(InputError, "export.no_patient_data"):
        read_patient(CTSource(kind="nifti"))
