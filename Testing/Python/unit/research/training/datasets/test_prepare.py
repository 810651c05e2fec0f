# SPDX-License-Identifier: Apache-2.0
"""What is written: images in HU on their own grid, labels, tables, and a split that keeps patients together."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders.errors import raises
from builders.grids import coded_hu
from builders.public_sets import SHAPE, blood, write_ct_ich, write_pair

from ICHSegmentationLib.cli.options import PublicSetName
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.io.labels.nifti import read_labels_nifti
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.research.training.datasets.prepare import SET_NAMES, open_set, prepare_set
from ICHSegmentationLib.research.training.datasets.public_set import CaseName
from ICHSegmentationLib.research.training.datasets.splits import split_by_patient

CASES = [CaseName(f"{patient}-{scan}", str(patient)) for patient in range(23) for scan in range(1 + patient % 3)]


def content_of(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def a_ct_ich(tmp_path: Path) -> Path:
    """Three patients: one with an IPH, one with two subtypes on a slice, one without blood."""
    folder = write_ct_ich(tmp_path / "ct-ich", {49: ["P", "P", "", ""], 50: ["PV", "", "", ""]}, outlined=[0])
    table = folder / "hemorrhage_diagnosis_raw_ct.csv"
    write_pair(folder / "ct_scans" / "051.nii", folder / "masks" / "051.nii", blood())
    table.write_text(table.read_text() + "".join(f"51,{number},0,0,0,0,0,1,0\n" for number in range(1, 5)))
    return folder


def test_image_and_labels_lie_where_the_scan_lay(a_ct_ich: Path, tmp_path: Path):
    prepare_set(open_set("ct-ich", a_ct_ich), tmp_path / "out", folds=3)
    scan = nibabel.load(a_ct_ich / "ct_scans" / "049.nii")
    image = nibabel.load(tmp_path / "out" / "imagesTr" / "ct-ich-049_0000.nii.gz")
    np.testing.assert_allclose(image.affine, scan.affine, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.asarray(scan.dataobj))
    assert image.get_data_dtype() == np.int16
    assert image.header.get_xyzt_units()[0] == "mm"
    volume = read_ct(tmp_path / "out" / "imagesTr" / "ct-ich-049_0000.nii.gz")
    assert set(volume.hu.ravel().tolist()) == set(coded_hu(SHAPE).ravel().tolist())
    labels = read_labels_nifti(tmp_path / "out" / "labelsTr" / "ct-ich-049.nii.gz").label_map
    assert labels.grid.matches(volume.grid)
    assert np.argwhere(labels.labels).tolist() == [[0, 5, 1], [0, 5, 2], [0, 5, 3]]  # rows run backwards in the file
    assert np.unique(labels.labels).tolist() == [0, 4]


def test_the_tables_say_what_the_set_holds(a_ct_ich: Path, tmp_path: Path):
    sources = prepare_set(open_set("ct-ich", a_ct_ich), tmp_path / "out", folds=3, seed=7)
    assert content_of(tmp_path / "out" / "sources.json") == sources
    assert (sources["cases"], sources["patients"], sources["seed"], sources["folds"]) == (3, 3, 7, 3)
    assert sources["cases_with"] == {"ICH": 1, "IPH": 1}
    assert sources["counts"]["slices_of_several_subtypes"] == 1
    assert sources["licence"].startswith("PhysioNet Restricted Health Data License 1.5.0")
    assert "doi:10.13026/4nae-zg36" in sources["citation"]
    dataset = content_of(tmp_path / "out" / "dataset.json")
    assert dataset["labels"] == {"background": 0, "EDH": 1, "SDH": 2, "SAH": 3, "IPH": 4, "IVH": 5, "ignore": 6}
    assert dataset["channel_names"] == {"0": "CT"}
    assert (dataset["numTraining"], dataset["file_ending"]) == (3, ".nii.gz")
    splits = content_of(tmp_path / "out" / "splits_final.json")
    assert splits == split_by_patient([CaseName(f"ct-ich-0{n}", f"0{n}") for n in (49, 50, 51)], folds=3, seed=7)


@pytest.mark.parametrize(("name", "sixth"), [("bhsd", None), ("instance2022", "ICH")])
def test_label_6_is_declared_where_a_set_has_it(tmp_path: Path, name: str, sixth: str | None):
    images, masks = ("images", "ground truths") if name == "bhsd" else ("data", "label")
    for case in ("ID_05331dc6_ID_47213b7e2e", "ID_089596a9_ID_ea71b57820"):
        write_pair(tmp_path / "set" / images / f"{case}.nii.gz", tmp_path / "set" / masks / f"{case}.nii.gz", blood(1))
    prepare_set(open_set(name, tmp_path / "set"), tmp_path / "out", folds=2)
    labels = content_of(tmp_path / "out" / "dataset.json")["labels"]
    assert [key for key, value in labels.items() if value == 6] == ([sixth] if sixth else [])
    assert list(labels.values()) == list(range(len(labels)))  # nnU-Net takes consecutive labels only


def test_a_case_that_cannot_be_read_is_left_out_with_its_reason(a_ct_ich: Path, tmp_path: Path):
    (a_ct_ich / "masks" / "050.nii").write_bytes(b"cut off")
    sources = prepare_set(open_set("ct-ich", a_ct_ich), tmp_path / "out", folds=2)
    assert list(sources["left_out"]) == ["ct-ich-050"]
    assert "050.nii is truncated or corrupt" in sources["left_out"]["ct-ich-050"]
    assert sorted(path.name for path in (tmp_path / "out" / "labelsTr").iterdir()) == [
        "ct-ich-049.nii.gz",
        "ct-ich-051.nii.gz",
    ]
    for fold in content_of(tmp_path / "out" / "splits_final.json"):
        assert sorted(fold["train"] + fold["val"]) == ["ct-ich-049", "ct-ich-051"]


def test_what_reading_warned_of_is_counted(a_ct_ich: Path, tmp_path: Path):
    for name in ("049", "050"):
        scan = nibabel.load(a_ct_ich / "ct_scans" / f"{name}.nii")
        shifted = nibabel.Nifti1Image(np.asarray(scan.dataobj) + np.int16(1200), scan.affine)
        nibabel.save(shifted, a_ct_ich / "ct_scans" / f"{name}.nii")
    sources = prepare_set(open_set("ct-ich", a_ct_ich), tmp_path / "out", folds=2)
    shifts = {text: count for text, count in sources["warnings"].items() if "air is about -1000 HU" in text}
    assert list(shifts.values()) == [2]


def test_an_existing_set_is_replaced_only_when_asked(a_ct_ich: Path, tmp_path: Path):
    prepare_set(open_set("ct-ich", a_ct_ich), tmp_path / "out", folds=2)
    with raises(InputError, "research.output_holds_a_data_set", folder=tmp_path / "out"):
        prepare_set(open_set("ct-ich", a_ct_ich), tmp_path / "out", folds=2)
    (a_ct_ich / "ct_scans" / "051.nii").unlink()
    prepare_set(open_set("ct-ich", a_ct_ich), tmp_path / "out", folds=2, overwrite=True)
    names = sorted(path.name for path in (tmp_path / "out" / "imagesTr").iterdir())
    assert names == ["ct-ich-049_0000.nii.gz", "ct-ich-050_0000.nii.gz"]


def test_no_patient_is_trained_and_validated_in_one_fold():
    patients = {case.name: case.patient for case in CASES}
    splits = split_by_patient(CASES, folds=5, seed=3)
    assert len(splits) == 5
    for fold in splits:
        assert {patients[name] for name in fold["train"]} & {patients[name] for name in fold["val"]} == set()
        assert sorted(fold["train"] + fold["val"]) == sorted(patients)
        assert len({patients[name] for name in fold["val"]}) in {4, 5}
    assert sorted(name for fold in splits for name in fold["val"]) == sorted(patients)


def test_the_seed_decides_the_split():
    assert split_by_patient(CASES, folds=5, seed=3) == split_by_patient(CASES[::-1], folds=5, seed=3)
    assert split_by_patient(CASES, folds=5, seed=3) != split_by_patient(CASES, folds=5, seed=4)


def test_fewer_patients_than_folds_are_refused():
    with raises(InputError, "research.too_few_patients", patients=1, folds=2):
        split_by_patient([CaseName("a", "1"), CaseName("b", "1")], folds=2, seed=0)


def test_the_command_offers_the_sets_there_are():
    assert tuple(PublicSetName) == SET_NAMES
