# SPDX-License-Identifier: Apache-2.0
"""``ichseg export`` makes any of a result's files again, from labels as they are now."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.command import Command
from builders.dicom import write_series
from builders.dicom_checks import dciodvfy
from builders.grids import make_grid

from ICHSegmentationLib.ct import read_ct
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.models import ModelEntry, RuntimeInfo
from ICHSegmentationLib.reporting.dicom_results import write_dicom_results
from ICHSegmentationLib.reporting.record import make_record, read_record
from ICHSegmentationLib.reporting.seg_nrrd import write_seg_nrrd
from ICHSegmentationLib.reporting.tables import write_measurements_json
from ICHSegmentationLib.segmentation.label_map import LabelMap
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.subtypes import Subtype

MODEL = ModelEntry(
    name="a-model", system="transhardnet", preset="compact", file="a.safetensors", sha256="0f" * 32, size_bytes=1,
    parameters=1, classes=("background", "IPH"), window_hu=(0, 80), pixel_mm=1, training_data="", licence="Apache-2.0",
    non_commercial=False, reference_seconds=1, card="",
)  # fmt: skip
GRID = make_grid(rows=64, columns=64, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, spacing_mm=(3, 3), tilt_deg=18.5)


@pytest.fixture
def a_result_folder(tmp_path: Path) -> Path:
    """The files of a run: ``ct`` and ``out`` with segmentation.seg.nrrd, segmentation.dcm and measurements.json."""
    hu = np.full(GRID.shape, -1000, dtype=np.int16)
    hu[:, 8:56, 8:56] = 30
    write_series(tmp_path / "ct", hu, GRID)
    volume = read_ct(tmp_path / "ct")
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[3:6, 20:30, 20:32] = Subtype.IPH
    runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
    result = SegmentationResult(volume, LabelMap(labels, volume.grid), MODEL, runtime, {}, ())
    measurements = measure(result.label_map, volume)
    (tmp_path / "out").mkdir()
    write_seg_nrrd(tmp_path / "out" / "segmentation.seg.nrrd", result.label_map)
    write_dicom_results(tmp_path / "out", result, measurements)
    write_measurements_json(tmp_path / "out" / "measurements.json", make_record(result, measurements))
    return tmp_path


def correct(folder: Path) -> LabelMap:
    """Paint one slice of ventricular blood into the labels, as by hand."""
    volume = read_ct(folder / "ct")
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[3:6, 20:30, 20:32] = Subtype.IPH
    labels[7, 40:44, 40:44] = Subtype.IVH
    write_seg_nrrd(folder / "out" / "segmentation.seg.nrrd", LabelMap(labels, volume.grid))
    return LabelMap(labels, volume.grid)


def test_the_dicom_segmentation_measures_the_same(a_command: Command, a_result_folder: Path):
    record = read_record(a_result_folder / "out" / "measurements.json")
    done = a_command("measure", a_result_folder / "out" / "segmentation.dcm", "--json")
    assert json.loads(done.out)["volumes_ml"] == pytest.approx(record.volumes_ml, abs=1e-5)
    placed = a_command(
        "measure", a_result_folder / "out" / "segmentation.dcm", "--source", a_result_folder / "ct", "--json"
    )
    assert json.loads(placed.out)["volumes_ml"] == pytest.approx(record.volumes_ml, abs=1e-5)


@pytest.mark.parametrize("corrected", [False, True])
def test_a_dicom_segmentation_says_who_made_it(a_command: Command, a_result_folder: Path, corrected: bool):
    if corrected:
        correct(a_result_folder)
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.dcm"
    done = a_command("export", seg, "--to", "dicom-seg", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0, done.err
    segments = pydicom.dcmread(output).SegmentSequence
    assert {item.SegmentAlgorithmType for item in segments} == {"SEMIAUTOMATIC" if corrected else "AUTOMATIC"}
    assert {item.SegmentAlgorithmName for item in segments} == {"a-model"}
    assert dciodvfy(output) == []


def test_without_a_record_the_model_is_not_guessed(a_command: Command, a_result_folder: Path):
    (a_result_folder / "out" / "measurements.json").unlink()
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.dcm"
    done = a_command("export", seg, "--to", "dicom-seg", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0
    assert "No measurements.json lies beside segmentation.seg.nrrd" in done.err
    segments = pydicom.dcmread(output).SegmentSequence
    assert {(item.SegmentAlgorithmType, item.SegmentAlgorithmName) for item in segments} == {
        ("SEMIAUTOMATIC", "unknown")
    }
    refused = a_command("export", seg, "--to", "json", "--output", a_result_folder / "new.json")
    assert refused.code == 2
    assert "measurements.json is missing" in refused.err


def test_a_structured_report_refers_to_the_dicom_segmentation(a_command: Command, a_result_folder: Path):
    seg, output = a_result_folder / "out" / "segmentation.dcm", a_result_folder / "new.dcm"
    done = a_command("export", seg, "--to", "dicom-sr", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0, done.err
    evidence = pydicom.dcmread(output).CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert pydicom.dcmread(seg).SeriesInstanceUID in {item.SeriesInstanceUID for item in evidence}
    assert dciodvfy(output) == []
    other = a_command(
        "export", a_result_folder / "out" / "segmentation.seg.nrrd", "--to", "dicom-sr",
        "--source", a_result_folder / "ct", "--output", a_result_folder / "other.dcm",
    )  # fmt: skip
    assert other.code == 2
    assert "export it to dicom-seg first" in other.err


def test_tables_hold_the_volumes_of_now(a_command: Command, a_result_folder: Path):
    labels = correct(a_result_folder)
    seg = a_result_folder / "out" / "segmentation.seg.nrrd"
    for kind in ("csv", "json"):
        assert a_command("export", seg, "--to", kind, "--output", a_result_folder / f"new.{kind}").code == 0

    expected = measure(labels).volumes_ml
    assert expected["IVH"] > 0.5
    with (a_result_folder / "new.csv").open() as file:
        rows = {row["subtype"]: float(row["volume_ml"]) for row in csv.DictReader(file)}
    assert rows == pytest.approx(expected, abs=1e-3)
    record = read_record(a_result_folder / "new.json")
    assert record.volumes_ml == pytest.approx(expected, abs=1e-5)
    assert record.model.name == "a-model"
    assert "The labels were changed after the model made them." in record.input.warnings


def test_the_report_is_made_again(a_command: Command, a_result_folder: Path):
    pypdfium2 = pytest.importorskip("pypdfium2")
    correct(a_result_folder)
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.pdf"
    done = a_command("export", seg, "--to", "pdf", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0, done.err
    text = pypdfium2.PdfDocument(output)[0].get_textpage().get_text_range()
    assert "changed after the model made them" in " ".join(text.split())
    assert "a-model" in text


@pytest.mark.parametrize("kind", ["pdf", "dicom-seg", "dicom-sr"])
def test_what_needs_the_scan_asks_for_it(a_command: Command, a_result_folder: Path, kind: str):
    seg = a_result_folder / "out" / "segmentation.dcm"
    done = a_command("export", seg, "--to", kind, "--output", a_result_folder / "new")
    assert (done.code, done.err) == (2, f"error: {kind} needs the CT that was segmented; add --source.\n")


def test_a_file_is_replaced_only_by_an_explicit_yes(a_command: Command, a_result_folder: Path):
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.csv"
    output.write_text("mine")
    done = a_command("export", seg, "--to", "csv", "--output", output)
    assert done.code == 2
    assert output.read_text() == "mine"
    assert a_command("export", seg, "--to", "csv", "--output", output, "--overwrite").code == 0
    assert output.read_text().startswith("subtype,")
    before = seg.read_bytes()
    assert a_command("export", seg, "--to", "csv", "--output", seg, "--overwrite").code == 2
    assert seg.read_bytes() == before
