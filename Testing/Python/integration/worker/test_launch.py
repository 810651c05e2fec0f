# SPDX-License-Identifier: Apache-2.0
"""How a worker is started."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from builders.errors import raises

import ICHSegmentationLib
from ICHSegmentationLib.core.errors import DiskFullError
from ICHSegmentationLib.worker.client import launch
from ICHSegmentationLib.worker.client.launch import make_folder, worker_command, worker_environment


def test_the_environment_is_the_host_s_but_for_temporary_files_and_the_log_s_encoding(tmp_path):
    given = {"PYTHONHOME": "/opt/slicer/lib/Python", "LD_LIBRARY_PATH": "/opt/slicer/lib", "TMPDIR": "/tmp", "A": "b"}
    here = str(tmp_path)
    assert worker_environment(given, tmp_path) == given | {
        "TMPDIR": here,
        "TEMP": here,
        "TMP": here,
        "PYTHONIOENCODING": "utf-8",
    }


def test_the_library_beside_the_worker_s_file_is_taken_before_one_that_is_installed(tmp_path):
    # As in Slicer, whose launcher puts the folders of its own packages in front.
    other = tmp_path / "ICHSegmentationLib"
    other.mkdir()
    (other / "__init__.py").write_text("raise ImportError('the wrong library')")
    command = [*worker_command(sys.executable, tmp_path), "--help"]
    environment = worker_environment({**os.environ, "PYTHONPATH": str(tmp_path)}, tmp_path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: python -m ICHSegmentationLib.worker")
    assert command[2] == str(Path(ICHSegmentationLib.__file__).parent / "worker" / "__main__.py")


def test_a_folder_is_made_where_the_host_wants_it(tmp_path):
    folder = make_folder(tmp_path)
    assert folder.parent == tmp_path
    assert folder.name.startswith("ichseg-worker-")
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_is_named(monkeypatch, tmp_path):
    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(launch.tempfile, "mkdtemp", full)
    with raises(DiskFullError, "core.disk_full", path=tmp_path):
        make_folder(tmp_path)
    with raises(DiskFullError, "core.disk_full", path=Path(tempfile.gettempdir())):
        make_folder()
