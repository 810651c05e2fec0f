# SPDX-License-Identifier: Apache-2.0
"""``ichseg measure`` gives the volumes of files that ``segment`` wrote."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders.command import Command
from builders.dicom import write_series

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.nifti import sidecar_path, write_labels_nifti
from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd

# Five slices 4 mm apart; pixels of 0.5 x 0.8 mm: a voxel takes 1.6 mm3.
SHAPE = (5, 40, 30)


@pytest.fixture
def a_label_map() -> LabelMap:
    """1000 voxels IPH (1.6 mL) and 100 voxels IVH (0.16 mL)."""
    positions = np.outer(np.arange(SHAPE[0]), [0, 0, 4.0])
    grid = SliceGrid(SHAPE, positions, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (0.5, 0.8))
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:3, 5:30, 5:25] = Subtype.IPH
    labels[3, 10:20, 10:20] = Subtype.IVH
    return LabelMap(labels, grid)


@pytest.mark.parametrize("name", ["segmentation.seg.nrrd", "labels.nii.gz"])
def test_volumes_of_both_formats(a_command: Command, a_label_map: LabelMap, tmp_path: Path, name: str):
    path = tmp_path / name
    (write_seg_nrrd if name.endswith("nrrd") else write_labels_nifti)(path, a_label_map)
    done = a_command("measure", path, "--json")
    measured = json.loads(done.out)
    assert measured["volumes_ml"] == pytest.approx(
        {"EDH": 0.0, "SDH": 0.0, "SAH": 0.0, "IPH": 1.6, "IVH": 0.16, "total": 1.76}
    )
    assert measured["present"] == {"EDH": False, "SDH": False, "SAH": False, "IPH": True, "IVH": True}
    # IPH is 25 rows of 0.5 mm by 20 columns of 0.8 mm on two slices of 4 mm; its diagonal between edges is 12 by 16 mm.
    assert measured["abc2_ml"] == {"EDH": 0, "SDH": 0, "SAH": None, "IPH": pytest.approx(1.2, abs=0.1), "IVH": None}
    assert [lesion["subtype"] for lesion in measured["lesions"]] == ["IPH", "IVH"]
    assert measured["lesions"][0]["abc2"]["a_mm"] == pytest.approx(20.0)
    assert measured["lesions"][0]["hu_mean"] is None
    assert measured["warnings"] == []
    assert done.err == ""


def test_people_read_a_table(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    write_seg_nrrd(tmp_path / "a.seg.nrrd", a_label_map)
    assert "IPH         1.6\n" in a_command("measure", tmp_path / "a.seg.nrrd").out
    assert "IPH on slice 2: ABC/2 20 x " in a_command("measure", tmp_path / "a.seg.nrrd").out


def test_the_ich_score_takes_what_the_labels_do_not_say(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    """GCS 4 gives 2, age 80 one, blood in the ventricles one; 1.6 mL none."""
    path = tmp_path / "a.seg.nrrd"
    write_seg_nrrd(path, a_label_map)
    unknown = json.loads(a_command("measure", path, "--json").out)["ich_score"]
    assert (unknown["score"], unknown["lowest"], unknown["highest"]) == (None, 1, 5)

    known = ("--gcs", 4, "--age", 80, "--infratentorial", "no")
    score = json.loads(a_command("measure", path, *known, "--json").out)["ich_score"]
    assert (score["score"], score["mortality_30d_percent"], score["is_large"]) == (4, [97, 97], False)
    assert (
        "spontaneous ICH only; Hemphill 2001): 4; published 30-day mortality 97 %"
        in a_command("measure", path, *known).out
    )
    assert "ICH score" not in a_command("measure", path).out
    assert a_command("measure", path, "--gcs", 16).code == 2


def test_the_reader_s_items_hold_in_place_of_the_measured_ones(
    a_command: Command, a_label_map: LabelMap, tmp_path: Path
):
    """GCS 15 and age 60 give none; the reader says 31 mL (one) and no blood in the ventricles; scores 3 and 1 below."""
    write_seg_nrrd(tmp_path / "a.seg.nrrd", a_label_map)
    hu = np.full(SHAPE[::-1], 30, np.int16)
    hu[:, :2] = -1000
    nibabel.save(nibabel.Nifti1Image(hu, a_label_map.grid.nearest_affine_ras), tmp_path / "ct.nii.gz")
    told = ("measure", tmp_path / "a.seg.nrrd", "--gcs", 15, "--age", 60, "--infratentorial", "no")
    score = json.loads(a_command(*told, "--iph-ml", 31, "--ivh", "no", "--json").out)["ich_score"]
    assert (score["score"], score["iph_ml"], score["ivh"]) == (1, 31.0, False)

    with_scan = (*told, "--source", tmp_path / "ct.nii.gz")
    graeb = json.loads(a_command(*with_scan, "--graeb", "third=3", "--graeb", "fourth=1", "--json").out)
    assert [item["points"] for item in graeb["modified_graeb"]["items"]] == [3, 1, *[None] * 6]
    assert (graeb["modified_graeb"]["lowest"], graeb["modified_graeb"]["highest"]) == (4, 26)
    for wrong, said in (
        ("third=6", "third"),
        ("fifth=1", "`--graeb fifth=1`"),
    ):
        refused = a_command(*with_scan, "--graeb", wrong)
        assert refused.code == 2
        assert said in refused.err
    assert message("cli.graeb_needs_scan") in a_command(*told, "--graeb", "third=3").err


def test_no_ich_score_without_blood_inside_the_brain(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    a_label_map.labels[a_label_map.labels == Subtype.IPH] = Subtype.SDH
    write_seg_nrrd(tmp_path / "a.seg.nrrd", a_label_map)
    assert json.loads(a_command("measure", tmp_path / "a.seg.nrrd", "--gcs", 4, "--json").out)["ich_score"] is None
    assert "ICH score: not offered" in a_command("measure", tmp_path / "a.seg.nrrd", "--gcs", 4).out


def test_a_correction_is_compared_with_the_model_s_labels(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    """The user took 5 of 25 rows of the clot away on both slices: Dice 2 x 800 / 1800."""
    write_seg_nrrd(tmp_path / "model.seg.nrrd", a_label_map)
    a_label_map.labels[1:3, 5:10] = 0
    write_labels_nifti(tmp_path / "corrected.nii.gz", a_label_map)
    told = ("measure", tmp_path / "corrected.nii.gz", "--model-result", tmp_path / "model.seg.nrrd")
    found = json.loads(a_command(*told, "--editing-minutes", 1.5, "--json").out)["agreement"]

    assert found["subtypes"]["IPH"]["dice"] == pytest.approx(1600 / 1800, abs=1e-6)
    assert found["subtypes"]["IPH"]["change_ml"] == pytest.approx(-0.32)
    assert found["subtypes"]["IVH"]["dice"] == 1
    assert (found["changed_ml"], found["editing_s"]) == (pytest.approx(0.32), 90)
    text = a_command(*told).out
    assert "  IPH: Dice 0.89, 1.6 -> 1.3 mL (-0.3 mL, -20 %)\n" in text
    assert text.endswith("  0.3 mL changed their label\n")


def test_the_source_gives_the_positions_that_the_file_lacks(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    """A plain NIfTI of the labels says 2 mm per slice; the scan on the same slices says 4 mm."""
    affine = a_label_map.grid.nearest_affine_ras
    hu = np.full(SHAPE[::-1], 30, np.int16)
    hu[:, :2] = -1000
    nibabel.save(nibabel.Nifti1Image(hu, affine), tmp_path / "ct.nii.gz")
    halved = affine @ np.diag([1, 1, 0.5, 1])
    stored = a_label_map.labels.transpose(2, 1, 0)
    nibabel.save(nibabel.Nifti1Image(stored, halved), tmp_path / "labels.nii.gz")
    alone = json.loads(a_command("measure", tmp_path / "labels.nii.gz", "--json").out)
    placed = json.loads(
        a_command("measure", tmp_path / "labels.nii.gz", "--source", tmp_path / "ct.nii.gz", "--json").out
    )
    assert not sidecar_path(tmp_path / "labels.nii.gz").exists()
    assert alone["volumes_ml"]["total"] == pytest.approx(0.88)
    assert "equal steps of 2.00 mm are assumed" in alone["warnings"][0]
    assert placed["volumes_ml"]["total"] == pytest.approx(1.76)
    assert (placed["lesions"][0]["hu_mean"], placed["lesions"][0]["hu_sd"]) == (30.0, 0.0)


def test_the_source_may_be_one_acquisition_of_a_series(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    grid = a_label_map.grid
    hu = np.random.default_rng(0).integers(-1000, 1000, (2, *SHAPE))
    for phase in (1, 2):

        def number(dataset, _index, phase=phase):
            dataset.AcquisitionNumber = phase

        moved = SliceGrid(SHAPE, grid.positions_mm + np.array([0, 0, 2.0 * phase]), grid.orientation, grid.spacing_mm)
        write_series(tmp_path / "ct", hu[phase - 1], moved, edit=number, names=f"{phase}{{}}".format)
    second = SliceGrid(SHAPE, grid.positions_mm + np.array([0, 0, 4.0]), grid.orientation, grid.spacing_mm)
    path = tmp_path / "a.seg.nrrd"
    write_seg_nrrd(path, LabelMap(a_label_map.labels, second))
    measured = a_command("measure", path, "--source", tmp_path / "ct", "--series", "2", "--json")
    assert json.loads(measured.out)["volumes_ml"]["IPH"] == pytest.approx(1.6)
    assert a_command("measure", path, "--source", tmp_path / "ct", "--series", "1").code == 2
    listed = a_command("measure", path, "--source", tmp_path / "ct")
    assert (listed.code, "acquisition 2 of 2 by AcquisitionNumber" in listed.err) == (2, True)


def test_labels_beside_the_scan_are_refused(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    affine = a_label_map.grid.nearest_affine_ras
    hu = np.full(SHAPE[::-1], 30, np.int16)
    hu[:, :2] = -1000
    nibabel.save(nibabel.Nifti1Image(hu, affine), tmp_path / "ct.nii.gz")
    moved = affine.copy()
    moved[0, 3] += 10
    nibabel.save(nibabel.Nifti1Image(a_label_map.labels.transpose(2, 1, 0), moved), tmp_path / "labels.nii.gz")
    done = a_command("measure", tmp_path / "labels.nii.gz", "--source", tmp_path / "ct.nii.gz")
    assert done.code == 2
    assert done.err.count("\n") == 1


def test_a_scan_of_other_slices_is_refused(a_command: Command, a_label_map: LabelMap, tmp_path: Path):
    write_seg_nrrd(tmp_path / "a.seg.nrrd", a_label_map)
    hu = np.full((30, 40, 6), 30, np.int16)
    hu[:, :2] = -1000
    nibabel.save(nibabel.Nifti1Image(hu, a_label_map.grid.nearest_affine_ras), tmp_path / "ct.nii.gz")
    done = a_command("measure", tmp_path / "a.seg.nrrd", "--source", tmp_path / "ct.nii.gz")
    assert done.code == 2
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("name", ["gone.seg.nrrd", "notes.txt"])
def test_other_files_are_refused(a_command: Command, tmp_path: Path, name: str):
    if not name.startswith("gone"):
        (tmp_path / name).write_text("text")
    done = a_command("measure", tmp_path / name)
    assert done.code == 2
    assert str(tmp_path / name) in done.err
    assert done.err.count("\n") == 1
