# SPDX-License-Identifier: Apache-2.0
"""A process that is asked to end removes its temporary files; what a killed one leaves goes with the next run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.storage.temporary import remove_left, temporary_path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

CODE = """
import sys, time
from pathlib import Path
from ICHSegmentationLib.core.storage.files import atomic_path
from ICHSegmentationLib.core.storage.replacing import replacing_files
from ICHSegmentationLib.core.signals import exit_on_signals
exit_on_signals()
with replacing_files(Path(sys.argv[1])) as staging, atomic_path(Path(sys.argv[1]) / "Doe John.pdf") as temporary:
    (staging / "labels.nii.gz").write_text("patient")
    temporary.write_text("patient")
    print("ready", flush=True)
    time.sleep(60)
"""

INTERRUPTED_IMPORT = """
import os, signal, sys
import ICHSegmentationLib.cli.app as module
from ICHSegmentationLib.cli import main
def app():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except SystemExit:
        raise ImportError("initialization failed") from None
module.app = app
sys.exit(main())
"""


def end(folder: Path, number: int) -> int:
    """Start a process that writes into a folder, send it a signal, and return its exit code."""
    with subprocess.Popen([sys.executable, "-c", CODE, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        names = [path.name for path in folder.iterdir()]
        assert len(names) == 4
        assert not any("Doe" in name for name in names)
        remove_left(folder)  # another process at work leaves it alone
        assert sorted(names) == sorted(path.name for path in folder.iterdir())
        process.send_signal(number)
        return process.wait(30)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_process_that_is_asked_to_end_leaves_nothing(tmp_path, number, code):
    assert end(tmp_path, number) == code
    assert list(tmp_path.iterdir()) == []


def test_an_import_is_finished_before_the_process_ends(tmp_path):
    """An exception during the initialization of VTK was a segmentation fault."""
    (tmp_path / "slow.py").write_text(
        "import os, signal, time\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "time.sleep(0.3)\n"
        "print('imported', flush=True)\n"
    )
    code = (
        "import sys, time; from ICHSegmentationLib.core.signals import exit_on_signals; exit_on_signals()\n"
        "sys.path.insert(0, sys.argv[1]); import slow; time.sleep(60)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (143, "imported\n"), done.stderr


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    assert end(tmp_path, signal.SIGKILL) == -9
    assert len(list(tmp_path.iterdir())) == 4
    (tmp_path / ".ichseg-of-someone-else").write_text("")
    write_text(tmp_path / "report.txt", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ichseg-of-someone-else", "report.txt"]


def test_without_a_lock_only_what_is_old_is_removed(tmp_path):
    for name, age_s in ((".ichseg-0123456789ab", 25 * 3600), (".ichseg-0123456789ac", 60)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "labels.nii.gz").write_text("")
        os.utime(folder, (time.time() - age_s,) * 2)
    remove_left(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".ichseg-0123456789ac"]


def test_a_temporary_path_is_gone_at_the_end_whatever_it_is(tmp_path):
    with temporary_path(tmp_path, ".pdf") as path:
        path.write_text("")
    with temporary_path(tmp_path) as path:
        (path / "new").mkdir(parents=True)
    assert list(tmp_path.iterdir()) == []


def test_a_signal_during_the_removal_leaves_nothing(tmp_path, monkeypatch):
    remove, calls = shutil.rmtree, []

    def interrupted(path: Path) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise SystemExit(143)
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(SystemExit), temporary_path(tmp_path) as path:
        path.mkdir()
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_interrupts_the_import_of_a_c_extension_is_no_error():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_IMPORT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (143, "")
