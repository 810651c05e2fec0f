# SPDX-License-Identifier: Apache-2.0
"""Scans of a cohort: lists, BIDS data sets, trees; which series of a study, and why not the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.dicom import write_localizer, write_other, write_series
from builders.errors import raises
from builders.grids import make_grid

from ICHSegmentationLib.cohort.inputs import make_plan
from ICHSegmentationLib.cohort.jobs import Plan
from ICHSegmentationLib.cohort.series import Preference
from ICHSegmentationLib.core.errors import InputError

GRID = make_grid(rows=8, columns=6, steps_mm=[5.0] * 3)


def a_series(folder: Path, uid: str, *, count: int = 4, **tags: object) -> None:
    """Write a series of small images with some tags."""

    def edit(dataset, _index):
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)

    grid = make_grid(rows=8, columns=6, steps_mm=[5.0] * (count - 1)) if count > 1 else GRID
    write_series(folder, np.zeros((count, 8, 6), dtype=np.int16), grid, series_uid=uid, edit=edit)


def reasons(plan: Plan) -> dict[str, str]:
    """Return the code of the reason why each series was left out, by its description."""
    return {item.what: item.reason.code for item in plan.left_out}


def a_list(folder: Path, *lines: str, header: str = "path,series,id,baseline_of") -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_tree_gives_the_plain_soft_axial_thick_series_of_each_study(tmp_path: Path):
    a_series(tmp_path / "a", "1.1", StudyInstanceUID="1", SeriesNumber=1, SliceThickness="5", ConvolutionKernel="H30s")
    a_series(tmp_path / "b/c", "1.2", StudyInstanceUID="1", SeriesNumber=2, SliceThickness="1", count=9)
    a_series(tmp_path / "b/d", "1.3", StudyInstanceUID="1", SeriesNumber=3, ConvolutionKernel="BONE")
    a_series(tmp_path / "e", "1.4", StudyInstanceUID="1", SeriesNumber=4, ContrastBolusAgent="Iohexol")
    a_series(tmp_path / "f", "1.5", StudyInstanceUID="1", SeriesNumber=5, BodyPartExamined="CHEST")
    a_series(tmp_path / "g", "1.6", StudyInstanceUID="1", SeriesNumber=6, count=2)
    a_series(
        tmp_path / "h",
        "1.7",
        StudyInstanceUID="1",
        SeriesNumber=7,
        ImageOrientationPatient=["1", "0", "0", "0", "0", "-1"],
    )
    a_series(tmp_path / "i", "1.8", StudyInstanceUID="1", SeriesNumber=8, ImageType=["DERIVED", "SECONDARY", "MIP"])
    a_series(tmp_path / "j", "2.1", StudyInstanceUID="2", SeriesNumber=1, BodyPartExamined="HEAD")
    write_localizer(tmp_path / "scout.dcm", series_uid="3.1")
    write_other(tmp_path / "mr.dcm", sop_class="1.2.840.10008.5.1.4.1.1.4", modality="MR")
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "ct.nii.gz").write_bytes(b"x")

    plan = make_plan([tmp_path])

    assert [case.series for case in plan.cases] == ["1.1", "2.1"]
    assert [len(case.paths) for case in plan.cases] == [4, 4]
    assert reasons(plan) == {
        "series 2, 9 images, 1 mm": "cohort.left_other_chosen",
        "series 3, 4 images, 5 mm, kernel BONE": "cohort.left_sharp",
        "series 4, 4 images, 5 mm": "cohort.left_contrast",
        "series 5, 4 images, 5 mm": "cohort.left_other_part",
        "series 6, 2 images, 5 mm": "cohort.left_few",
        "series 7, 4 images, 5 mm": "cohort.left_not_axial",
        "series 8, 4 images, 5 mm": "cohort.left_derived",
        "series 2, 0 images": "cohort.left_localizer",
        "series 2, 1 images": "cohort.left_not_ct",
        "nifti": "cohort.left_not_dicom",
    }
    assert plan.cases[0].why == "A head CT without contrast medium: series 1, 4 images, 5 mm, kernel H30s."
    shown = " ".join([*(case.id + case.why for case in plan.cases), *(f"{i.what} {i.reason}" for i in plan.left_out)])
    assert "SECRET" not in shown.upper()


def test_thin_slices_can_be_preferred(tmp_path: Path):
    a_series(tmp_path / "a", "1.1", SliceThickness="5")
    a_series(tmp_path / "b", "1.2", SliceThickness="1")
    assert [case.series for case in make_plan([tmp_path]).cases] == ["1.1"]
    assert [case.series for case in make_plan([tmp_path], Preference.thin).cases] == ["1.2"]


def test_one_study_id_of_two_patients_gives_two_scans(tmp_path: Path):
    a_series(tmp_path / "a", "1.1", PatientID="A")
    a_series(tmp_path / "b", "1.1", PatientID="B")
    plan = make_plan([tmp_path])
    assert [len(case.paths) for case in plan.cases] == [4, 4]
    assert len({case.id for case in plan.cases}) == 2


def test_a_damaged_file_is_listed(tmp_path: Path):
    a_series(tmp_path / "a", "1.1")
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 20)
    plan = make_plan([tmp_path])
    assert len(plan.cases) == 1
    assert [item.reason.code for item in plan.left_out] == ["cohort.left_damaged"]


def test_a_list_gives_its_scans_with_paths_relative_to_it(tmp_path: Path):
    path = a_list(tmp_path, "a.nii.gz,,one,two", "sub/b.nii.gz,,two,", "/abs/c,1.2.3,,")
    first, second, third = make_plan([path]).cases
    assert (first.id, first.paths, first.baseline_of) == ("one", (tmp_path / "a.nii.gz",), "two")
    assert (second.id, second.paths, second.baseline_of) == ("two", (tmp_path / "sub/b.nii.gz",), None)
    assert (third.paths, third.series) == ((Path("/abs/c"),), "1.2.3")
    assert third.id.startswith("c-")


def test_an_id_made_from_a_path_stays_the_same(tmp_path: Path):
    ids = [case.id for case in make_plan([a_list(tmp_path, "a/ct.nii", "b/ct.nii", header="path")]).cases]
    assert len(set(ids)) == 2
    assert [case.id for case in make_plan([a_list(tmp_path, "b/ct.nii", header="path")]).cases] == ids[1:]


def test_a_folder_of_one_study_in_a_list_gets_its_series_chosen(tmp_path: Path):
    a_series(tmp_path / "scan/a", "1.1", SeriesNumber=1)
    a_series(tmp_path / "scan/b", "1.2", SeriesNumber=2, ConvolutionKernel="BONE")
    plan = make_plan([a_list(tmp_path, "scan,,x,")])
    assert [(case.id, case.series) for case in plan.cases] == [("x", "1.1")]
    assert [item.reason.code for item in plan.left_out] == ["cohort.left_sharp"]


@pytest.mark.parametrize(
    ("header", "lines", "code"),
    [
        ("path,name", ["a,b"], "cohort.csv_column"),
        ("path", ["a,b"], "cohort.csv_column"),
        ("series,id", ["1,b"], "cohort.csv_no_path_column"),
        ("path", [], "cohort.csv_empty"),
        ("path,id", [",b"], "cohort.csv_no_path"),
        ("path,id", ["a,x", "b,X"], "cohort.csv_id_twice"),
        ("path,id", ["a,../x"], "cohort.csv_id_not_safe"),
        ("path,id,baseline_of", ["a,x,x"], "cohort.baseline_of_itself"),
        ("path,id,baseline_of", ["a,x,y"], "cohort.baseline_unknown"),
    ],
)
def test_a_wrong_list_is_refused(tmp_path: Path, header: str, lines: list[str], code: str):
    with raises(InputError, code):
        make_plan([a_list(tmp_path, *lines, header=header)])


def test_a_bids_data_set_gives_its_cts(tmp_path: Path):
    (tmp_path / "dataset_description.json").write_text("{}")
    for name in ("sub-01/ct/sub-01_ct.nii.gz", "sub-02/ses-1/ct/sub-02_ses-1_ct.nii", "sub-02/anat/sub-02_T1w.nii"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"x")
    assert [case.id for case in make_plan([tmp_path]).cases] == ["sub-01", "sub-02_ses-1"]


def test_a_bids_data_set_without_ct_is_refused(tmp_path: Path):
    (tmp_path / "dataset_description.json").write_text("{}")
    with raises(InputError, "cohort.bids_no_scans", path=tmp_path):
        make_plan([tmp_path])


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path: Path):
    with raises(InputError, "cohort.no_inputs", path=tmp_path):
        make_plan([tmp_path])
    with raises(InputError, "cohort.not_found", path=tmp_path / "gone"):
        make_plan([tmp_path / "gone"])


def test_a_scan_in_two_inputs_is_refused(tmp_path: Path):
    a_series(tmp_path / "a", "1.1")
    with raises(InputError, "cohort.input_twice"):
        make_plan([tmp_path, tmp_path / "a"])
