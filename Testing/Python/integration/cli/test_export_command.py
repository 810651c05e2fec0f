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
from builders.dicom_checks import dciodvfy, dsrdump
from builders.grids import make_grid
from builders.sr_content import sr_groups
from PIL import Image

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import read_record
from ICHSegmentationLib.io.dicom.scan_header import scan_identity
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import ModelEntry, RuntimeInfo
from ICHSegmentationLib.rendering.png import write_png
from ICHSegmentationLib.segmentation.result import SegmentationResult

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
    kinds = (
        ExportFormat.seg_nrrd,
        ExportFormat.nifti,
        ExportFormat.dicom_seg,
        ExportFormat.dicom_sr,
        ExportFormat.json,
    )
    Exporter(CaseResult.of(result)).write_files(tmp_path / "out", kinds)
    return tmp_path


def correct(folder: Path) -> LabelMap:
    """Paint one slice of ventricular blood into the labels, as by hand."""
    volume = read_ct(folder / "ct")
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[3:6, 20:30, 20:32] = Subtype.IPH
    labels[7, 40:44, 40:44] = Subtype.IVH
    path = folder / "out" / "segmentation.seg.nrrd"
    write_seg_nrrd(path, LabelMap(labels, volume.grid), scan_identity(volume.source))
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


SEGMENTATIONS = ("segmentation.seg.nrrd", "labels.nii.gz", "segmentation.dcm")


def change_scan(folder: Path, **values: str) -> Path:
    """Return a copy of the scan's series with other values in its headers."""
    other = folder / "other"
    other.mkdir()
    for path in (folder / "ct").iterdir():
        dataset = pydicom.dcmread(path)
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        dataset.save_as(other / path.name)
    return other


@pytest.mark.parametrize("name", SEGMENTATIONS)
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"PatientID": "9999"}, "io.scan_of_other_patient"),
        (
            {"PatientID": "9999", "SeriesInstanceUID": "1.2.3", "FrameOfReferenceUID": "1.2.4"},
            "io.scan_of_other_patient",
        ),
        ({"FrameOfReferenceUID": "1.2.4"}, "io.scan_of_other_frame"),
    ],
)
def test_another_patients_scan_of_the_same_slices_is_refused(
    a_command: Command, a_result_folder: Path, name: str, values: dict[str, str], code: str
):
    seg, output = a_result_folder / "out" / name, a_result_folder / "new.dcm"
    other = change_scan(a_result_folder, **values)
    for arguments in (
        ("export", seg, "--to", "dicom-seg", "--source", other, "--output", output, "--force"),
        ("export", seg, "--to", "pdf", "--source", other, "--output", output),
        ("measure", seg, "--source", other),
        ("compare", seg, seg, "--baseline-ct", a_result_folder / "ct", "--followup-ct", other),
    ):
        done = a_command(*arguments)
        assert (done.code, done.err) == (2, f"error: {message(code, path=seg)}\n")
    assert not output.exists()


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_the_scan_that_was_segmented_is_taken_without_a_word(a_command: Command, a_result_folder: Path, name: str):
    seg, output = a_result_folder / "out" / name, a_result_folder / "new.dcm"
    done = a_command("export", seg, "--to", "dicom-seg", "--source", a_result_folder / "ct", "--output", output)
    assert done.code == 0, done.err
    assert "made on" not in done.err
    assert b"SECRET" not in (a_result_folder / "out" / "segmentation.seg.nrrd").read_bytes()


def test_another_series_of_the_examination_needs_force_for_dicom(a_command: Command, a_result_folder: Path):
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.dcm"
    other = change_scan(a_result_folder, SeriesInstanceUID="1.2.3")
    doubt = message("io.scan_of_other_series", name=seg.name)
    refused = a_command("export", seg, "--to", "dicom-seg", "--source", other, "--output", output)
    assert (refused.code, refused.err) == (2, f"error: {message('cli.scan_not_certain', doubt=doubt)}\n")
    done = a_command("export", seg, "--to", "dicom-seg", "--source", other, "--output", output, "--force")
    assert done.code == 0
    assert doubt in done.err


@pytest.mark.parametrize("name", SEGMENTATIONS[:2])
def test_labels_that_do_not_name_their_scan_need_force_for_dicom(a_command: Command, a_result_folder: Path, name: str):
    seg, output = a_result_folder / "out" / name, a_result_folder / "new.dcm"
    write = write_seg_nrrd if name.endswith("nrrd") else write_labels_nifti
    write(seg, read_labels(seg).label_map)
    doubt = message("io.scan_not_recorded", name=name)
    arguments = ("export", seg, "--to", "dicom-seg", "--source", a_result_folder / "ct", "--output", output)
    refused = a_command(*arguments)
    assert (refused.code, refused.err) == (2, f"error: {message('cli.scan_not_certain', doubt=doubt)}\n")
    assert not output.exists()
    assert doubt in a_command(*arguments, "--force").err
    assert output.exists()
    measured = a_command("measure", seg, "--source", a_result_folder / "ct")
    assert measured.code == 0
    assert doubt in measured.err


def test_without_a_record_the_model_is_not_guessed(a_command: Command, a_result_folder: Path):
    (a_result_folder / "out" / "measurements.json").unlink()
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.dcm"
    done = a_command("export", seg, "--to", "dicom-seg", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0
    assert message("export.unknown_model", name=seg.name) in done.err
    segments = pydicom.dcmread(output).SegmentSequence
    assert {(item.SegmentAlgorithmType, item.SegmentAlgorithmName) for item in segments} == {
        ("SEMIAUTOMATIC", "unknown")
    }
    refused = a_command("export", seg, "--to", "json", "--output", a_result_folder / "new.json")
    assert refused.code == 2
    assert message("export.no_record", name=str(seg)) in refused.err


def test_a_structured_report_refers_to_the_dicom_segmentation(a_command: Command, a_result_folder: Path):
    seg, output = a_result_folder / "out" / "segmentation.dcm", a_result_folder / "new.dcm"
    done = a_command("export", seg, "--to", "dicom-sr", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0, done.err
    evidence = pydicom.dcmread(output).CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert pydicom.dcmread(seg).SeriesInstanceUID in {item.SeriesInstanceUID for item in evidence}
    assert dciodvfy(output) == []
    labels = a_result_folder / "out" / "segmentation.seg.nrrd"
    other = a_command(
        "export", labels, "--to", "dicom-sr", "--source", a_result_folder / "ct", "--output",
        a_result_folder / "other.dcm",
    )  # fmt: skip
    assert (other.code, other.err) == (2, f"error: {message('export.no_segmentation', name=str(labels))}\n")


def test_a_label_map_measures_the_same_and_no_report_refers_to_it(a_command: Command, a_result_folder: Path):
    seg, scan, output = (
        a_result_folder / "out" / "segmentation.seg.nrrd",
        a_result_folder / "ct",
        a_result_folder / "l.dcm",
    )
    done = a_command("export", seg, "--to", "dicom-labelmap", "--source", scan, "--output", output)

    assert done.code == 0, done.err
    volumes_ml = read_record(a_result_folder / "out" / "measurements.json").volumes_ml
    assert volumes_ml["IPH"] > 10
    measured = json.loads(a_command("measure", output, "--json").out)
    assert measured["volumes_ml"] == pytest.approx(volumes_ml, abs=1e-5)
    refused = a_command("export", output, "--to", "dicom-sr", "--source", scan, "--output", a_result_folder / "sr.dcm")
    assert (refused.code, refused.err.splitlines()[-1]) == (
        2, f"error: {message('export.no_segmentation', name=str(output))}",
    )  # fmt: skip


def test_key_slices_go_into_a_folder_and_replace_only_earlier_ones(a_command: Command, a_result_folder: Path):
    seg, out = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "pictures"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "key-slice-9.dcm").write_text("of an earlier export")
    command = ("export", seg, "--to", "dicom-sc", "--source", a_result_folder / "ct", "--output")

    refused = a_command(*command, out)
    assert (refused.code, refused.err) == (2, f"error: {message('cli.file_exists', path=out)}\n")
    refused = a_command(*command, seg)
    assert (refused.code, refused.err) == (2, f"error: {message('cli.output_is_file', path=seg)}\n")
    assert a_command(*command, out, "--overwrite").code == 0
    names = sorted(path.name for path in out.iterdir())
    assert names == [*(f"key-slice-{number}.dcm" for number in range(1, 7)), "notes.txt"]


def test_a_structured_report_says_what_was_corrected_and_what_was_typed(a_command: Command, a_result_folder: Path):
    out, scan = a_result_folder / "out", a_result_folder / "ct"
    assert sr_groups(out / "measurements.dcm")["IVH"].answers["Segment corrected by hand"].value == "No"
    labels = correct(a_result_folder)
    changes = Comparison.of(compare_volumes(*[measure(labels)] * 2), None, ())
    write_text(a_result_folder / "comparison.json", changes.to_json())
    corrected, output = out / "corrected.dcm", a_result_folder / "new.dcm"
    seg = out / "segmentation.seg.nrrd"
    assert a_command("export", seg, "--to", "dicom-seg", "--source", scan, "--output", corrected).code == 0
    told = (
        "--gcs", 4, "--age", 80, "--infratentorial", "yes", "--ivh", "no", "--graeb", "fourth=2",
        "--growth", a_result_folder / "comparison.json",
    )  # fmt: skip
    done = a_command("export", corrected, "--to", "dicom-sr", "--source", scan, "--output", output, *told)

    assert done.code == 0, done.err
    assert dciodvfy(output) == []
    groups, volumes_ml = sr_groups(output), measure(labels).volumes_ml
    assert {name: groups[name].number("Volume").value for name in volumes_ml} == pytest.approx(volumes_ml, abs=1e-5)
    flags = {subtype.name: groups[subtype.name].answers["Segment corrected by hand"].value for subtype in Subtype}
    assert flags == {"EDH": "No", "SDH": "No", "SAH": "No", "IPH": "No", "IVH": "Yes"}
    score, typed, chosen = groups["ICH score"], {"Measurement Method": "Manual Entry"}, "User chosen value"
    assert score.number("ICH score, of spontaneous hemorrhage only").value == 4
    assert score.number("Glasgow coma score total")[1:4] == (4, "{score}", typed)
    assert score.answers == {
        "Intraventricular hemorrhage": ("No", typed | {"Selection Status": chosen}),
        # The scan of two flat boxes has no location that this could hold in place of.
        "Hemorrhage began below the tentorium": ("Yes", typed),
    }
    part = groups["modified Graeb score"].number("Modified Graeb score, points of one compartment")
    assert (part.value, part.site, part.marks) == (2, ("Fourth Ventricle",), typed)
    assert groups["growth total"].answers["Hematoma expansion"].value == "No"
    assert f'"{volumes_ml["IVH"]}"' in dsrdump(output)


def test_without_a_record_what_is_typed_is_not_lost_silently(a_command: Command, a_result_folder: Path):
    (a_result_folder / "out" / "measurements.json").unlink()
    seg, output = a_result_folder / "out" / "segmentation.dcm", a_result_folder / "new.dcm"
    done = a_command(
        "export", seg, "--to", "dicom-sr", "--source", a_result_folder / "ct", "--output", output, "--gcs", 4
    )

    assert done.code == 0, done.err
    assert message("cli.inputs_not_used") in done.err
    assert "ICH score" not in sr_groups(output)


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
    assert record.corrected == ("IVH",)


def test_what_was_corrected_before_stays_corrected(a_command: Command, a_result_folder: Path):
    """The record beside the labels is of the corrected ones: nothing changed since, but not all is the model's."""
    correct(a_result_folder)
    out, scan = a_result_folder / "out", a_result_folder / "ct"
    seg, record = out / "segmentation.seg.nrrd", out / "measurements.json"
    told = ("--gcs", 14, "--model-result", out / "segmentation.dcm", "--editing-minutes", 2)
    assert a_command("export", seg, "--to", "json", "--output", record, "--overwrite", *told).code == 0
    for kind in ("json", "dicom-seg"):
        output = a_result_folder / f"again.{kind}"
        assert a_command("export", seg, "--to", kind, "--source", scan, "--output", output).code == 0

    again = read_record(a_result_folder / "again.json")
    assert again.corrected == ("IVH",)
    assert (again.agreement.editing_s, again.ich_score.gcs) == (120, 14)
    segments = pydicom.dcmread(a_result_folder / "again.dicom-seg").SegmentSequence
    assert {item.SegmentAlgorithmType for item in segments} == {"SEMIAUTOMATIC"}

    labels = correct(a_result_folder).labels
    labels[4, 40:50, 40:44] = Subtype.SDH
    write_seg_nrrd(seg, LabelMap(labels, read_ct(scan).grid))
    assert a_command("export", seg, "--to", "json", "--output", a_result_folder / "more.json").code == 0
    more = read_record(a_result_folder / "more.json")
    assert (sorted(more.corrected), more.agreement, more.ich_score) == (["IVH", "SDH"], None, None)


def test_the_report_is_made_again(a_command: Command, a_result_folder: Path):
    import pypdfium2

    correct(a_result_folder)
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.pdf"
    done = a_command("export", seg, "--to", "pdf", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0, done.err
    text = pypdfium2.PdfDocument(output)[0].get_textpage().get_text_range()
    assert "Corrected by hand: IVH." in " ".join(text.split())
    assert "Secret" not in text
    assert "a-model" in text


@pytest.mark.parametrize(
    "kind", ["pdf", "dicom-seg", "dicom-labelmap", "dicom-sr", "dicom-pdf", "dicom-sc", "rtstruct"]
)
def test_what_needs_the_scan_asks_for_it(a_command: Command, a_result_folder: Path, kind: str):
    seg = a_result_folder / "out" / "segmentation.dcm"
    done = a_command("export", seg, "--to", kind, "--output", a_result_folder / "new")
    assert (done.code, done.err) == (2, f"error: {message('cli.format_needs_scan', format=kind)}\n")


def test_the_report_says_what_it_is_told(a_command: Command, a_result_folder: Path):
    import pypdfium2

    correct(a_result_folder)
    seg, model = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "out" / "segmentation.dcm"
    growth = Comparison.of(compare_volumes(*[measure(correct(a_result_folder))] * 2), None, ())
    write_text(a_result_folder / "comparison.json", growth.to_json())
    write_png(a_result_folder / "comparison.png", Image.new("RGB", (300, 400), (0, 0, 200)))
    told = (
        "--patient", "--gcs", 4, "--age", 80, "--infratentorial", "no", "--model-result", model,
        "--editing-minutes", 2.5, "--growth", a_result_folder / "comparison.json", "--graeb", "fourth=2",
    )  # fmt: skip
    output = a_result_folder / "new.pdf"
    done = a_command("export", seg, "--to", "pdf", "--source", a_result_folder / "ct", "--output", output, *told)

    assert done.code == 0, done.err
    document = pypdfium2.PdfDocument(output)
    assert len(document) == 2
    text = " ".join(document[0].get_textpage().get_text_range().split())
    assert "Patient: Secret, Name | ID SECRET-ID | study of 2020-01-01" in text
    assert "Hemphill 2001): 4; published 30-day mortality 97 %" in text
    assert "(a proposal, edited): third not determined, fourth 2 (by the user), left lateral" in text
    assert "IVH: Dice 0.00, 0.0 -> " in text
    assert "in 2.5 min of editing" in text
    assert "Since the earlier scan: IPH " in text

    (a_result_folder / "comparison.png").write_bytes(b"no picture")
    done = a_command(
        "export", seg, "--to", "pdf", "--source", a_result_folder / "ct", "--output", output, *told, "--overwrite"
    )
    assert (done.code, done.err) == (2, f"error: {message('rendering.unreadable_growth_picture')}\n")


def test_the_text_comes_from_a_template_of_the_user_s(a_command: Command, a_result_folder: Path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CONFIG", str(a_result_folder / "config"))
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "new.txt"
    assert a_command("export", seg, "--to", "text", "--output", output).code == 0
    assert "Intraparenchymal hemorrhage " in output.read_text(encoding="utf-8")

    written = a_command("template")
    own = a_result_folder / "config" / "report.txt"
    assert written.out == f"Wrote {own}\n"
    assert a_command("template").code == 2
    own.write_text("IPH $iph_ml mL\n", encoding="utf-8")
    assert a_command("export", seg, "--to", "text", "--output", output, "--overwrite").code == 0
    volume_ml = measure(read_labels(seg).label_map).volumes_ml["IPH"]
    assert output.read_text(encoding="utf-8") == f"IPH {volume_ml:.1f} mL\n"

    own.write_text("IPH $iph\n", encoding="utf-8")
    refused = a_command("export", seg, "--to", "text", "--output", output, "--overwrite")
    assert refused.code == 2
    assert f"{own}, line 1: $iph " in refused.err


def test_the_report_goes_into_a_dicom_file(a_command: Command, a_result_folder: Path):
    seg, output = a_result_folder / "out" / "segmentation.seg.nrrd", a_result_folder / "report.dcm"
    done = a_command("export", seg, "--to", "dicom-pdf", "--source", a_result_folder / "ct", "--output", output)

    assert done.code == 0, done.err
    assert bytes(pydicom.dcmread(output).EncapsulatedDocument).startswith(b"%PDF-")
    assert dciodvfy(output) == []


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
