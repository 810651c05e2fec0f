# SPDX-License-Identifier: Apache-2.0
"""``ichseg deidentify`` writes files without identity, and says that the face is still there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.command import Command
from builders.dicom import write_series
from builders.grids import make_grid
from builders.requirements import require_module
from PIL import Image

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.preprocessing.head import inside_skull
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

require_module("dicomanonymizer", "dicom-anonymizer")


def test_a_folder_is_written_and_the_keys_are_the_user_s(
    a_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path / "config"))
    grid = make_grid(rows=20, columns=16, steps_mm=[5.0] * 3)
    write_series(tmp_path / "study" / "ct", np.zeros(grid.shape, dtype=np.int16), grid)
    done = a_command("deidentify", tmp_path / "study", "--output", tmp_path / "out", "--keep-face", "--json")

    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert content["keys"] == str(tmp_path / "config" / "deidentification-keys.json")
    assert Path(content["keys"]).exists()
    assert content["files"] == sorted(str(path) for path in (tmp_path / "out").iterdir())
    assert len(content["files"]) == 4
    assert content["warnings"] == [message("cli.face_remains")]
    assert b"SECRET" not in b"".join(Path(file).read_bytes() for file in content["files"])


@pytest.mark.slow
def test_the_face_of_the_tilted_uneven_series_is_removed_and_nothing_inside_the_skull(
    a_command: Command, shared_data: Path, tmp_path: Path
):
    source = shared_data / "ge-head-ct"
    out, picture = tmp_path / "out", tmp_path / "front.png"
    done = a_command("deidentify", source, "--output", out, "--keys", tmp_path / "k.json", "--picture", picture)
    assert done.code == 0, done.err

    before, after = read_ct(source), read_ct(out)
    assert after.grid.matches(before.grid, tolerance_mm=1e-9)
    orientation = CanonicalOrientation.of(before.grid)
    inside = orientation.invert(inside_skull(orientation.apply(before.hu), orientation.coordinates_mm))
    assert inside.sum() > 1_000_000
    assert np.array_equal(after.hu[inside], before.hu[inside])
    # The inside of the skull is found again, but for slices of the neck.
    again = orientation.invert(inside_skull(orientation.apply(after.hu), orientation.coordinates_mm))
    assert np.array_equal(again[4:], inside[4:])
    # Nose and eyes are in the upper part of the lowest slices.
    assert (before.hu[:4, :130] > -300).sum() > 20_000
    assert (after.hu[:4, :130] > -300).sum() == 0
    # As are the ears at their sides, and the head rest: of what shows, a quarter is gone.
    assert 0.15 < 1 - (after.hu > -300).sum() / (before.hu > -300).sum() < 0.35
    image = pydicom.dcmread(min(out.iterdir()))
    codes = [item.CodeValue for item in image.DeidentificationMethodCodeSequence]
    assert (codes, image.RecognizableVisualFeatures) == (["113100", "113107", "113102"], "NO")
    assert Image.open(picture).size[0] > 900


def test_a_scan_without_a_skull_is_refused(a_command: Command, tmp_path: Path):
    grid = make_grid(rows=20, columns=16, steps_mm=[5.0] * 3)
    write_series(tmp_path / "ct", np.zeros(grid.shape, dtype=np.int16), grid)
    done = a_command("deidentify", tmp_path / "ct", "--output", tmp_path / "out", "--keys", tmp_path / "k.json")
    assert done.code == 2
    assert "head" in done.err
    assert not (tmp_path / "out").exists()


def test_a_missing_source_is_told(a_command: Command, tmp_path: Path):
    done = a_command("deidentify", tmp_path / "none", "--output", tmp_path / "out")
    assert (done.code, done.err) == (2, f"error: {message('cli.not_found', path=tmp_path / 'none')}\n")
