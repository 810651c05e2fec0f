# SPDX-License-Identifier: Apache-2.0
"""Texts of a DICOM result are in the character set of its source, whichever highdicom made it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydicom import Dataset

from ICHSegmentationLib.export.dicom.identity import keep_character_set
from ICHSegmentationLib.io.dicom import source_headers as dicom_source


def a_source(character_set):
    dataset = Dataset()
    dataset.SpecificCharacterSet = character_set
    dataset.PatientName = "Test"
    return dataset


def test_a_result_without_a_character_set_takes_the_source_s():
    result = Dataset()
    keep_character_set(result, a_source("ISO_IR 100"))
    assert result.SpecificCharacterSet == "ISO_IR 100"


def test_a_source_without_one_leaves_the_result_as_it_is():
    result = Dataset()
    keep_character_set(result, Dataset())
    assert "SpecificCharacterSet" not in result


@pytest.mark.parametrize(("given", "kept"), [("ISO_IR 100", "ISO_IR 100"), ("NOT A SET", "ISO_IR 192")])
@pytest.mark.filterwarnings("ignore:Unknown encoding")
def test_highdicom_without_a_list_of_sets_keeps_those_that_pydicom_knows(monkeypatch, given, kept):
    """As 0.27, which 3D Slicer 5.12 ships."""
    import highdicom

    monkeypatch.setattr(highdicom, "enum", SimpleNamespace())
    dataset = a_source(given)
    dicom_source._fit_character_set(dataset)
    assert dataset.SpecificCharacterSet == kept
