# SPDX-License-Identifier: Apache-2.0
"""Exporting from the panel: one click, what the files are told, and what the user reads afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.panel import a_small_ct, some_labels
from builders.panel_fixtures import run_once
from builders.scene import add_volume

from ICHSegmentationLib.subtypes import Subtype

slicer = pytest.importorskip("slicer", reason="needs slicer-core, which has no build for this Python")


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
        "transhardnet-compact", "transhardnet", "cpu",
    )  # fmt: skip
    assert np.count_nonzero(request["label_map"].labels == 4) == 100
    assert request["volume"].hu.shape == request["label_map"].labels.shape
    assert request["model_label_map"] is None
    assert an_export.form.button.enabled is False
    request["progress"]("write", 0.5)
    assert message(an_export) == "Writing (50 %)"
    request["finished"]((tmp_path / "report.pdf",))
    assert message(an_export) == f"Wrote report.pdf into {tmp_path}."
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


def test_the_ich_score_is_asked_for_with_blood_inside_the_brain_only(an_export, click):
    form = an_export.form
    form._gcs.value, form._age.value = 9, 81
    form._infratentorial.currentIndex = 1
    click(form.button)
    job = an_export.process.request["job"]
    assert (job.gcs, job.age_years, job.infratentorial) == (9, 81, False)
    an_export.process.request["finished"]((Path("report.pdf"),))

    volume = a_small_ct()
    labels = some_labels(volume)
    labels.labels[labels.labels == Subtype.IPH] = Subtype.SDH
    run_once(an_export, click, labels=labels)
    assert form._gcs.enabled is False
    assert (form.gcs, form.age_years) == (None, None)


def test_what_was_said_of_one_patient_is_not_said_of_the_next(an_export, click):
    form = an_export.form
    form._gcs.value, form._age.value, form._infratentorial.currentIndex = 9, 81, 2
    for box in (form._patient, form._growth):
        box.checked = True
    an_export.exports.update()
    assert (form.gcs, form.age_years, form.infratentorial) == (9, 81, True)

    run_once(an_export, click, labels=some_labels(a_small_ct()))
    assert form._gcs.enabled is True
    assert (form.gcs, form.age_years, form.infratentorial) == (None, None, None)
    assert (form._patient.checked, form._growth.checked) == (False, False)


def test_growth_since_an_earlier_scan_is_told_on_request(an_export, click, slicer_app):
    """The earlier scan had 2 mL of IPH; the later one has 1 mL more (50 voxels of 20 mm3), which is 50 %."""
    form, first = an_export.form, an_export.node
    assert form._growth.enabled is False
    scan = a_small_ct()
    an_export.ui.inputSelector.setCurrentNode(add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Later"))
    labels = some_labels(scan)
    labels.labels[4, 10:15, 10:20] = Subtype.IPH
    run_once(an_export, click, labels=labels)
    an_export.ui.comparedSelector.setCurrentNode(first)
    slicer_app.process_events()
    form._growth.checked = True
    click(form.button)
    growth = an_export.process.request["job"].growth

    assert growth.changes["IPH"].change_percent == pytest.approx(50)
    assert (growth.expansion.met, growth.revised_expansion.met) == (True, True)
    assert growth.warnings == ("The scans were not registered; volumes are compared only.",)


def test_a_scan_that_is_not_from_dicom_has_no_dicom_files_and_no_patient(an_export, click):
    form = an_export.form
    assert [kind for kind, box in form._boxes.items() if not box.enabled] == ["dicom-seg", "dicom-sr", "dicom-pdf"]
    assert form._patient.enabled is False
    form.formats = ("dicom-seg",)
    click(form.button)
    assert message(an_export) == "Choose at least one kind of file."
    assert len(an_export.process.requests) == 1


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
    assert message(an_export) == "A segmentation is under way; export when it is done."
    assert len(an_export.process.requests) == 1


def test_folder_and_kinds_are_remembered_but_not_the_patient(an_export, click, tmp_path):
    import qt
    from ICHSegmentationPanel.export_widgets import ExportWidgets

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
