# SPDX-License-Identifier: Apache-2.0
"""CQ500 with the boxes of BHX."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.errors import raises
from builders.public_sets import BHX_COLUMNS, write_bhx, write_cq500, write_table

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.research.training.datasets.cq500_bhx import Cq500Bhx
from ICHSegmentationLib.research.training.datasets.prepare import prepare_set
from ICHSegmentationLib.research.training.datasets.public_set import CaseName

BOX = (1.5, 2.0, 3.0, 4.0)
SERIES = "1.2.826.{}".format


@pytest.fixture
def a_set(tmp_path: Path) -> Path:
    """Case 0 has a subdural and a chronic box, case 1 no bleed, case 2 a bleed that nobody has boxed."""
    folder = tmp_path / "cq500"
    instances = write_cq500(folder, {0: 3, 1: 1, 2: 2})
    boxes = [(instances[0][2], BOX, "Subdural"), (instances[0][0], BOX, "Chronic"), ("1.9", BOX, "Epidural")]
    write_bhx(folder, [(instance, SERIES(1), box, label) for instance, box, label in boxes])
    return folder


def test_boxes_lie_on_the_slices_of_their_images(a_set: Path, tmp_path: Path):
    sources = prepare_set(Cq500Bhx(a_set), tmp_path / "out", folds=2)
    content = json.loads((tmp_path / "out" / "boxesTr" / "CQ500-CT-0-1.json").read_text())
    # Slices are sorted along the normal, which here is the order of writing.
    assert [(box["slice"], box["subtype"], box["label"]) for box in content["boxes"]] == [(0, "ICH", 6), (2, "SDH", 2)]
    assert (content["boxes"][1]["column"], content["boxes"][1]["row"]) == ([1.5, 4.5], [2.0, 6.0])
    assert content["image"] == "imagesTr/CQ500-CT-0-1_0000.nii.gz"
    assert content["readers_who_saw"] == {"ICH": 3, "IPH": 3, "IVH": 0, "SDH": 0, "EDH": 0, "SAH": 0}
    assert sources["counts"] == {"boxes": 2, "boxes_without_slice": 1}
    assert sources["cases_with"] == {"ICH": 1, "SDH": 1}
    assert not (tmp_path / "out" / "labelsTr").exists()
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["numTraining"] == 0


def test_a_case_without_blood_has_no_boxes_and_a_bleed_without_boxes_is_left_out(a_set: Path):
    cq500 = Cq500Bhx(a_set)
    assert cq500.cases() == [CaseName("CQ500-CT-0-1", "CQ500-CT-0"), CaseName("CQ500-CT-1-1", "CQ500-CT-1")]
    assert cq500.read(cq500.cases()[1]).boxes == {
        "readers_who_saw": {"ICH": 1, "IPH": 1, "IVH": 0, "SDH": 0, "EDH": 0, "SAH": 0},
        "boxes": [],
    }


@pytest.mark.parametrize("missing", ["reads.csv", "3_Extrapolation_to_Selected_Series.csv"])
def test_a_missing_table_is_named(a_set: Path, missing: str):
    (a_set / missing).unlink()
    with raises(InputError, "research.cq500_no_table", table=missing):
        Cq500Bhx(a_set)


def test_the_box_table_of_all_series_stands_in_for_that_of_the_selected(a_set: Path):
    (a_set / "3_Extrapolation_to_Selected_Series.csv").rename(a_set / "2_Extrapolation_to_All_Series.csv")
    assert [case.name for case in Cq500Bhx(a_set).cases()] == ["CQ500-CT-0-1", "CQ500-CT-1-1"]


def test_a_missing_column_is_named(a_set: Path):
    write_table(a_set / "3_Extrapolation_to_Selected_Series.csv", BHX_COLUMNS[:4], [])
    with raises(InputError, "research.no_column", column="data"):
        Cq500Bhx(a_set).cases()


def test_an_unknown_label_is_named(a_set: Path):
    write_bhx(a_set, [("1.9", SERIES(1), BOX, "Tumour")])
    with raises(InputError, "research.bhx_label_name", line=2, name="Tumour"):
        Cq500Bhx(a_set).cases()


def test_a_box_that_is_not_understood_is_named(a_set: Path):
    write_table(a_set / "3_Extrapolation_to_Selected_Series.csv", BHX_COLUMNS, [[0, 1, 2, 3, "[]", "Epidural", ""]])
    with raises(InputError, "research.bhx_box", line=2):
        Cq500Bhx(a_set).cases()


def test_a_case_without_reads_is_named(a_set: Path):
    write_cq500(a_set, {7: 0})
    with raises(InputError, "research.cq500_no_reads", case="CQ500-CT-0"):
        Cq500Bhx(a_set).cases()
