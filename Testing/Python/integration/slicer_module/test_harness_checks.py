# SPDX-License-Identifier: Apache-2.0
"""What a run of Slicer finds at its end: each test makes one mistake in a run of its own and reads what was said."""

from __future__ import annotations

import sys
import threading

import pytest
import qt
import slicer
import vtk
from slicer_harness.run import SlicerRun


@pytest.fixture
def a_run(tmp_path):
    """A run that the test ends by itself."""
    run = SlicerRun(tmp_path)
    run.begin()
    return run


def test_a_run_in_order_has_nothing_to_say(a_run):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert a_run.end() == []


def test_an_exception_in_a_slot_is_found(a_run):
    box = qt.QSpinBox()
    box.connect("valueChanged(int)", lambda value: 1 / (value - 3))
    box.value = 3
    (problem,) = a_run.end()
    assert "raised in a slot" in problem
    assert "ZeroDivisionError" in problem


def test_an_exception_in_an_observer_is_found(a_run):
    tag = slicer.mrmlScene.AddObserver("UserEvent", lambda *_: 1 / 0)
    slicer.mrmlScene.InvokeEvent("UserEvent")
    slicer.mrmlScene.RemoveObserver(tag)
    assert "ZeroDivisionError" in a_run.end()[0]


@pytest.mark.parametrize("kind", ["scene", "node", "segmentation"])
def test_an_observer_that_was_left_is_found(a_run, kind):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "result")
    subject = {"scene": slicer.mrmlScene, "node": node, "segmentation": node.GetSegmentation()}[kind]
    subject.AddObserver("ModifiedEvent", lambda *_: None)
    (problem,) = a_run.end()
    assert problem.startswith(f"left behind: {subject.GetClassName()}")


def test_an_observer_that_was_removed_is_no_problem(a_run):
    tag = slicer.mrmlScene.AddObserver("ModifiedEvent", lambda *_: None)
    slicer.mrmlScene.RemoveObserver(tag)
    assert a_run.end() == []


def test_a_timer_that_still_runs_is_found(a_run):
    timer = qt.QTimer()
    timer.start(12345)
    assert a_run.end() == ["left running: timer with 12345 ms"]
    assert not timer.active


def test_a_shot_that_is_still_to_come_is_found(a_run):
    qt.QTimer.singleShot(54321, print)
    assert a_run.end() == ["left running: timer with 54321 ms"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_still_runs_is_found_and_ended(a_run):
    process = qt.QProcess()
    process.start("/bin/sleep", ["600"])
    process.waitForStarted()
    problems = a_run.end()
    assert "left running: process /bin/sleep" in problems
    assert process.state() == qt.QProcess.NotRunning


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_orphan_of_a_process_that_has_ended_is_found(a_run):
    process = qt.QProcess()
    process.start("/bin/sh", ["-c", "sleep 600 >/dev/null 2>&1 &"])
    process.waitForFinished()
    (problem,) = a_run.end()
    assert "sleep 600" in problem


def test_a_thread_that_still_runs_is_found(a_run):
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait, name="reader")
    thread.start()
    problems = a_run.end()
    go_on.set()
    thread.join()
    assert problems == ["left running: thread reader"]


def test_a_connection_to_the_application_is_found(a_run):
    slicer.app.connect("aboutToQuit()", print)
    assert a_run.end() == ["left connected: slicer.app's aboutToQuit()"]


def test_waiting_for_the_end_of_the_start_is_no_problem(a_run):
    slicer.app.connect("startupCompleted()", print)
    assert a_run.end() == []


def test_a_dialog_without_an_answer_is_closed_and_found(a_run):
    assert not slicer.util.confirmYesNoDisplay("Overwrite?")
    assert a_run.end() == ["a dialog that no answer was given for: Overwrite?"]


def test_an_answer_without_a_dialog_is_found(a_run):
    a_run.dialogs.answer("Yes")
    assert a_run.end() == ["an answer that no dialog came for: Yes"]


def test_an_answer_that_the_dialog_has_no_button_for_is_found(a_run):
    a_run.dialogs.answer("Perhaps")
    slicer.util.confirmYesNoDisplay("Overwrite?")
    assert "has no button 'Perhaps'" in a_run.end()[0]


def test_what_qt_only_complains_about_is_found(a_run):
    qt.QTimer().start(-1)
    (problem, *_) = a_run.end()
    assert problem.startswith("Qt: Q")
    assert "negative intervals" in problem


def test_an_error_of_vtk_is_found(a_run):
    reader = vtk.vtkXMLPolyDataReader()
    reader.SetFileName("/no/such/file.vtp")
    reader.Update()
    assert any(problem.startswith("VTK: ") and "/no/such/file.vtp" in problem for problem in a_run.end())


def test_an_expected_error_is_no_problem_and_must_come(a_run):
    a_run.expect_error("ZeroDivisionError")
    a_run.expect_error("KeyError")
    box = qt.QSpinBox()
    box.connect("valueChanged(int)", lambda value: 1 / (value - 3))
    box.value = 3
    assert a_run.end() == ["an error with the text 'KeyError' was expected and did not come"]


def test_waiting_in_vain_fails(a_run):
    with pytest.raises(AssertionError, match="in vain for the table"):
        a_run.wait_until(lambda: False, timeout_s=0.01, what="the table")
    assert a_run.end() == []


@pytest.mark.parametrize("state", ["disabled", "hidden"])
def test_what_a_user_cannot_click_is_not_clicked(a_run, state):
    button = qt.QPushButton()
    button.setVisible(state != "hidden")
    button.setEnabled(state != "disabled")
    with pytest.raises(AssertionError, match=f"cannot be clicked: it is {state}"):
        a_run.click(button)
    button.hide()
    assert a_run.end() == []
