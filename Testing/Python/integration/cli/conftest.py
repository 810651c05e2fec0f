# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the command's tests."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from builders.command import Command, Outcome, ichseg

from ICHSegmentationLib.cli import main


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


@pytest.fixture(scope="session")
def a_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a generated head that went the whole way, and what the command printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = ichseg("demo", "--output", folder, "--json", "--threads", 2)
    assert done.code == 0, done.err
    return folder, json.loads(done.out)
