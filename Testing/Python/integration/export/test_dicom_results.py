# SPDX-License-Identifier: Apache-2.0
"""A scan read from DICOM gets DICOM results; nothing else does, and what cannot be written is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.dicom import write_series
from builders.dicom_checks import dciodvfy
from builders.grids import make_grid

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.export.dicom.results import write_dicom_results
from ICHSegmentationLib.export.record import read_record
from ICHSegmentationLib.io import read_ct
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.models import ModelEntry, RuntimeInfo
from ICHSegmentationLib.pipeline import write_outputs
from ICHSegmentationLib.segmentation.result import SegmentationResult

MODEL = ModelEntry(
    name="a-model", system="transhardnet", preset="compact", file="a.safetensors", sha256="0f" * 32, size_bytes=1,
    parameters=1, classes=("background", "IPH"), window_hu=(0, 80), pixel_mm=1, training_data="", licence="Apache-2.0",
    non_commercial=False, reference_seconds=1, card="",
)  # fmt: skip
GRID = make_grid(rows=20, columns=16, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5)


def a_result(volume: CTVolume) -> SegmentationResult:
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[3:6, 2:8, 3:11] = Subtype.IPH
    runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
    return SegmentationResult(volume, LabelMap(labels, volume.grid), MODEL, runtime, {}, ())


def a_volume(folder: Path, **options) -> CTVolume:
    write_series(folder / "ct", np.zeros(GRID.shape, dtype=np.int16), GRID, **options)
    return read_ct(folder / "ct")


def test_both_files_are_written_and_the_segmentation_measures_the_same(tmp_path):
    result = a_result(a_volume(tmp_path))
    measured = measure(result.label_map)

    assert write_dicom_results(tmp_path, result, measured) == ()
    assert all(dciodvfy(tmp_path / name) == [] for name in ("segmentation.dcm", "measurements.dcm"))
    read = read_labels(tmp_path / "segmentation.dcm")
    assert read.warnings == ()
    assert measure(read.label_map).volumes_ml == pytest.approx(measured.volumes_ml, abs=1e-5)
    assert measured.volumes_ml["IPH"] > 0.1


def test_they_are_among_the_outputs_of_a_run(tmp_path):
    result = a_result(a_volume(tmp_path))
    written = write_outputs(result, tmp_path / "out")

    record = read_record(tmp_path / "out" / "measurements.json")
    assert {name for name in written if name.endswith(".dcm")} == {"segmentation.dcm", "measurements.dcm"}
    read = read_labels(tmp_path / "out" / "segmentation.dcm", result.volume.grid)
    assert measure(read.label_map).volumes_ml == pytest.approx(record.volumes_ml, abs=1e-5)


def test_a_volume_from_elsewhere_gets_none(tmp_path):
    result = a_result(CTVolume(np.zeros(GRID.shape, dtype=np.int16), GRID))
    assert write_dicom_results(tmp_path, result, measure(result.label_map)) == ()
    assert list(tmp_path.iterdir()) == []


def test_headers_that_do_not_allow_it_are_a_warning(tmp_path):
    result = a_result(a_volume(tmp_path, edit=lambda dataset, _: dataset.pop("FrameOfReferenceUID")))
    warnings = write_dicom_results(tmp_path, result, measure(result.label_map))

    assert warnings[0].startswith("No DICOM files were written: ")
    assert "FrameOfReferenceUID (0020,0052) is missing" in warnings[0]
    assert [path.name for path in tmp_path.iterdir()] == ["ct"]


def test_labels_of_a_scan_elsewhere_are_not_put_on_this_one(tmp_path):
    result = a_result(a_volume(tmp_path))
    write_dicom_results(tmp_path, result, measure(result.label_map))
    moved = make_grid(
        rows=20, columns=16, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5, origin_mm=(0, 0, 0)
    )

    with pytest.raises(InputError, match="does not lie on the slices of the scan"):
        read_labels(tmp_path / "segmentation.dcm", moved)
