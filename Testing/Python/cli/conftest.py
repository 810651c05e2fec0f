# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the command's tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ICHSegmentationLib.cli import main


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``ichseg`` with arguments in this process, as the installed script does."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["ichseg", *map(str, arguments)])
        try:
            code = main()
        except SystemExit as ended:
            code = 0 if ended.code is None else int(ended.code)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def a_scan_file(tmp_path: Path) -> Path:
    """A file that exists; the fakes never open it."""
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(b"scan")
    return path
