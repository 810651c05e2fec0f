# SPDX-License-Identifier: Apache-2.0
"""``ichseg send`` sends what it is told to the archive that the user set up, and nothing without one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.archives import free_port, storescp
from builders.command import Command
from builders.dicom import write_series
from builders.grids import make_grid

from ICHSegmentationLib.core.messages import message

GRID = make_grid(rows=20, columns=16, steps_mm=[5.0] * 3)


@pytest.fixture
def a_result_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of the name that a result has."""
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path))
    (path, *_) = write_series(tmp_path / "ct", np.zeros(GRID.shape, np.int16), GRID)
    (tmp_path / "out").mkdir()
    path.rename(tmp_path / "out" / "segmentation.dcm")
    return tmp_path / "out"


def set_up(folder: Path, port: int) -> None:
    text = f'enabled = true\nhost = "127.0.0.1"\nport = {port}\ncalled_ae_title = "ARCHIVE"\n'
    (folder.parent / "pacs.toml").write_text(text, encoding="utf-8")


def test_it_is_off_until_an_archive_is_set_up(a_command: Command, a_result_folder: Path):
    done = a_command("send", a_result_folder)
    assert done.code == 2
    assert done.err.count("\n") == 1


def test_a_folder_s_dicom_files_arrive(a_command: Command, a_result_folder: Path, tmp_path: Path):
    with storescp(tmp_path / "archive") as (port, _):
        set_up(a_result_folder, port)
        done = a_command("send", a_result_folder, "--json")

    sent = a_result_folder / "segmentation.dcm"
    assert json.loads(done.out) == {"archive": f"ARCHIVE at 127.0.0.1:{port}", "sent": [str(sent)]}
    (arrived,) = (tmp_path / "archive").iterdir()
    assert pydicom.dcmread(arrived) == pydicom.dcmread(sent)


def test_a_failure_is_one_line_and_keeps_the_file(a_command: Command, a_result_folder: Path):
    port = free_port()
    set_up(a_result_folder, port)
    done = a_command("send", a_result_folder / "segmentation.dcm")

    assert done.code == 1
    assert f"ARCHIVE at 127.0.0.1:{port}" in done.err
    assert "segmentation.dcm" in done.err
    assert done.err.count("\n") == 1
    assert (a_result_folder / "segmentation.dcm").is_file()


def test_what_is_not_there_is_said(a_command: Command, a_result_folder: Path):
    set_up(a_result_folder, 104)
    (a_result_folder.parent / "empty").mkdir()
    gone, empty = a_result_folder.parent / "gone.dcm", a_result_folder.parent / "empty"
    for path, said in (
        (gone, message("cli.not_found", path=gone)),
        (empty, message("cli.no_dicom_results", folder=empty)),
    ):
        done = a_command("send", path)
        assert (done.code, done.err) == (2, f"error: {said}\n")
