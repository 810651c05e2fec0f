# SPDX-License-Identifier: Apache-2.0
"""Structured reports hold the measured volumes in mL, refer to the segments, and follow TID 1500."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import highdicom
import numpy as np
import pydicom
import pytest
from builders.dicom import write_enhanced, write_series
from builders.dicom_checks import dciodvfy, dsrdump
from builders.grids import make_grid
from pydicom.sr.codedict import codes

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.dicom.seg import write_dicom_seg
from ICHSegmentationLib.export.dicom.sr import write_dicom_sr
from ICHSegmentationLib.export.record import ModelRecord
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

MODEL = ModelRecord(name="a-model", system="transhardnet", preset="compact", sha256="0f" * 32, licence="Apache-2.0")
GRID = make_grid(rows=20, columns=16, steps_mm=[5.0] * 7, tilt_deg=20)


class Report(NamedTuple):
    path: Path
    segmentation: pydicom.Dataset
    volumes_ml: dict[str, float]


def a_report(folder: Path, volume: CTVolume) -> Report:
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[2:5, 2:8, 3:11] = Subtype.IPH
    labels[4:6, 9:13, 3:11] = Subtype.SDH
    label_map = LabelMap(labels, volume.grid)
    datasets = load_source_datasets(volume)
    segmentation = write_dicom_seg(folder / "segmentation.dcm", label_map, volume.source, datasets, model=MODEL)
    measured = measure(label_map)
    write_dicom_sr(folder / "measurements.dcm", measured, volume.source, datasets, segmentation)
    return Report(folder / "measurements.dcm", segmentation, measured.volumes_ml)


@pytest.fixture(scope="module")
def a_volume(tmp_path_factory) -> CTVolume:
    folder = tmp_path_factory.mktemp("ct")
    write_series(folder, np.zeros(GRID.shape, dtype=np.int16), GRID)
    return read_ct(folder)


def test_each_segment_has_its_volume_in_ml(tmp_path, a_volume):
    report = a_report(tmp_path, a_volume)
    content = highdicom.sr.srread(report.path).content
    groups = content.get_volumetric_roi_measurement_groups()

    found = {}
    for group in groups:
        (volume,) = group.get_measurements(name=codes.SCT.Volume)
        assert (volume.unit.value, volume.unit.scheme_designator) == ("mL", "UCUM")
        found[group.tracking_identifier] = volume.value
    expected = {name: value for name, value in report.volumes_ml.items() if name != "total"}
    assert found == pytest.approx(expected, abs=1e-6)
    assert found["IPH"] == pytest.approx(144 * 0.25 * 5 * np.cos(np.radians(20)) / 1000, abs=1e-6)
    total = next(group for group in content.get_image_measurement_groups() if group.tracking_identifier == "total")
    (volume,) = total.get_measurements()
    assert volume.value == pytest.approx(report.volumes_ml["total"], abs=1e-6)


def test_each_group_refers_to_its_segment_and_says_whether_there_is_blood(tmp_path, a_volume):
    report = a_report(tmp_path, a_volume)
    groups = highdicom.sr.srread(report.path).content.get_volumetric_roi_measurement_groups()

    for group, subtype in zip(groups, Subtype, strict=True):
        segment = report.segmentation.SegmentSequence[subtype - 1]
        reference = group.referenced_segment
        assert reference.referenced_sop_instance_uid == report.segmentation.SOPInstanceUID
        assert reference.referenced_segment_numbers == [subtype]
        assert group.tracking_uid == segment.TrackingUID
        assert group.finding_type.value == segment.SegmentedPropertyTypeCodeSequence[0].CodeValue
        (presence,) = group.get_qualitative_evaluations(name=codes.DCM.PresenceOfProperty)
        assert presence.value.meaning == ("Present" if subtype in (Subtype.IPH, Subtype.SDH) else "Absent")


def test_the_evidence_is_the_source_series_and_the_segmentation(tmp_path, a_volume):
    report = a_report(tmp_path, a_volume)
    written = pydicom.dcmread(report.path)

    series = {
        item.SeriesInstanceUID: {instance.ReferencedSOPInstanceUID for instance in item.ReferencedSOPSequence}
        for item in written.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    }
    slices = {pydicom.dcmread(file).SOPInstanceUID for file in a_volume.source.files}
    assert series == {
        a_volume.source.series_uid: slices,
        report.segmentation.SeriesInstanceUID: {report.segmentation.SOPInstanceUID},
    }
    assert written.StudyInstanceUID == report.segmentation.StudyInstanceUID
    assert (written.PreliminaryFlag, written.VerificationFlag) == ("PRELIMINARY", "UNVERIFIED")
    assert written.SeriesDescription == "Hemorrhage measurements (research use only)"


def test_the_report_is_valid_and_shown_by_dcmtk(tmp_path, a_volume):
    report = a_report(tmp_path, a_volume)

    text = dsrdump(report.path)
    assert dciodvfy(report.path) == []
    assert f'"{report.volumes_ml["IPH"]}" (mL,UCUM,"milliliter")' in text
    assert '"Algorithm Name")="a-model"' in text
    assert f'"Algorithm Version")="{__version__}"' in text
    assert f'"sha256={"0f" * 32}"' in text
    assert '(303653007,SCT,"Computed tomography of head")' in text


def test_a_report_on_a_multi_frame_file_is_valid(tmp_path):
    volume = read_ct(write_enhanced(tmp_path / "ct.dcm", np.zeros(GRID.shape, dtype=np.int16), GRID))

    assert dciodvfy(a_report(tmp_path, volume).path) == []


@pytest.mark.parametrize("name", ["ge-head-ct", "philips-skull-phantom"])
def test_reports_on_real_series_are_valid(shared_data, tmp_path, name):
    report = a_report(tmp_path, read_ct(shared_data / name))

    assert dciodvfy(report.path) == []
    assert f'"{report.volumes_ml["total"]}" (mL,UCUM,"milliliter")' in dsrdump(report.path)
