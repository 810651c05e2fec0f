# SPDX-License-Identifier: Apache-2.0
"""``ichseg compare`` shows the change between two results, and brings the scans together."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders.command import Command
from builders.dicom import write_series
from builders.label_maps import head_grid, labelled
from builders.moved_head import moved_scan
from PIL import Image

from ICHSegmentationLib.cli.commands.compare import Side
from ICHSegmentationLib.cli.inputs import Scan
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd


@pytest.fixture
def two_results(tmp_path: Path) -> tuple[Path, Path]:
    """Folders of results: voxels of 0.005 mL; IPH 20 then 27 mL, IVH none then 0.5 mL, SDH 10 then 5 mL."""
    grid = head_grid([5.0] * 9, rows=100, columns=100, spacing_mm=(1.0, 1.0))
    folders = tmp_path / "first", tmp_path / "second"
    for folder, voxels in zip(folders, ((4000, 0, 2000), (5400, 100, 1000)), strict=True):
        label_map = labelled(grid)
        flat = label_map.labels.reshape(-1)
        start = 0
        for subtype, count in zip((Subtype.IPH, Subtype.IVH, Subtype.SDH), voxels, strict=True):
            flat[start : start + count] = subtype
            start += count
        folder.mkdir()
        write_seg_nrrd(folder / "segmentation.seg.nrrd", label_map)
    return folders


def test_change_and_both_definitions(a_command: Command, two_results: tuple[Path, Path]):
    done = a_command("compare", *two_results, "--json")
    found = json.loads(done.out)

    assert found["changes"]["IPH"] == {
        "baseline_ml": 20.0, "followup_ml": 27.0, "change_ml": 7.0, "change_percent": 35.0,
    }  # fmt: skip
    assert found["changes"]["IVH"]["change_percent"] is None
    assert found["changes"]["SDH"]["change_percent"] == -50
    assert (found["expansion"]["met"], found["revised_expansion"]["met"]) == (True, True)
    assert found["registration"] is None
    assert found["warnings"][0] == message("cli.no_scans")


def test_people_read_verdicts_with_their_definitions(a_command: Command, two_results: tuple[Path, Path]):
    text = a_command("compare", *two_results).out
    assert "IPH          20.0       27.0     +7.0         +35 %" in text
    assert "IVH           0.0        0.5     +0.5   not defined" in text
    assert "Expansion: yes\n  intraparenchymal volume grew by at least 33 % or at least 6 mL (Dowlatshahi" in text
    assert "Expansion, revised: yes\n" in text

    back = a_command("compare", *reversed(two_results)).out
    assert "Expansion: no\n" in back
    assert "Expansion, revised: no\n" in back


@pytest.mark.slow
def test_scans_are_brought_together_and_drawn(a_command: Command, tmp_path: Path):
    """The same head, turned and shifted, scanned with other slices; the clot has 4 mm more radius."""
    sides = []
    for name, pose, growth_mm in (("first", None, 0.0), ("second", ((4.0, -3.0, 8.0), (6.0, -9.0, 4.0)), 4.0)):
        volume, label_map = moved_scan(pose, growth_mm)
        folder = tmp_path / name
        folder.mkdir()
        write_seg_nrrd(folder / "segmentation.seg.nrrd", label_map)
        scan = folder / "scan.nii.gz"
        nibabel.save(nibabel.Nifti1Image(volume.hu.transpose(2, 1, 0), volume.grid.nearest_affine_ras), scan)
        sides.append((folder, scan))
    (first, first_scan), (second, second_scan) = sides
    output = tmp_path / "comparison"
    scans = ("--baseline-ct", first_scan, "--followup-ct", second_scan, "--output", output)
    done = a_command("compare", first, second, *scans, "--json")
    assert done.code == 0, done.err
    found = json.loads((output / "comparison.json").read_text(encoding="utf-8"))

    assert found == json.loads(done.out)
    assert found["registration"]["is_good"]
    assert found["registration"]["rotation_deg"] == pytest.approx(9.5, abs=1)
    assert found["expansion"]["met"]
    with Image.open(output / "comparison.png") as picture:
        assert np.asarray(picture).std() > 40

    assert a_command("compare", first, second, "--output", output).code == 2
    assert a_command("compare", first, second, "--output", output, "--overwrite").code == 0
    assert not (output / "comparison.png").exists()


def test_series_of_one_folder_are_chosen(a_command: Command, two_results: tuple[Path, Path], tmp_path: Path):
    """Both scans of a patient lie in one folder, as an archive sends them."""
    grid = head_grid([5.0] * 9, rows=100, columns=100, spacing_mm=(1.0, 1.0))
    for number in (1, 2):
        hu = np.full(grid.shape, 10 * number, dtype=np.int16)
        write_series(tmp_path / "both" / str(number), hu, grid, series_uid=f"1.2.3.{number}")
    scans = ("--baseline-ct", tmp_path / "both", "--followup-ct", tmp_path / "both")
    refused = a_command("compare", *two_results, *scans)
    assert refused.code == 2
    assert "1.2.3.1" in refused.err
    read: list[str | None] = []
    sides = [
        Side(result, Scan.of(tmp_path / "both", uid, None))
        for result, uid in zip(two_results, ("1.2.3.1", "1.2.3.2"), strict=True)
    ]
    for side in sides:
        assert side.scan is not None
        volume = side.scan.read()
        read.append(volume.source.series_uid)
        assert set(np.unique(volume.hu)) == {10 * len(read)}
    assert read == ["1.2.3.1", "1.2.3.2"]
    chosen = ("--baseline-series", "1.2.3.1", "--followup-series", "1.2.3.9")
    assert "1.2.3.9" in a_command("compare", *two_results, *scans, *chosen).err


def test_a_folder_without_results_is_refused(a_command: Command, two_results: tuple[Path, Path], tmp_path: Path):
    done = a_command("compare", two_results[0], tmp_path)
    assert done.code == 2
    assert f"{tmp_path} contains no segmentation.seg.nrrd or labels.nii.gz" in done.err
