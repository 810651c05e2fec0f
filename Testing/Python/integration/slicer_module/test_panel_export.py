# SPDX-License-Identifier: Apache-2.0
"""Exporting from the panel: one click, what the files are told, and what the user reads afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import slicer
from builders.growth import add_followup, comparison_of
from builders.panel import a_small_ct, some_labels
from builders.panel_fixtures import run_once


@pytest.fixture
def an_export(a_result, tmp_path, slicer_app):
    """The panel with a result and the export opened on a folder."""
    a_result.ui.exportSection.collapsed = False
    a_result.exports = a_result.panel.exports
    a_result.form = a_result.exports.widgets
    a_result.form.folder = str(tmp_path)
    slicer_app.process_events()
    return a_result


def message(panel) -> str:
    return panel.form._message.text


def paint(node, rows: slice) -> None:
    """Take some rows of the IPH away, as an edit does."""
    import vtk

    mask = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation("IPH", mask)
    extent = list(mask.GetExtent())
    shape = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
    values = vtk.util.numpy_support.vtk_to_numpy(mask.GetPointData().GetScalars()).reshape(shape)
    values[:, rows] = 0
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(mask, node, "IPH", 0)


def test_one_click_writes_the_report_of_what_is_shown(an_export, click, tmp_path):
    click(an_export.form.button)
    request = an_export.process.request
    job = request["job"]

    assert (job.folder, [str(kind) for kind in job.formats]) == (tmp_path, ["pdf"])
    assert (job.with_patient, job.overwrite, job.corrected, job.editing_s) == (False, False, (), None)
    assert (job.run.model.name, job.run.model.system, job.run.runtime.device) == (
        "hardnet-compact", "hardnet", "cpu",
    )  # fmt: skip
    assert np.count_nonzero(request["label_map"].labels == 4) == 100
    assert request["volume"].hu.shape == request["label_map"].labels.shape
    assert request["model_label_map"] is None
    assert an_export.form.button.enabled is False
    request["progress"]("write", 0.5)
    assert message(an_export) == "Writing (50 %)"
    request["finished"]((tmp_path / "report.pdf",))
    assert an_export.form.written == f"Written into {tmp_path}: report.pdf"
    assert an_export.form.button.enabled is True


def test_corrections_go_with_the_model_s_labels_and_the_time_they_took(an_export, click, monkeypatch):
    seconds = iter([100.0, 130.0, 1000.0, 1010.0])
    monkeypatch.setattr(an_export.panel._editing_time, "_now", lambda: next(seconds))
    for first in range(4):
        paint(an_export.node, slice(first, first + 1))
    click(an_export.form.button)
    request = an_export.process.request

    assert request["job"].corrected == ("IPH",)
    assert request["job"].editing_s == 40.0
    assert np.count_nonzero(request["label_map"].labels == 4) < 100
    assert np.count_nonzero(request["model_label_map"].labels == 4) == 100


def test_the_reader_s_items_of_the_result_go_with_it(an_export, click):
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.measurement.user_items import UserItems

    click(an_export.form.button)
    assert an_export.process.request["job"].reader == UserItems()
    an_export.process.request["finished"]((Path("report.pdf"),))
    said = UserItems(gcs=9, age_years=81, infratentorial=False, graeb={"third": 2})
    mrml.set_user_items(an_export.node, said)
    click(an_export.form.button)
    assert an_export.process.request["job"].reader == said


def test_what_was_said_of_one_patient_is_not_said_of_the_next(an_export, click):
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.measurement.user_items import UserItems

    mrml.set_user_items(an_export.node, UserItems(gcs=9, age_years=81))
    an_export.form._patient.checked = True
    run_once(an_export, click, labels=some_labels(a_small_ct()))
    assert an_export.form._patient.checked is False
    click(an_export.form.button)
    assert an_export.process.request["job"].reader == UserItems()


def test_a_scan_that_is_not_from_dicom_has_no_dicom_files_and_no_patient(an_export, click):
    form = an_export.form
    assert [kind for kind, box in form._boxes.items() if not box.enabled] == [
        "dicom-seg",
        "dicom-sr",
        "dicom-pdf",
        "dicom-labelmap",
        "dicom-sc",
        "rtstruct",
    ]
    assert form._patient.enabled is False
    form.formats = ("dicom-seg",)
    click(form.button)
    assert message(an_export) == "Choose at least one format."
    assert len(an_export.process.requests) == 1


def test_the_report_s_text_is_copied_without_a_file_of_it(an_export, click, tmp_path):
    click(an_export.form.copy_button)
    job = an_export.process.request["job"]
    assert [str(kind) for kind in job.formats] == ["text"]
    assert (job.overwrite, job.with_patient) == (False, False)
    assert (an_export.form.copy_button.enabled, an_export.form.button.enabled) == (False, False)
    path = job.folder / "report.txt"
    path.write_text("IPH 2.0 mL", encoding="utf-8")
    an_export.process.request["finished"]((path,))
    assert slicer.app.clipboard().text() == "IPH 2.0 mL"
    assert not job.folder.exists()
    assert list(tmp_path.glob("*.txt")) == []
    assert message(an_export) == "The text of the report is on the clipboard."
    assert an_export.form.copy_button.enabled is True


def test_a_failed_copy_leaves_no_file(an_export, click):
    from ICHSegmentationPanel.process import make_failure

    click(an_export.form.copy_button)
    folder = an_export.process.requests[-1]["job"].folder
    an_export.process.requests.pop()["failed"](make_failure("disk_full", "The disk is full."))
    assert message(an_export) == "<b>The disk is full.</b>"
    assert not folder.exists()


def test_what_was_written_stays_listed_and_its_folder_opens(an_export, click, tmp_path):
    import qt

    assert an_export.form.open_button.visible is False
    click(an_export.form.button)
    an_export.process.request["finished"]((tmp_path / "report.pdf",))
    an_export.panel.exit()
    an_export.panel.enter(an_export.logic.getParameterNode())
    assert an_export.form.written == f"Written into {tmp_path}: report.pdf"
    click(an_export.form.copy_button)
    job = an_export.process.request["job"]
    (job.folder / "report.txt").write_text("IPH 2.0 mL", encoding="utf-8")
    an_export.process.request["finished"]((job.folder / "report.txt",))
    an_export.process.requests[-2]["finished"]((tmp_path / "scores.csv",))
    assert an_export.form.written == f"Written into {tmp_path}: report.pdf, scores.csv"
    click(an_export.form.open_button)
    assert qt.QDesktopServices.opened[-1] == tmp_path.as_uri()
    slicer.mrmlScene.RemoveNode(an_export.node)
    assert (an_export.form.written, an_export.form.open_button.visible) == ("", False)


def test_every_kind_that_the_library_exports_is_offered(an_export):
    from ICHSegmentationLib.export.formats import CHOICES

    assert sorted(an_export.form._boxes) == sorted(map(str, CHOICES))


def test_files_are_replaced_after_a_yes_only(an_export, click, dialogs, tmp_path):
    (tmp_path / "report.pdf").write_text("mine")
    dialogs.answer("No")
    click(an_export.form.button)
    assert len(an_export.process.requests) == 1
    dialogs.answer("Yes")
    click(an_export.form.button)
    assert an_export.process.request["job"].overwrite is True
    assert "already holds report.pdf" in dialogs.shown[-1]


def test_a_failure_is_shown_and_the_button_is_back(an_export, click):
    from ICHSegmentationPanel.process import make_failure

    click(an_export.form.button)
    an_export.process.request["failed"](make_failure("disk_full", "Cannot write report.pdf: the disk is full."))
    assert message(an_export) == "<b>Cannot write report.pdf: the disk is full.</b>"
    assert an_export.form.button.enabled is True


def test_it_waits_for_a_segmentation(an_export, click):
    an_export.process.busy = True
    click(an_export.form.button)
    assert message(an_export) == "Another task is running; export when it has finished."
    assert len(an_export.process.requests) == 1


def test_folder_and_kinds_are_remembered_but_not_the_patient(an_export, click, tmp_path):
    import qt
    from ICHSegmentationPanel.sections.export import ExportWidgets

    form = an_export.form
    form.formats = ("csv", "text")
    click(form.button)
    settings = qt.QSettings()
    assert settings.value("ICHSegmentation/ExportFolder", "") == str(tmp_path)
    assert settings.value("ICHSegmentation/ExportFormats", "") == "text,csv"
    place = qt.QWidget()
    place.setLayout(qt.QFormLayout())
    assert ExportWidgets(place).with_patient is False


def test_without_a_result_there_is_nothing_to_export(an_open_panel):
    assert an_open_panel.ui.exportSection.enabled is False


def test_one_click_brings_scores_and_growth_into_report_tables_and_text(an_export, click, choose, tmp_path):
    """What the panel asks for is written here as the worker writes it."""
    import pypdfium2

    from ICHSegmentationLib.export.record import read_record
    from ICHSegmentationLib.export.run_export import run_export

    add_followup(an_export, click)
    for section in (an_export.ui.scoresSection, an_export.ui.growthSection):
        click(section)
    an_export.panel.scores.ich.gcs.value = 4
    choose(an_export.panel.scores.ich.infratentorial.widget, "yes")
    choose(an_export.panel.scores.graeb.points["third"].widget, "2")
    click(an_export.panel.growth.widgets.button)
    an_export.process.request["finished"](comparison_of(an_export.process.request))
    an_export.form.formats = ("pdf", "csv", "json", "scores", "text")
    click(an_export.form.button)
    request = an_export.process.request
    run_export(
        request["job"], request["volume"], request["label_map"], request["model_label_map"], request["growth_picture"]
    )

    record = read_record(tmp_path / "measurements.json")
    assert (record.ich_score.gcs, record.ich_score.infratentorial, record.ich_score.edited) == (
        4, True, ("infratentorial",),
    )  # fmt: skip
    assert {item.compartment: item.edited_points for item in record.modified_graeb.items}["third"] == 2
    assert record.growth.changes["IPH"].change_percent == pytest.approx(50)
    assert record.growth.registration.quality == 0.97
    report = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    assert len(report) == 2
    page = " ".join(report[0].get_textpage().get_text_bounded().split())
    for text in (page, (tmp_path / "report.txt").read_text(encoding="utf-8")):
        assert "GCS 4 (2), age not determined" in text
        assert "infratentorial yes (1, by the user)" in text
        assert "third 2 (by the user)" in text
        assert "IPH 2.0 -> 3.0 mL (+50 %)" in text
        assert "Registration: good, correlation 0.97 on 95% of the head" in text
    rows = set((tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines())
    assert {
        "ich_score,gcs,4,2,reader", "ich_score,infratentorial,yes,1,reader", "modified_graeb,third,,2,reader",
        "growth,IPH.change_percent,50.0,,measured",
    } <= rows  # fmt: skip


def test_growth_is_told_unless_it_is_unticked_or_there_is_none(an_export, click):
    form = an_export.form
    assert (form._growth.enabled, form._growth.checked) == (False, False)
    add_followup(an_export, click)
    click(an_export.ui.growthSection)
    click(an_export.panel.growth.widgets.button)
    an_export.process.request["finished"](comparison_of(an_export.process.request))
    assert (form._growth.enabled, form._growth.checked) == (True, True)
    click(form._growth)
    click(form.button)
    assert (an_export.process.request["job"].growth, an_export.process.request["growth_picture"]) == (None, None)
