# SPDX-License-Identifier: Apache-2.0
"""A scan read from DICOM gets DICOM results; nothing else does, and what cannot be written is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.dicom import write_series
from builders.dicom_checks import dciodvfy
from builders.errors import raises
from builders.grids import make_grid

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import read_record
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import ModelEntry, RuntimeInfo
from ICHSegmentationLib.pipeline import write_results
from ICHSegmentationLib.segmentation.result import SegmentationResult

MODEL = ModelEntry(
    name="a-model", system="transhardnet", preset="compact", file="a.safetensors", sha256="0f" * 32, size_bytes=1,
    parameters=1, classes=("background", "IPH"), window_hu=(0, 80), pixel_mm=1, training_data="", licence="Apache-2.0",
    non_commercial=False, reference_seconds=1, card="",
)  # fmt: skip
GRID = make_grid(rows=20, columns=16, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5)


def a_case(volume: CTVolume) -> CaseResult:
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[3:6, 2:8, 3:11] = Subtype.IPH
    runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
    return CaseResult.of(SegmentationResult(volume, LabelMap(labels, volume.grid), MODEL, runtime, {}, ()))


def a_volume(folder: Path, **options) -> CTVolume:
    write_series(folder / "ct", np.zeros(GRID.shape, dtype=np.int16), GRID, **options)
    return read_ct(folder / "ct")


def test_both_files_are_written_and_the_segmentation_measures_the_same(tmp_path):
    case = a_case(a_volume(tmp_path))
    Exporter(case).write_files(tmp_path, (ExportFormat.dicom_seg, ExportFormat.dicom_sr))

    assert all(dciodvfy(tmp_path / name) == [] for name in ("segmentation.dcm", "measurements.dcm"))
    read = read_labels(tmp_path / "segmentation.dcm")
    assert read.warnings == ()
    volumes_ml = case.measurements.volumes_ml
    assert measure(read.label_map).volumes_ml == pytest.approx(volumes_ml, abs=1e-5)
    assert volumes_ml["IPH"] > 0.1


def test_they_are_among_the_outputs_of_a_run(tmp_path):
    volume = a_volume(tmp_path)
    written = write_results(a_case(volume), tmp_path / "out")

    record = read_record(tmp_path / "out" / "measurements.json")
    assert record == written.record
    assert {name for name in written.outputs if name.endswith(".dcm")} == {"segmentation.dcm", "measurements.dcm"}
    assert all(path == tmp_path / "out" / name for name, path in written.outputs.items())
    read = read_labels(tmp_path / "out" / "segmentation.dcm", volume.grid)
    assert measure(read.label_map).volumes_ml == pytest.approx(record.volumes_ml, abs=1e-5)


def test_a_volume_from_elsewhere_gets_none(tmp_path):
    written = write_results(a_case(CTVolume(np.zeros(GRID.shape, dtype=np.int16), GRID)), tmp_path)
    assert written.warnings == ()
    assert {path.name for path in tmp_path.iterdir()} == set(written.outputs)
    assert [name for name in written.outputs if name.endswith(".dcm")] == []


@pytest.mark.parametrize("kind", [kind for kind in ExportFormat if kind.is_dicom])
def test_each_dicom_writer_refuses_a_scan_from_elsewhere_in_one_sentence(tmp_path, kind):
    case = a_case(CTVolume(np.zeros(GRID.shape, dtype=np.int16), GRID))
    with raises(InputError, "io.source_not_dicom"):
        Exporter(case).write_files(tmp_path, [kind])
    assert list(tmp_path.iterdir()) == []


def test_headers_that_do_not_allow_it_are_a_warning(tmp_path):
    volume = a_volume(tmp_path, edit=lambda dataset, _: dataset.pop("FrameOfReferenceUID"))
    written = write_results(a_case(volume), tmp_path / "out")

    (warning,) = written.warnings
    assert warning.code == "export.no_dicom_files"
    assert "FrameOfReferenceUID (0020,0052)" in warning
    assert read_record(tmp_path / "out" / "measurements.json").input.warnings[-1] == warning
    assert list((tmp_path / "out").glob("*.dcm")) == []


def test_a_structured_report_needs_a_segmentation_to_refer_to(tmp_path):
    exporter = Exporter(a_case(a_volume(tmp_path)))
    with raises(InputError, "export.no_segmentation", name="the segmentation"):
        exporter.write({ExportFormat.dicom_sr: tmp_path / "report.dcm"})
    # In any order.
    exporter.write({kind: tmp_path / kind.file_name for kind in (ExportFormat.dicom_sr, ExportFormat.dicom_seg)})
    evidence = pydicom.dcmread(tmp_path / "measurements.dcm").CurrentRequestedProcedureEvidenceSequence[0]
    segmentation = pydicom.dcmread(tmp_path / "segmentation.dcm")
    assert segmentation.SeriesInstanceUID in {item.SeriesInstanceUID for item in evidence.ReferencedSeriesSequence}


def test_labels_of_a_scan_elsewhere_are_not_put_on_this_one(tmp_path):
    case = a_case(a_volume(tmp_path))
    Exporter(case).write_files(tmp_path, [ExportFormat.dicom_seg])
    moved = make_grid(
        rows=20, columns=16, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5, origin_mm=(0, 0, 0)
    )

    with pytest.raises(InputError):
        read_labels(tmp_path / "segmentation.dcm", moved)
