# SPDX-License-Identifier: Apache-2.0
"""The report inside a DICOM file: valid, of the scan's study, and the same bytes when taken out."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from builders.dicom import write_enhanced, write_series
from builders.dicom_checks import dciodvfy, dcmdump
from builders.grids import make_grid

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.dicom.pdf import write_dicom_pdf
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.reader import read_ct

PDF = b"%PDF-1.4 report %%EOF"
GRID = make_grid(rows=20, columns=16, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5)


def written(folder, volume: CTVolume, *, pdf: bytes = PDF, shows_patient: bool = False) -> pydicom.Dataset:
    path = folder / "report.dcm"
    write_dicom_pdf(path, pdf, volume.source, load_source_datasets(volume), shows_patient=shows_patient)
    assert dciodvfy(path) == []
    return pydicom.dcmread(path)


@pytest.fixture
def a_volume(tmp_path) -> CTVolume:
    write_series(tmp_path / "ct", np.zeros(GRID.shape, dtype=np.int16), GRID)
    return read_ct(tmp_path / "ct")


@pytest.mark.parametrize("pdf", [PDF, PDF + b"\n"], ids=["odd length", "even length"])
def test_the_report_comes_out_as_it_went_in(tmp_path, a_volume, pdf):
    found = written(tmp_path, a_volume, pdf=pdf)

    assert found.EncapsulatedDocument[: found.EncapsulatedDocumentLength] == pdf
    assert len(found.EncapsulatedDocument) % 2 == 0
    assert found.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert "[application/pdf]" in dcmdump(tmp_path / "report.dcm")


def test_it_belongs_to_the_scan_and_names_its_slices(tmp_path, a_volume):
    found, source = written(tmp_path, a_volume), pydicom.dcmread(a_volume.source.files[0])

    assert (found.PatientID, found.StudyInstanceUID) == (source.PatientID, source.StudyInstanceUID)
    assert found.SeriesInstanceUID != source.SeriesInstanceUID
    assert (found.Modality, found.SeriesNumber) == ("DOC", 203)
    assert found.SeriesDescription == "Hemorrhage report (research use only)"
    assert found.DocumentTitle == "Intracranial hemorrhage - segmentation report"
    slices = [pydicom.dcmread(file).SOPInstanceUID for file in a_volume.source.files]
    assert [item.ReferencedSOPInstanceUID for item in found.SourceInstanceSequence] == slices
    assert found.AcquisitionDateTime == ""


def test_the_header_says_whether_the_patient_can_be_read_on_the_page(tmp_path, a_volume):
    assert written(tmp_path, a_volume).BurnedInAnnotation == "NO"
    assert written(tmp_path, a_volume, shows_patient=True).BurnedInAnnotation == "YES"


def test_of_a_multi_frame_scan_it_is_valid_too(tmp_path):
    volume = read_ct(write_enhanced(tmp_path / "ct.dcm", np.zeros(GRID.shape, dtype=np.int16), GRID))
    assert len(written(tmp_path, volume).SourceInstanceSequence) == 1


@pytest.mark.parametrize("name", ["ge-head-ct", "philips-skull-phantom"])
def test_of_real_series_it_is_valid(shared_data, tmp_path, name):
    volume = read_ct(shared_data / name)
    assert len(written(tmp_path, volume).SourceInstanceSequence) == volume.grid.shape[0]
