# SPDX-License-Identifier: Apache-2.0
"""``ichseg simulate`` from a scan to a scan with bleeds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from builders.command import Command
from builders.generated_host import a_generated_host

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.nifti import write_on_grid_nifti
from ICHSegmentationLib.io.labels.reader import read_labels

pytestmark = pytest.mark.slow


@pytest.fixture
def a_scan(tmp_path: Path) -> Path:
    volume = a_generated_host().volume
    path = tmp_path / "mine.nii.gz"
    write_on_grid_nifti(path, volume.hu, volume.grid)
    return path


def test_scan_labels_series_and_volumes_agree(a_command: Command, a_scan: Path, tmp_path: Path):
    output = tmp_path / "out"
    options = ("--subtype", "edh", "--volume", "IVH=2", "--seed", 5, "--dicom", "--json")
    done = a_command("simulate", a_scan, "--output", output, *options)
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert (record["subtypes"], record["seed"], record["host"]) == (["EDH", "IVH"], 5, "scan")
    labels = read_labels(output / "labels.nii.gz").label_map.labels
    voxel_ml = 6.5 * 2.2 * 2.2 / 1000
    for subtype in (Subtype.EDH, Subtype.IVH):
        assert record["volumes_ml"][subtype.name] == pytest.approx((labels == subtype).sum() * voxel_ml, rel=1e-3)
    assert record["volumes_ml"]["EDH"] > 0.3
    painted, host = read_ct(output / "ct.nii.gz"), read_ct(a_scan)
    assert painted.grid.matches(host.grid)
    np.testing.assert_array_equal(read_ct(output / "dicom").hu, painted.hu)
    assert json.loads((output / "simulation.json").read_text()) == record
    again = a_command("simulate", a_scan, "--output", output, *options)
    assert (again.code, again.err) == (
        2,
        f"error: {message('cli.results_exist', folder=output)}\n",
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--volume", "SDH"), message("cli.volume_format", text="SDH")),
        (("--volume", "SDH=9000"), message("cli.volume_range", text="SDH=9000")),
        (("--subtype", "none", "--subtype", "EDH"), message("cli.subtype_none_is_alone")),
    ],
)
def test_options_that_cannot_be_are_one_sentence(a_command: Command, a_scan: Path, tmp_path: Path, options, told):
    done = a_command("simulate", a_scan, "--output", tmp_path / "out", *options)
    assert (done.code, done.err) == (2, f"error: {told}\n")


def test_a_missing_scan_and_one_that_is_no_head_are_refused(a_command: Command, tmp_path: Path):
    done = a_command("simulate", tmp_path / "absent", "--output", tmp_path / "out")
    assert (done.code, done.err) == (2, f"error: {message('cli.not_found', path=tmp_path / 'absent')}\n")
    volume = a_generated_host().volume
    water = np.where(volume.hu > -500, np.int16(0), np.int16(-1000))
    write_on_grid_nifti(tmp_path / "water.nii.gz", water, volume.grid)
    done = a_command("simulate", tmp_path / "water.nii.gz", "--output", tmp_path / "out")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
