# SPDX-License-Identifier: Apache-2.0
"""The panel's worker process: through PythonSlicer, never in the way of the main thread, gone with Slicer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import slicer
from builders.processes import is_running
from builders.python_slicer import put_on_path, put_script_on_path
from builders.worker_world import make_world, tilted_head

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.pipeline import segment
from ICHSegmentationLib.worker.protocol.messages import PROTOCOL

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and scripts")]
ROOT = Path(__file__).parents[4]

HELLO = f"""
import json, os, sys, time
def say(**message):
    print(json.dumps(message), flush=True)
say(type="hello", protocol={PROTOCOL}, version="{__version__}", pid=os.getpid())
"""
# Takes a scan, says that it works on a request, and does not listen.
BUSY = f"""{HELLO}
while (request := json.loads(input()))["type"] == "open":
    say(type="opened", id=request["id"])
say(type="progress", id=request["id"], stage="load", fraction=0.0)
time.sleep(1000)
"""
# An application in a process of its own, with as much of Slicer as the panel's process needs; prints the stages.
APPLICATION = """
import sys, types
sys.path[:0] = sys.argv[1:4]
from slicer_harness.qt_facade.module import make_qt_module
qt = sys.modules["qt"] = make_qt_module()
app = qt.QCoreApplication([])
slicer = sys.modules["slicer"] = types.ModuleType("slicer")
sys.modules["slicer.i18n"] = types.SimpleNamespace(tr=str)
slicer.app = types.SimpleNamespace(connect=print, temporaryPath=sys.argv[4])
from ICHSegmentationPanel.process import SegmentationProcess
from builders.worker_world import tilted_head
process = SegmentationProcess()
process.segment(tilted_head(), progress=lambda stage, _: print(stage, flush=True), finished=print, failed=print)
qt.QEventLoop().exec()
"""


class Asked:
    """A segmentation that was asked for, and what came back."""

    def __init__(self, process, volume, **options) -> None:
        self.stages = []
        self.results = []
        self.failures = []
        process.segment(
            volume, progress=self.take_progress, finished=self.results.append, failed=self.failures.append, **options
        )

    def take_progress(self, stage: str, _fraction: float) -> None:
        if self.stages[-1:] != [stage]:
            self.stages.append(stage)

    def is_over(self) -> bool:
        return bool(self.results or self.failures)


@pytest.fixture(scope="module")
def a_world(tmp_path_factory) -> dict[str, str]:
    """Variables of a machine with one small model."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def a_head() -> CTVolume:
    """A tilted head with one clot on uneven slices."""
    return tilted_head()


@pytest.fixture
def wait_until(slicer_app):
    """Run the event loop until a condition holds; the time is a limit for a broken program only."""
    return lambda condition, timeout_s=60.0: slicer_app.wait_until(condition, timeout_s)


@pytest.fixture
def a_process(slicer_app, a_world, monkeypatch, tmp_path):  # noqa: ARG001 (Slicer has to be there)
    """The panel's process, with PythonSlicer on the path."""
    monkeypatch.syspath_prepend(ROOT / "ICHSegmentation")
    for name, value in a_world.items():
        monkeypatch.setenv(name, value)
    put_on_path(tmp_path / "bin", monkeypatch)
    from ICHSegmentationPanel.process import SegmentationProcess

    process = SegmentationProcess()
    yield process
    process.close()
    assert left_files() == []


@pytest.fixture
def ask_fake(a_process, a_head, monkeypatch, tmp_path):
    """Ask for a segmentation of a worker that is a script."""

    def ask(text: str) -> Asked:
        put_script_on_path(tmp_path / "fake", monkeypatch, text)
        return Asked(a_process, a_head)

    return ask


def left_files() -> list[str]:
    return [path.name for path in Path(slicer.app.temporaryPath).iterdir()]


def workers(temporary: str = "") -> list[int]:
    """Numbers of the launcher and the worker: processes that have the private folder in their command."""
    temporary = temporary or slicer.app.temporaryPath
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"{temporary}/ichseg-worker-".encode() in command and is_running(int(folder.name)):
            found.append(int(folder.name))
    return found


def python_of(numbers: list[int]) -> int:
    """Of the launcher and its child, the child."""
    return max(numbers)


# With real workers


def test_a_head_is_segmented_as_by_the_library_and_again_with_the_loaded_model(a_process, a_head, wait_until):
    asked = Asked(a_process, a_head)
    assert a_process.busy
    wait_until(asked.is_over)
    (answer,) = asked.results
    expected = segment(a_head)
    np.testing.assert_array_equal(answer.segmentation.label_map.labels, expected.label_map.labels)
    assert asked.stages == ["start", "load", "preprocess", "infer", "postprocess", "measure"]
    assert not a_process.busy
    # The launcher and Slicer's Python.
    first = workers()
    assert len(first) == 2

    devices, models = [], []
    a_process.list_models(models.append, pytest.fail)
    a_process.list_devices(devices.append, pytest.fail)
    asked = Asked(a_process, a_head, force=True)
    wait_until(asked.is_over)
    assert [manifest.default for manifest in models] == ["tiny"]
    assert devices[0][0].name == "cpu"
    assert workers() == first
    text = a_process.diagnostics()
    assert text.count("loaded model tiny: openvino on cpu") == 1
    slices, rows, columns = a_head.hu.shape
    assert f"segment {columns} x {rows} x {slices}, force True" in text
    assert "3D Slicer 5.12" in text


def test_a_worker_that_the_system_kills_is_told_through_the_launcher_and_replaced(a_process, a_head, wait_until):
    asked = Asked(a_process, a_head)
    wait_until(lambda: len(asked.stages) > 1)
    first = workers()
    os.kill(python_of(first), signal.SIGKILL)
    wait_until(asked.is_over)
    (failure,) = asked.failures
    assert failure.kind == "killed"
    assert "memory" in failure.sentence
    wait_until(lambda: not any(map(is_running, first)))
    assert left_files() == []

    asked = Asked(a_process, a_head)
    wait_until(asked.is_over)
    assert len(asked.results) == 1


def test_the_end_of_slicer_s_process_ends_the_worker_and_removes_its_files(a_process, tmp_path, wait_until):
    a_process.close()
    paths = [str(ROOT / "Testing" / "SlicerHarness"), str(ROOT / "ICHSegmentation"), str(ROOT / "Testing" / "Python")]
    folder = tmp_path / "temporary"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", APPLICATION, *paths, str(folder)]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as application:
        assert any(line == b"load\n" for line in application.stdout)
        assert len(workers(str(folder))) == 2
        application.kill()
    wait_until(lambda: not workers(str(folder)) and not list(folder.iterdir()))


def test_a_worker_without_its_requirements_says_which_import_failed(
    a_process, a_head, monkeypatch, tmp_path, wait_until
):
    # -S leaves out site-packages, as in a Slicer where nothing was installed.
    put_on_path(tmp_path / "bare", monkeypatch, f"{sys.executable} -S")
    asked = Asked(a_process, a_head)
    wait_until(asked.is_over)
    (failure,) = asked.failures
    assert failure.kind == "crashed"
    assert failure.sentence.code == "worker.not_started"
    assert failure.sentence.parameters["reason"].startswith("ModuleNotFoundError: No module named")
    assert "Copy diagnostics" in failure.next_step
    assert failure.detail in a_process.diagnostics()


# With workers that are played


def test_a_worker_that_does_not_listen_is_killed_with_its_launcher_when_the_user_cancels(
    a_process, ask_fake, wait_until
):
    asked = ask_fake(BUSY)
    wait_until(lambda: asked.stages == ["start", "load"])
    first = workers()
    a_process.cancel()
    assert asked.failures == []
    wait_until(asked.is_over)
    assert [failure.kind for failure in asked.failures] == ["cancelled"]
    wait_until(lambda: not any(map(is_running, first)))
    wait_until(lambda: left_files() == [])


def test_a_scene_that_is_closed_during_a_run_leaves_no_process_and_no_file(a_process, ask_fake, wait_until):
    asked = ask_fake(BUSY)
    wait_until(lambda: asked.stages == ["start", "load"])
    first = workers()
    a_process.abandon()
    assert not a_process.busy
    wait_until(lambda: not any(map(is_running, first)))
    wait_until(lambda: left_files() == [])
    assert not asked.is_over()


def test_the_exit_of_slicer_during_a_run_leaves_no_process_and_no_file(a_process, ask_fake, wait_until):
    asked = ask_fake(BUSY)
    wait_until(lambda: asked.stages == ["start", "load"])
    first = workers()
    assert len(first) == 2
    slicer.app.aboutToQuit.emit()
    # At once: there is no event loop any more that could see to it later.
    assert not any(map(is_running, first))
    assert left_files() == []
    assert not asked.is_over()
    assert not a_process.busy


def test_a_worker_of_another_version_is_refused(ask_fake, wait_until):
    asked = ask_fake(HELLO.replace(f'"{__version__}"', '"9.9.9"') + "time.sleep(1000)")
    wait_until(asked.is_over)
    (failure,) = asked.failures
    assert (failure.kind, failure.sentence.code) == ("crashed", "worker.other_version")
    assert failure.sentence.parameters == {"worker": "9.9.9", "program": __version__}


def test_what_a_launcher_prints_first_is_no_harm_and_diagnostics_name_no_path(a_process, ask_fake, wait_until):
    asked = ask_fake(
        "import sys\nprint('launcher: hello')\nprint('in /data/Smith John/ct.nii', file=sys.stderr)\n" + BUSY
    )
    wait_until(lambda: asked.stages == ["start", "load"])
    text = a_process.diagnostics()
    assert "launcher: hello" in text
    assert "in (path).nii" in text
    assert "Smith" not in text
    assert str(Path.home()) not in text


def test_without_python_slicer_the_reason_is_told(a_process, a_head, monkeypatch, wait_until):
    monkeypatch.setenv("PATH", "/nowhere")
    asked = Asked(a_process, a_head)
    wait_until(asked.is_over)
    (failure,) = asked.failures
    assert (failure.kind, failure.sentence) == ("crashed", "PythonSlicer was not found.")


def test_python_slicer_is_also_found_where_slicer_was_installed(a_process, monkeypatch, tmp_path):  # noqa: ARG001
    from ICHSegmentationPanel.process import slicer_python

    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        patch.setattr(slicer_python.slicer, "app", type("App", (), {"slicerHome": str(tmp_path)}))
        assert slicer_python.python_slicer() == str(tmp_path / "bin" / "PythonSlicer")


def test_a_library_that_cannot_be_imported_is_a_matter_of_requirements(a_process, a_head, monkeypatch, wait_until):
    monkeypatch.setitem(sys.modules, "ICHSegmentationLib.worker.client.event_client", None)
    asked = Asked(a_process, a_head)
    wait_until(asked.is_over)
    (failure,) = asked.failures
    assert failure.kind == "requirements"
    assert "ICHSegmentationLib.worker.client.event_client" in failure.sentence
    assert not a_process.busy


def test_a_full_disk_is_told(a_process, ask_fake, monkeypatch, wait_until):
    from ICHSegmentationLib.worker.protocol import exchange

    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(exchange, "_write_array", full)
    asked = ask_fake(BUSY)
    wait_until(asked.is_over)
    (failure,) = asked.failures
    assert failure.kind == "disk_full"
    assert "temporary folder" in failure.next_step
    assert not a_process.busy


def test_the_worker_s_variables_are_slicer_s_without_its_itk_plug_ins(a_process, monkeypatch):  # noqa: ARG001
    from ICHSegmentationPanel.process.slicer_python import worker_variables

    monkeypatch.setenv("ITK_AUTOLOAD_PATH", "/opt/slicer/lib/ITKFactories")
    monkeypatch.setenv("PYTHONHOME", "/opt/slicer/lib/Python")
    monkeypatch.delenv("KMP_DUPLICATE_LIB_OK", raising=False)
    variables = worker_variables()
    assert variables["PYTHONHOME"] == "/opt/slicer/lib/Python"
    assert "ITK_AUTOLOAD_PATH" not in variables
    assert "KMP_DUPLICATE_LIB_OK" not in variables
    assert variables["PATH"] == os.environ["PATH"]
