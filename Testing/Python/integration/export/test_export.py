# SPDX-License-Identifier: Apache-2.0
"""Several files at once: all or none, in place of others only when told so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pypdfium2
import pytest
from builders.dicom import write_series
from builders.dicom_checks import LABEL_MAP_REPORTS, dciodvfy
from builders.errors import raises
from builders.grids import make_grid
from builders.simple_head import model_entry

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.formats import CHOICES
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.record import RunRecord, models_text, read_record
from ICHSegmentationLib.export.run_export import run_export
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

GRID = make_grid(rows=64, columns=64, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, spacing_mm=(3, 3), tilt_deg=18.5)
RUN = RunRecord.of_attributes({"model": "a-model", "sha256": "0f" * 32, "licence": "Apache-2.0", "device": "cpu"})


@pytest.fixture
def a_volume(tmp_path: Path) -> CTVolume:
    hu = np.full(GRID.shape, -1000, dtype=np.int16)
    hu[:, 8:56, 8:56] = 30
    write_series(tmp_path / "ct", hu, GRID)
    return read_ct(tmp_path / "ct")


@pytest.fixture
def a_label_map(a_volume: CTVolume) -> LabelMap:
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[3:6, 20:30, 20:32] = Subtype.IPH
    return LabelMap(labels, a_volume.grid)


def a_job(folder: Path, volume: CTVolume, *formats: str, **changes) -> ExportJob:
    values = {"folder": folder, "formats": formats, "scan": ScanFiles.of(volume.source), "run": RUN, "corrected": ()}
    # As it travels to another process.
    return ExportJob.model_validate_json(ExportJob(**values | changes).model_dump_json())


def without_source(volume: CTVolume) -> CTVolume:
    return CTVolume(volume.hu, volume.grid)


def test_every_file_is_written_and_says_the_same(tmp_path, a_volume, a_label_map):
    out = tmp_path / "new" / "out"
    job, shares = a_job(out, a_volume, *CHOICES), []
    files = run_export(job, without_source(a_volume), a_label_map, progress=lambda _, share: shares.append(share))
    volumes_ml = measure(a_label_map).volumes_ml

    assert sorted(files) == sorted(out.iterdir())
    assert shares == pytest.approx(np.arange(1, len(CHOICES) + 1) / len(CHOICES))
    assert {path.name for path in files} == {
        "report.pdf", "measurements.csv", "measurements.json", "report.txt", "segmentation.dcm", "measurements.dcm",
        "report.dcm", "scores.csv", "labelmap.dcm", "key-slices", "contours.dcm", "report.fhir.json", "review.html",
    }  # fmt: skip
    further = {"labelmap.dcm": LABEL_MAP_REPORTS}
    objects = sorted(out.rglob("*.dcm"))
    assert len(objects) == 11
    assert all(dciodvfy(path, further=further.get(path.name, {})) == [] for path in objects)
    record = read_record(out / "measurements.json")
    assert (record.model.name, record.model.system, record.input.kind) == ("a-model", "unknown", "dicom")
    assert record.volumes_ml == pytest.approx(volumes_ml)
    assert measure(read_labels(out / "segmentation.dcm").label_map).volumes_ml == pytest.approx(volumes_ml, abs=1e-5)
    assert f"total {volumes_ml['total']:.1f} mL" in (out / "report.txt").read_text(encoding="utf-8")
    segmentation, report = (pydicom.dcmread(out / name) for name in ("segmentation.dcm", "measurements.dcm"))
    assert segmentation.SegmentSequence[0].SegmentAlgorithmType == "AUTOMATIC"
    series = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert segmentation.SeriesInstanceUID in {item.SeriesInstanceUID for item in series}


def test_a_structured_report_brings_the_segmentation_that_it_refers_to(tmp_path, a_volume, a_label_map):
    files = run_export(a_job(tmp_path / "out", a_volume, "dicom-sr"), a_volume, a_label_map)
    assert [path.name for path in files] == ["segmentation.dcm", "measurements.dcm"]


def test_what_was_corrected_is_measured_against_the_model_s_labels(tmp_path, a_volume, a_label_map):
    model = np.zeros(GRID.shape, dtype=np.uint8)
    model[3:6, 20:30, 20:26] = Subtype.IPH
    job = a_job(tmp_path / "out", a_volume, "json", "dicom-seg", editing_s=75.0, reader={"gcs": 14, "age_years": 81})
    run_export(job, a_volume, a_label_map, LabelMap(model, GRID))
    record = read_record(tmp_path / "out" / "measurements.json")

    assert record.corrected == ("IPH",)
    assert record.agreement.subtypes["IPH"].dice == pytest.approx(2 / 3, abs=1e-6)
    assert record.agreement.editing_s == 75
    assert (record.ich_score.gcs, record.ich_score.age_years) == (14, 81)
    segments = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm").SegmentSequence
    assert {segment.SegmentAlgorithmType for segment in segments} == {"SEMIAUTOMATIC"}

    again = a_job(tmp_path / "out", a_volume, "json", overwrite=True)
    run_export(again, a_volume, a_label_map, a_label_map)
    record = read_record(tmp_path / "out" / "measurements.json")
    assert (record.corrected, record.agreement, record.ich_score) == ((), None, None)


def test_what_the_reader_said_is_in_every_file_as_the_reader_s(tmp_path, a_volume, a_label_map):
    said = {"gcs": 9, "age_years": 81, "ivh": True, "infratentorial": "not determined", "graeb": {"third": 3}}
    out = tmp_path / "out"
    run_export(a_job(out, a_volume, "pdf", "csv", "json", "scores", "text", reader=said), a_volume, a_label_map)
    record = read_record(out / "measurements.json")

    assert (record.ich_score.edited, record.ich_score.ivh, record.ich_score.infratentorial) == (
        ("ivh", "infratentorial"), True, None,
    )  # fmt: skip
    (third,) = [item for item in record.modified_graeb.items if item.compartment == "third"]
    assert (third.edited_points, third.points) == (3, 3)
    pdf = " ".join(pypdfium2.PdfDocument(out / "report.pdf")[0].get_textpage().get_text_bounded().split())
    for text in (pdf, (out / "report.txt").read_text(encoding="utf-8")):
        assert "IVH yes (1, by the user), infratentorial not determined (by the user)" in text
        assert "GCS 9 (1), age 81 (1)" in text
        assert "third 3 (by the user)" in text
    table = (out / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert {"ich_score,gcs,9,1,reader", "ich_score,ivh,yes,1,reader", "modified_graeb,third,,3,reader"} <= set(table)


def test_files_are_replaced_only_when_told_so(tmp_path, a_volume, a_label_map):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.txt").write_text("mine")
    with raises(InputError, "export.files_exist", folder=out, names="report.txt"):
        run_export(a_job(out, a_volume, "csv", "text"), a_volume, a_label_map)
    assert [path.name for path in out.iterdir()] == ["report.txt"]
    assert (out / "report.txt").read_text() == "mine"

    run_export(a_job(out, a_volume, "csv", "text", overwrite=True), a_volume, a_label_map)
    assert sorted(path.name for path in out.iterdir()) == ["measurements.csv", "report.txt"]
    assert (out / "report.txt").read_text() != "mine"


def test_one_file_that_cannot_be_made_leaves_none(tmp_path, a_volume, a_label_map):
    out = tmp_path / "out"
    (tmp_path / "template.txt").write_text("$nonsense")
    job = a_job(out, a_volume, "csv", "text", template=tmp_path / "template.txt")
    with raises(InputError, "export.unknown_placeholder", word="nonsense"):
        run_export(job, a_volume, a_label_map)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("changes", [{"formats": ("dicom-seg",)}, {"formats": ("pdf",), "with_patient": True}])
def test_a_scan_from_elsewhere_has_no_dicom_and_no_patient(tmp_path, a_volume, a_label_map, changes):
    job = ExportJob(folder=tmp_path / "out", scan=ScanFiles(), run=RUN, **changes)
    with pytest.raises(InputError):
        run_export(job, a_volume, a_label_map)
    assert list((tmp_path / "out").iterdir()) == []


def test_attributes_of_a_scene_tell_the_run():
    run = RunRecord.of_attributes({"model": "m", "system": "transhardnet", "threads": "2", "backend": "openvino"})
    assert (run.model.name, run.model.system, run.model.sha256) == ("m", "transhardnet", "unknown")
    assert (run.runtime.device, run.runtime.backend, run.runtime.threads) == ("unknown", "openvino", 2)
    assert run.further_models is None


def test_further_models_are_told_by_attributes_of_a_scene(tmp_path, a_volume, a_label_map):
    second = model_entry(name="second", sha256="ab" * 32, licence="MIT")
    run = RunRecord.of_attributes({"model": "m", "further_models": models_text((second,))})
    assert [(model.name, model.sha256, model.licence) for model in run.further_models] == [("second", "ab" * 32, "MIT")]
    run_export(ExportJob(folder=tmp_path, formats=("json",), scan=ScanFiles(), run=run), a_volume, a_label_map)
    assert read_record(tmp_path / "measurements.json").further_models == run.further_models
    assert RunRecord.of_attributes({"further_models": models_text(())}).further_models == ()
    assert RunRecord.of_attributes({"further_models": "damaged"}).further_models is None
