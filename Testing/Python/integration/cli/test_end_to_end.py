# SPDX-License-Identifier: Apache-2.0
"""The generated head goes the whole way: files in, files out, with the installed default model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from builders.command import ichseg

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.formats import RESULT_FILES

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.slow


def test_every_result_is_there(a_demo: tuple[Path, dict[str, Any]]):
    folder, shown = a_demo
    # The generated head is NIfTI with even steps.
    expected = set(RESULT_FILES) - {"segmentation.dcm", "measurements.dcm", "labels.json"}
    assert set(shown["outputs"]) | {"render.png"} == expected
    assert all(Path(path).stat().st_size > 0 and Path(path).parent == folder for path in shown["outputs"].values())


def test_the_truth_is_that_of_the_label_file(a_demo: tuple[Path, dict[str, Any]]):
    folder, shown = a_demo
    image = nibabel.load(folder / "truth.nii.gz")
    labels = np.asarray(image.dataobj)
    voxel_ml = abs(np.linalg.det(image.affine[:3, :3])) / 1000
    for subtype in Subtype:
        assert shown["truth_ml"][subtype.name] == pytest.approx(np.sum(labels == subtype) * voxel_ml, rel=1e-5)
        assert shown["truth_ml"][subtype.name] > 0.5


def test_the_bleeds_are_found_where_they_are(a_demo: tuple[Path, dict[str, Any]]):
    folder, _ = a_demo
    truth, found = (nibabel.load(folder / name) for name in ("truth.nii.gz", "labels.nii.gz"))
    np.testing.assert_allclose(found.affine, truth.affine, atol=1e-4)
    true, seen = np.asarray(truth.dataobj) > 0, np.asarray(found.dataobj) > 0
    dice = 2 * np.sum(true & seen) / (true.sum() + seen.sum())
    assert dice > 0.5


@pytest.mark.parametrize("name", ["segmentation.seg.nrrd", "labels.nii.gz"])
def test_measure_prints_the_same_volumes(a_demo: tuple[Path, dict[str, Any]], name: str):
    folder, shown = a_demo
    measured = json.loads(ichseg("measure", folder / name, "--json").out)
    assert measured["volumes_ml"] == pytest.approx(shown["volumes_ml"], abs=1e-3)


def test_the_folder_is_not_overwritten_by_the_next_run(a_demo: tuple[Path, dict[str, Any]]):
    folder, _ = a_demo
    before = (folder / "labels.nii.gz").read_bytes()
    done = ichseg("segment", folder / "ct.nii.gz", "--output", folder)
    assert done.code == 2
    assert done.out == ""
    assert message("cli.results_exist", folder=folder) in done.err
    assert (folder / "labels.nii.gz").read_bytes() == before


def test_boxes_of_a_result_are_edited_and_given_back(a_demo: tuple[Path, dict[str, Any]], tmp_path: Path):
    folder, _ = a_demo
    content = json.loads((folder / "boxes.json").read_text())
    largest = content["boxes"][0] | {"subtype": "EDH"}
    (tmp_path / "boxes.json").write_text(json.dumps(content | {"boxes": [largest]}))
    done = ichseg(
        *("segment", folder / "ct.nii.gz", "--output", tmp_path / "out", "--model", "em", "--json"),
        *("--boxes", tmp_path / "boxes.json"),
    )
    assert done.code == 0
    shown = json.loads(done.out)
    assert [name for name, present in shown["present"].items() if present] == ["EDH"]
    assert (shown["model"]["name"], shown["model"]["sha256"]) == ("em", "")
    assert json.loads((tmp_path / "out" / "boxes.json").read_text())["boxes"] == [largest]
    labels = np.asarray(nibabel.load(tmp_path / "out" / "labels.nii.gz").dataobj)
    slices = np.flatnonzero(labels.any(axis=(0, 1)))
    assert largest["slices"][0] <= slices[0]
    assert slices[-1] <= largest["slices"][1]


def test_a_file_that_is_not_one_of_boxes_is_refused_before_the_scan_is_read(tmp_path: Path):
    (tmp_path / "boxes.json").write_text("[]")
    (tmp_path / "scan.nii.gz").write_text("not read")
    done = ichseg(
        *("segment", tmp_path / "scan.nii.gz", "--output", tmp_path / "out"),
        *("--boxes", tmp_path / "boxes.json"),
    )
    assert done.code == 2
    assert str(tmp_path / "boxes.json") in done.err
