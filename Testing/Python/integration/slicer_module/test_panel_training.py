# SPDX-License-Identifier: Apache-2.0
"""A corrected scan is kept as training data when the user has agreed to that."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def a_form(a_result, click, tmp_path):
    """The panel with Training data unfolded, and a folder to save in."""
    click(a_result.ui.trainingSection)
    a_result.training = a_result.panel.training
    a_result.folder = tmp_path / "mine"
    a_result.folder.mkdir()
    return a_result


def test_there_is_nothing_to_save_without_a_result(an_open_panel):
    assert an_open_panel.panel.training.button.enabled is False


def test_it_asks_for_folder_and_consent_once_and_saves_labels_with_boxes(a_form, click, dialogs):
    from ICHSegmentationLib import mrml

    dialogs.answer(str(a_form.folder), "Yes")
    click(a_form.training.button)
    assert str(a_form.folder) in dialogs.shown[-1]
    assert "without names, dates and identifiers" in dialogs.shown[-1]
    request = a_form.process.request
    assert request["keep_face"] is False
    assert request["folder"] == a_form.folder
    np.testing.assert_array_equal(request["label_map"].labels, mrml.label_map_of(a_form.node).labels)
    assert [box.subtype for box in request["boxes"]] == ["IPH", "SDH"]
    assert (a_form.training.button.enabled, a_form.training.message) == (False, "Saving...")
    request["finished"]("case_0001")
    assert a_form.training.message == f"Saved as case_0001 in {a_form.folder}."
    click(a_form.training.remove_face)
    click(a_form.training.button)
    assert a_form.process.request["keep_face"] is True
    a_form.process.request["finished"]("case_0002")
    assert len(dialogs.shown) == 2


def test_without_consent_or_folder_nothing_is_saved_and_another_folder_is_asked_for_anew(
    a_form, click, dialogs, tmp_path
):
    asked = len(a_form.process.requests)
    dialogs.answer("")
    click(a_form.training.button)
    dialogs.answer(str(a_form.folder), "No")
    click(a_form.training.button)
    assert len(a_form.process.requests) == asked
    dialogs.answer("Yes")
    click(a_form.training.button)
    assert len(a_form.process.requests) == asked + 1
    a_form.process.request["finished"]("case_0001")
    dialogs.answer(str(tmp_path))
    click(a_form.training.folder_button)
    dialogs.answer("No")
    click(a_form.training.button)
    assert len(a_form.process.requests) == asked + 1


def test_a_failure_is_one_sentence(a_form, click, dialogs):
    from ICHSegmentationPanel.process import make_failure

    dialogs.answer(str(a_form.folder), "Yes")
    click(a_form.training.button)
    a_form.process.request["failed"](make_failure("disk_full", "Cannot write x: the disk is full."))
    assert a_form.training.message == "<b>Cannot write x: the disk is full.</b>"
    assert a_form.training.button.enabled is True


def test_the_process_writes_the_files_in_the_background(wait_until, a_form):
    from builders.panel import a_small_ct, some_labels
    from ICHSegmentationPanel.process import SegmentationProcess

    process, told = SegmentationProcess(), []
    volume = a_small_ct()
    options = {"keep_face": True, "finished": told.append, "failed": told.append}
    process.save_training_case(a_form.folder, volume, some_labels(volume), (), **options)
    wait_until(lambda: told, what="the case")
    assert told == ["case_0001"]
    assert (a_form.folder / "labelsTr" / "case_0001.nii.gz").exists()
    (a_form.folder / "dataset.json").write_text("{}")
    process.save_training_case(a_form.folder, volume, some_labels(volume), (), **options)
    wait_until(lambda: len(told) == 2, what="the refusal")
    assert "holds another data set" in told[1].in_one_sentence
    process.close()
