# SPDX-License-Identifier: Apache-2.0
"""Qt's event loop and processes, as the client of the worker needs them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from builders.processes import is_running
from builders.python_slicer import put_on_path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and scripts")


class Listener:
    """Writes down what a process does."""

    def __init__(self) -> None:
        self.output = b""
        self.errors = b""
        self.ends = []

    def take_output(self, data: bytes) -> None:
        self.output += data

    def take_errors(self, data: bytes) -> None:
        self.errors += data

    def take_end(self, code, problem="") -> None:
        self.ends.append((code, problem))


@pytest.fixture
def wait_until(slicer_app):
    """Run the event loop until a condition holds; the time is a limit for a broken program only."""
    return lambda condition, timeout_s=60.0: slicer_app.wait_until(condition, timeout_s)


@pytest.fixture
def a_loop(slicer_app, monkeypatch):  # noqa: ARG001 (Slicer has to be there)
    """Qt's loop."""
    monkeypatch.syspath_prepend(Path(__file__).parents[4] / "ICHSegmentation")
    from ICHSegmentationPanel.process.qt_loop import QtLoop

    loop = QtLoop()
    yield loop
    loop.close()


@pytest.fixture
def run_python(a_loop) -> Callable[[str], tuple]:
    """Run code in another interpreter; answers the process and its listener."""

    def run(code: str, python: str = sys.executable):
        listener = Listener()
        return a_loop.start([python, "-c", code], {"PATH": "/usr/bin:/bin"}, listener), listener

    return run


def test_calls_come_when_they_are_due_and_in_order(a_loop, wait_until):
    called = []
    a_loop.call_later(0.05, lambda: called.append("late"))
    a_loop.call_later(0, lambda: called.append("first"))
    a_loop.call_later(0, lambda: called.append("second"))
    assert called == []
    assert wait_until(lambda: len(called) == 3)
    assert called == ["first", "second", "late"]


def test_work_is_done_in_another_thread_and_told_on_this_one(a_loop, wait_until):
    told = []

    def done(result, error):
        told.append((result, error, threading.current_thread()))

    a_loop.run_in_background(threading.current_thread, done)
    a_loop.run_in_background(lambda: 1 / 0, done)
    assert wait_until(lambda: len(told) == 2)
    results, errors, threads = zip(*sorted(told, key=lambda each: each[1] is not None), strict=True)
    assert results[0] is not threading.main_thread()
    assert errors[0] is None
    assert isinstance(errors[1], ZeroDivisionError)
    assert set(threads) == {threading.main_thread()}


def test_what_a_callback_raises_does_not_keep_the_others_from_being_called(a_loop, slicer_app, wait_until):
    slicer_app.expect_error("ZeroDivisionError")
    called = []
    a_loop.call_later(0, lambda: 1 / 0)
    a_loop.call_later(0, lambda: called.append("second"))
    assert wait_until(lambda: called == ["second"])


def test_a_callback_that_shows_a_dialog_does_not_keep_the_others_from_being_called(a_loop, wait_until):
    called = []

    def show_dialog():
        a_loop.call_later(0.02, lambda: called.append("meanwhile"))
        a_loop.run_in_background(lambda: 1, lambda *_: called.append("work"))
        # Runs the event loop, as a dialog does.
        wait_until(lambda: len(called) == 2)
        called.append("closed")

    a_loop.call_later(0, show_dialog)
    assert wait_until(lambda: "closed" in called)
    assert sorted(called[:2]) == ["meanwhile", "work"]


def test_after_the_close_nobody_is_called(a_loop, slicer_app):
    called = []
    started, go_on = threading.Event(), threading.Event()

    def work():
        started.set()
        go_on.wait(20)

    a_loop.call_later(0, lambda: called.append("call"))
    a_loop.run_in_background(work, lambda *_: called.append("work"))
    assert started.wait(20)
    go_on.set()
    a_loop.close()
    slicer_app.process_events()
    assert called == []


def test_a_process_has_the_given_environment_and_its_output_comes(run_python, wait_until):
    _, listener = run_python(
        "import os, sys; print(sorted(os.environ)[:1], flush=True); sys.stderr.write('log'); sys.exit(7)"
    )
    assert wait_until(lambda: listener.ends)
    assert listener.output in {b"['LC_CTYPE']\n", b"['PATH']\n"}
    assert listener.errors == b"log"
    assert listener.ends == [(7, "")]


def test_what_is_written_reaches_the_process(run_python, wait_until):
    process, listener = run_python("print(input() + ' came', flush=True); input()")
    process.write(b"this\n")
    assert wait_until(lambda: listener.output)
    assert listener.output == b"this came\n"
    process.finish(5.0)
    assert [code for code, _ in listener.ends] == [1]


def test_the_end_by_a_signal_is_its_number_below_zero(run_python, wait_until):
    _, listener = run_python("import os; os.kill(os.getpid(), 9)")
    assert wait_until(lambda: listener.ends)
    assert listener.ends == [(-9, "")]


def test_a_program_that_is_not_there_is_told_after_the_call(a_loop, wait_until):
    listener = Listener()
    a_loop.start(["/nowhere/PythonSlicer"], {}, listener)
    assert listener.ends == []
    assert wait_until(lambda: listener.ends)
    ((code, problem),) = listener.ends
    assert code is None
    assert "No such file" in problem


def test_a_kill_reaches_the_child_of_the_launcher(run_python, wait_until, tmp_path, monkeypatch):
    launcher = put_on_path(tmp_path / "bin", monkeypatch)
    process, listener = run_python("import os, time; print(os.getpid(), flush=True); time.sleep(1000)", str(launcher))
    assert wait_until(lambda: listener.output)
    process.kill()
    assert wait_until(lambda: listener.ends)
    assert listener.ends == [(-9, "")]
    assert wait_until(lambda: not is_running(int(listener.output)))


def test_a_kill_does_not_wait_for_an_import(run_python, wait_until, monkeypatch):
    process, listener = run_python("import time; print('up', flush=True); time.sleep(1000)")
    assert wait_until(lambda: listener.output)
    monkeypatch.setitem(sys.modules, "ICHSegmentationLib.worker.client.process_tree", None)
    process.kill()
    assert wait_until(lambda: listener.ends)
    assert listener.ends == [(-9, "")]


def test_a_process_that_does_not_end_by_itself_is_killed_at_the_finish(run_python, wait_until, tmp_path, monkeypatch):
    launcher = put_on_path(tmp_path / "bin", monkeypatch)
    process, listener = run_python("import os, time; print(os.getpid(), flush=True); time.sleep(1000)", str(launcher))
    assert wait_until(lambda: listener.output)
    process.finish(0.01)
    assert listener.ends == [(-9, "")]
    assert not process.is_running
    assert wait_until(lambda: not is_running(int(listener.output)))


def test_where_the_children_cannot_be_killed_the_process_itself_is(run_python, wait_until, monkeypatch):
    from ICHSegmentationPanel.process import qt_process

    from ICHSegmentationLib.worker.client import process_tree

    monkeypatch.setattr(process_tree, "kill_tree", lambda _: None)
    monkeypatch.setattr(qt_process, "_INSIST_S", 0.01)
    process, listener = run_python("import time; print('up', flush=True); time.sleep(1000)")
    assert wait_until(lambda: listener.output)
    process.kill()
    assert wait_until(lambda: listener.ends)
    assert listener.ends == [(-9, "")]


def test_on_windows_exit_codes_are_told_unsigned_as_they_are_known(run_python, monkeypatch):
    from ICHSegmentationPanel.process import qt_process

    process, listener = run_python("input()")
    monkeypatch.setattr(qt_process.os, "name", "nt")
    process._take_finished(0xC0000005 - 2**32, 1)
    assert listener.ends == [(0xC0000005, "")]
    monkeypatch.undo()
    process.finish(5.0)
