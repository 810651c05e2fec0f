# SPDX-License-Identifier: Apache-2.0
"""Errors become one line, an exit code, and a log that only the user may read."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ICHSegmentationLib.cli.failures import exit_code_of
from ICHSegmentationLib.core.errors import (
    CancelledError,
    ICHSegmentationError,
    InputError,
    ModelError,
    NotAHeadError,
    SeveralSeriesError,
)
from ICHSegmentationLib.core.messages import message


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("a.dcm is not CT."), 2, "error: a.dcm is not CT.\n"),
        (InputError("two\n lines"), 2, "error: two lines\n"),
        (NotAHeadError("This is no head."), 2, "error: This is no head.\n"),
        (
            SeveralSeriesError("Two:\n  1: thin\n  2: thick", ()),
            2,
            "error: Two:\n  1: thin\n  2: thick\n",
        ),
        (CancelledError(), 130, "Cancelled.\n"),
        (KeyboardInterrupt(), 130, "Cancelled.\n"),
    ],
)
def test_errors_of_the_user_have_a_code_and_a_line_but_no_log(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
):
    assert exit_code_of(error) == code
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ModelError("The weights are damaged."), "error: The weights are damaged. (details: "),
        (ICHSegmentationError("The disk is full."), "error: The disk is full. (details: "),
        (ValueError("Doe^Jane"), "error: Unexpected ValueError. (details: "),
    ],
)
def test_failures_name_a_private_log_with_the_traceback(
    error: Exception, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try:
        raise error
    except Exception as raised:
        code = exit_code_of(raised)
    out, err = capsys.readouterr()
    assert code == 1
    assert out == ""
    assert err.startswith(shown)
    assert err.count("\n") == 1
    assert "Jane" not in err
    log = Path(re.search(r"\(details: (.*)\)\n$", err)[1])
    assert log.parent == tmp_path
    assert "Jane" not in log.name
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    text = log.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert str(error) in text


@pytest.mark.parametrize("refused", ["mkstemp", "write"])
def test_a_full_disk_keeps_the_log_from_being_written_but_not_the_sentence(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if refused == "mkstemp":
        monkeypatch.setattr("tempfile.mkstemp", full)
    else:
        monkeypatch.setattr("traceback.format_exception", full)
    assert exit_code_of(ICHSegmentationError("The disk is full.")) == 1
    assert capsys.readouterr() == ("", "error: The disk is full.\n")
    assert list(tmp_path.iterdir()) == []


PRINT = """
import sys
from ICHSegmentationLib.cli.failures import exit_code_of
from ICHSegmentationLib.cli.terminal import Terminal
try:
    Terminal(as_json=True).show({"total": 1.0}, "")
except Exception as error:
    sys.exit(exit_code_of(error))
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_result_that_cannot_be_printed_is_told_in_one_line():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PRINT], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    line = message("cli.not_printed", reason="No space left on device")
    assert done.stderr.startswith(f"error: {line} (details: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_error_does_not_change_the_exit_code():
    code = "import sys; from ICHSegmentationLib.cli.failures import *; sys.exit(exit_code_of(KeyboardInterrupt()))"
    with Path("/dev/full").open("wb") as full:
        assert subprocess.run([sys.executable, "-c", code], stderr=full, check=False).returncode == 130
