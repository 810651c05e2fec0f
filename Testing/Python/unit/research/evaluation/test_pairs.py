# SPDX-License-Identifier: Apache-2.0
"""Which files are compared, and which folders are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.errors import raises

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.research.evaluation.pairs import Pair, find_pairs


@pytest.fixture
def a_folder(tmp_path: Path):
    """Make a folder of empty files; no reader opens them here."""

    def make(name: str, *files: str) -> Path:
        for file in files:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / name

    return make


def test_names_match_whatever_their_endings(a_folder):
    predictions = a_folder("p", "b.nii", "a.nii.gz", "a.json", "notes.txt")
    references = a_folder("r", "a.seg.nrrd", "b.nrrd", ".hidden.nii.gz")

    pairs, warnings = find_pairs(predictions, references)

    assert pairs == [
        Pair("a", predictions / "a.nii.gz", references / "a.seg.nrrd"),
        Pair("b", predictions / "b.nii", references / "b.nrrd"),
    ]
    assert warnings == ()


def test_a_folder_that_segment_wrote_is_a_case(a_folder):
    """The segmentation is preferred to the labels beside it: it is the file that people edit."""
    predictions = a_folder("p", "a/labels.nii.gz", "a/segmentation.seg.nrrd", "b/labels.nii.gz", "other/notes.txt")
    references = a_folder("r", "a.nii.gz", "b.nii.gz")

    pairs, _ = find_pairs(predictions, references)

    assert [pair.prediction for pair in pairs] == [
        predictions / "a" / "segmentation.seg.nrrd",
        predictions / "b" / "labels.nii.gz",
    ]


def test_two_files_are_one_case(a_folder):
    prediction, reference = a_folder("p", "x.nii.gz") / "x.nii.gz", a_folder("r", "y.seg.nrrd") / "y.seg.nrrd"

    assert find_pairs(prediction, reference) == ([Pair("y", prediction, reference)], ())


def test_missing_predictions_are_named(a_folder):
    predictions = a_folder("p", "a.nii.gz")
    references = a_folder("r", *(f"{name}.nii.gz" for name in "abcdefgh"))

    values = {"predictions": predictions, "references": references, "cases": "b, c, d, e, f and 2 more"}
    with raises(InputError, "research.no_prediction", **values):
        find_pairs(predictions, references)


def test_predictions_without_a_reference_are_left_out_with_a_warning(a_folder):
    pairs, warnings = find_pairs(a_folder("p", "a.nii.gz", "b.nii.gz"), a_folder("r", "a.nii.gz"))

    assert [pair.case for pair in pairs] == ["a"]
    (warning,) = warnings
    assert (warning.code, warning.parameters["cases"]) == ("research.references_missing", "b")


def test_two_files_of_one_case_are_refused(a_folder):
    with raises(InputError, "research.two_label_files", case="a", first="a.nii.gz", second="a.seg.nrrd"):
        find_pairs(a_folder("p", "a.nii.gz", "a.seg.nrrd"), a_folder("r", "a.nii.gz"))


def test_a_folder_without_labels_is_refused(a_folder):
    with raises(InputError, "research.no_label_files"):
        find_pairs(a_folder("p", "notes.txt"), a_folder("r", "a.nii.gz"))


def test_a_folder_and_a_file_are_refused(a_folder):
    with raises(InputError, "research.folder_and_file"):
        find_pairs(a_folder("p", "a.nii.gz"), a_folder("r", "a.nii.gz") / "a.nii.gz")


def test_a_path_that_does_not_exist_is_named(a_folder, tmp_path):
    with raises(InputError, "research.does_not_exist", path=tmp_path / "gone"):
        find_pairs(tmp_path / "gone", a_folder("r", "a.nii.gz"))
