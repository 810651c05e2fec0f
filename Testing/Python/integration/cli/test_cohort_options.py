# SPDX-License-Identifier: Apache-2.0
"""``ichseg cohort`` and ``ichseg listen``: wrong options and settings end with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.command import Command

from ICHSegmentationLib.core.messages import message


def test_a_cohort_needs_inputs(a_command: Command, tmp_path: Path):
    done = a_command("cohort", "--output", tmp_path)
    assert (done.code, done.err) == (2, f"error: {message('cli.cohort_inputs_missing')}\n")


def test_merging_takes_no_inputs(a_command: Command, tmp_path: Path, a_scan_file: Path):
    done = a_command("cohort", a_scan_file, "--output", tmp_path, "--merge")
    assert (done.code, done.err) == (2, f"error: {message('cli.merge_without_inputs')}\n")


@pytest.mark.parametrize("text", ["3/2", "x"])
def test_a_wrong_shard_is_refused_before_anything_is_written(a_command: Command, tmp_path: Path, text: str):
    path = tmp_path / "list.csv"
    path.write_text("path\nscan.nii.gz\n")
    done = a_command("cohort", path, "--output", tmp_path / "out", "--shard", text)
    assert (done.code, done.err) == (2, f"error: {message('cohort.shard_format', text=text)}\n")
    assert not (tmp_path / "out").exists()


def test_a_node_is_off_until_its_settings_say_on(a_command: Command, tmp_path: Path):
    path = tmp_path / "node.yaml"
    path.write_text(f"folder: {tmp_path / 'node'}\nsenders: [{{ae_title: A, address: 127.0.0.1}}]\n")
    done = a_command("listen", path)
    assert (done.code, done.err) == (2, f"error: {message('cohort.node_off', path=path)}\n")
    assert not (tmp_path / "node").exists()
