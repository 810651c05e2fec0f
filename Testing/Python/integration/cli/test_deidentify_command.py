# SPDX-License-Identifier: Apache-2.0
"""``ichseg deidentify`` writes files without identity, and says that the face is still there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from builders.command import Command
from builders.dicom import write_series
from builders.grids import make_grid
from builders.requirements import require_module

from ICHSegmentationLib.core.messages import message

require_module("dicomanonymizer", "dicom-anonymizer")


def test_a_folder_is_written_and_the_keys_are_the_user_s(
    a_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path / "config"))
    grid = make_grid(rows=20, columns=16, steps_mm=[5.0] * 3)
    write_series(tmp_path / "study" / "ct", np.zeros(grid.shape, dtype=np.int16), grid)
    done = a_command("deidentify", tmp_path / "study", "--output", tmp_path / "out", "--json")

    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert content["keys"] == str(tmp_path / "config" / "deidentification-keys.json")
    assert Path(content["keys"]).exists()
    assert content["files"] == sorted(str(path) for path in (tmp_path / "out").iterdir())
    assert len(content["files"]) == 4
    assert content["warnings"] == [message("cli.face_remains")]
    assert b"SECRET" not in b"".join(Path(file).read_bytes() for file in content["files"])


def test_a_missing_source_is_told(a_command: Command, tmp_path: Path):
    done = a_command("deidentify", tmp_path / "none", "--output", tmp_path / "out")
    assert (done.code, done.err) == (2, f"error: {message('cli.not_found', path=tmp_path / 'none')}\n")
