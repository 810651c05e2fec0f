# SPDX-License-Identifier: Apache-2.0
"""Sets with masks: which label each voxel gets, and what is refused."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid
from builders.public_sets import CT_ICH_COLUMNS, GRID, SHAPE, blood, write_ct_ich, write_pair, write_table

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.research.training.datasets.bhsd import Bhsd
from ICHSegmentationLib.research.training.datasets.ct_ich import CtIch
from ICHSegmentationLib.research.training.datasets.instance2022 import Instance2022
from ICHSegmentationLib.research.training.datasets.public_set import CaseName, PreparedCase

TABLE = "hemorrhage_diagnosis_raw_ct.csv"
FIRST, SECOND, OTHER = "ID_2db7ee14_ID_2591d00dfc", "ID_2db7ee14_ID_f27e38fdfd", "ID_05331dc6_ID_47213b7e2e"


def labels_by_slice(case: PreparedCase) -> list[list[int]]:
    """The labels other than background on each slice, from below."""
    order = np.argsort(case.volume.grid.positions_mm[:, 2])
    return [sorted(set(np.unique(case.labels.labels[index]).tolist()) - {0}) for index in order]


@pytest.mark.parametrize(
    ("marks", "label"), [("V", 5), ("P", 4), ("A", 3), ("E", 1), ("D", 2), ("PV", 6), ("", 6), ("AED", 6)]
)
def test_ct_ich_names_blood_by_the_one_subtype_of_its_slice(tmp_path: Path, marks: str, label: int):
    ct_ich = CtIch(write_ct_ich(tmp_path, {49: ["", marks, "", ""]}, outlined=[1]))
    case = ct_ich.read(ct_ich.cases()[0])
    assert labels_by_slice(case) == [[], [label], [], []]
    assert (case.labels.labels == label).sum() == 3


def test_ct_ich_counts_what_the_table_says_of_the_slices(tmp_path: Path):
    ct_ich = CtIch(write_ct_ich(tmp_path, {49: ["P", "PV", "", "D"]}, outlined=[0, 1, 2]))
    counts = ct_ich.read(ct_ich.cases()[0]).counts
    assert +counts == {
        "slices_of_one_subtype": 1,
        "slices_of_several_subtypes": 1,
        "slices_outlined_but_not_marked": 1,
        "slices_marked_but_not_outlined": 1,
    }


def test_ct_ich_cases_are_patients(tmp_path: Path):
    cases = CtIch(write_ct_ich(tmp_path, {51: [""] * 4, 49: [""] * 4})).cases()
    assert cases == [CaseName("ct-ich-049", "049"), CaseName("ct-ich-051", "051")]


@pytest.mark.parametrize("missing", ["ct_scans", "masks", TABLE])
def test_ct_ich_names_the_part_that_is_missing(tmp_path: Path, missing: str):
    write_ct_ich(tmp_path / "set", {49: [""] * 4})
    (tmp_path / "set" / missing).rename(tmp_path / "elsewhere")
    with raises(InputError, "research.parts_missing", parts=missing):
        CtIch(tmp_path / "set")


@pytest.mark.parametrize("column", ["SliceNumber", "Epidural"])
def test_ct_ich_names_the_column_that_is_missing(tmp_path: Path, column: str):
    write_ct_ich(tmp_path, {49: [""] * 4})
    write_table(tmp_path / TABLE, [name for name in CT_ICH_COLUMNS if name != column], [])
    with raises(InputError, "research.no_column", column=column):
        CtIch(tmp_path).cases()


def test_ct_ich_names_the_line_of_a_cell_that_is_no_number(tmp_path: Path):
    write_ct_ich(tmp_path, {49: [""] * 4})
    write_table(tmp_path / TABLE, CT_ICH_COLUMNS, [[49, 1, 0, 0, 0, 0, 0, 1, 0], [49, 2, 0, "?", 0, 0, 0, 1, 0]])
    with raises(InputError, "research.not_a_whole_number", line=3, column="Intraparenchymal"):
        CtIch(tmp_path).cases()


def test_ct_ich_refuses_a_table_that_does_not_number_the_slices(tmp_path: Path):
    ct_ich = CtIch(write_ct_ich(tmp_path, {49: [""] * 3}))
    with raises(InputError, "research.ct_ich_slice_numbers", slices=4, scan="049.nii"):
        ct_ich.read(ct_ich.cases()[0])


def test_ct_ich_refuses_a_scan_without_rows(tmp_path: Path):
    write_ct_ich(tmp_path, {49: [""] * 4})
    write_pair(tmp_path / "ct_scans" / "050.nii", tmp_path / "masks" / "050.nii", blood())
    with raises(InputError, "research.ct_ich_no_rows", case="050"):
        CtIch(tmp_path).cases()


def test_a_scan_without_a_mask_is_named(tmp_path: Path):
    write_ct_ich(tmp_path, {49: [""] * 4, 50: [""] * 4})
    (tmp_path / "masks" / "050.nii").unlink()
    with raises(InputError, "research.no_mask", image="050.nii"):
        CtIch(tmp_path).cases()


def a_bhsd(folder: Path, *, masks: str = "ground truths", values: np.ndarray | None = None) -> Path:
    for name in (FIRST, SECOND, OTHER):
        write_pair(
            folder / "images" / f"{name}.nii.gz",
            folder / masks / f"{name}.nii.gz",
            blood(1) if values is None else values,
        )
    return folder


@pytest.mark.parametrize("masks", ["ground truths", "labels"])
def test_bhsd_labels_are_renumbered(tmp_path: Path, masks: str):
    values = np.zeros(SHAPE, dtype=np.uint8)
    values[1, 0, :6] = range(6)  # nothing, epidural, intraparenchymal, intraventricular, subarachnoid, subdural
    a_bhsd(tmp_path / "label_192", masks=masks, values=values)
    bhsd = Bhsd(tmp_path)
    case = bhsd.read(bhsd.cases()[0])
    row = case.labels.labels[1][-1]  # the file's rows run backwards
    assert row.tolist() == [0, 1, 4, 5, 3, 2]
    assert case.labels.labels.any(axis=2).sum() == 1


def test_bhsd_scans_of_one_patient_are_known(tmp_path: Path):
    cases = Bhsd(a_bhsd(tmp_path)).cases()
    assert [(case.name, case.patient) for case in cases] == [
        (OTHER, "ID_05331dc6"),
        (FIRST, "ID_2db7ee14"),
        (SECOND, "ID_2db7ee14"),
    ]


def test_bhsd_refuses_a_label_beyond_its_five(tmp_path: Path):
    bhsd = Bhsd(a_bhsd(tmp_path, values=blood(1, value=7)))
    with raises(InputError, "research.bhsd_label", label=7):
        bhsd.read(bhsd.cases()[0])


def test_bhsd_refuses_a_name_without_a_patient(tmp_path: Path):
    a_bhsd(tmp_path)
    write_pair(tmp_path / "images" / "scan.nii.gz", tmp_path / "ground truths" / "scan.nii.gz", blood())
    with raises(InputError, "research.bhsd_file_name"):
        Bhsd(tmp_path).cases()


def test_bhsd_without_masks_is_refused(tmp_path: Path):
    (tmp_path / "images").mkdir()
    with raises(InputError, "research.bhsd_no_masks"):
        Bhsd(tmp_path)


@pytest.mark.parametrize("inside", [".", "train_2", "train"])
def test_instance_blood_has_no_subtype(tmp_path: Path, inside: str):
    folder = tmp_path / inside
    write_pair(folder / "data" / "001.nii.gz", folder / "label" / "001.nii.gz", blood(0, 2))
    instance = Instance2022(tmp_path)
    assert instance.cases() == [CaseName("instance2022-001", "001")]
    case = instance.read(instance.cases()[0])
    assert labels_by_slice(case) == [[6], [], [6], []]
    assert case.counts["masks_with_another_affine"] == 0


def test_a_mask_of_another_shape_is_refused(tmp_path: Path):
    image, mask = tmp_path / "data" / "001.nii.gz", tmp_path / "label" / "001.nii.gz"
    write_pair(image, mask, blood(0))
    nibabel.save(nibabel.Nifti1Image(np.zeros((6, 8, 3), dtype=np.uint8), GRID.nearest_affine_ras), mask)
    instance = Instance2022(tmp_path)
    with raises(InputError, "research.mask_shape", shape=(6, 8, 3)):
        instance.read(instance.cases()[0])


def test_a_mask_that_says_it_lies_elsewhere_is_counted_and_laid_on_its_scan(tmp_path: Path):
    image, mask = tmp_path / "data" / "001.nii.gz", tmp_path / "label" / "001.nii.gz"
    write_pair(image, tmp_path / "unused.nii.gz", blood(0))
    moved = make_grid(rows=8, columns=6, steps_mm=(5.0,) * 3, origin_mm=(0.0, 0.0, 0.0))
    write_pair(tmp_path / "unused2.nii.gz", mask, blood(0), grid=moved)
    instance = Instance2022(tmp_path)
    case = instance.read(instance.cases()[0])
    assert case.counts["masks_with_another_affine"] == 1
    assert labels_by_slice(case) == [[6], [], [], []]
    assert case.labels.grid is case.volume.grid
