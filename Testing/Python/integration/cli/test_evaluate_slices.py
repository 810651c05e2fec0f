# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate`` on single slices: what is segmented, by which model, and what is written."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest
from builders.command import Command
from builders.tiny_model import FIELDS, TINY, random_state, register_model
from PIL import Image

from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import get_model
from ICHSegmentationLib.research.evaluation.models import run as model_run
from ICHSegmentationLib.research.training.datasets.labelled_slices import LabelledSlices

FIRST = get_model().name
BRAIN, NAMED = 30, 60
"""Greys of a made-up slice; the fake model calls grey 60 + n the subtype n."""
PATIENTS = ("101", "102", "103", "104", "105")


def write_pair(folder: Path, name: str, truth: np.ndarray, answer: np.ndarray) -> None:
    grey = np.where(answer > 0, NAMED + answer, BRAIN).astype(np.uint8)
    for part, content in (("images", grey), ("labels", truth)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).save(folder / part / f"{name}.png")


def a_block(subtype: Subtype, columns: int) -> np.ndarray:
    labels = np.zeros((60, 60), dtype=np.uint8)
    labels[10:30, 20 : 20 + columns] = subtype
    return labels


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    """Slices of five patients: an IPH half found in each, except 105's SDH that is called EDH."""
    folder = tmp_path / "set"
    for patient in PATIENTS[:-1]:
        write_pair(folder, f"{patient}001", a_block(Subtype.IPH, 20), a_block(Subtype.IPH, 10))
    write_pair(folder, "105001", a_block(Subtype.SDH, 10), a_block(Subtype.EDH, 10))
    rows = "".join(f"set,{patient}001,{int(patient == '105')}\n" for patient in PATIENTS)
    (tmp_path / "five-class.csv").write_text(f"set,slice,after_surgery\n{rows}")
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were run; only the middle slice of their answer is right."""
    names: list[str] = []

    def segment(volume, model, *_, postprocessing=None, **__):
        names.append(model)
        if volume.hu.max() > 2000:
            refused = "no head"
            raise NotAHeadError(refused)
        if volume.hu.shape[0] == 12:
            assert (volume.hu == volume.hu[0]).all()
            np.testing.assert_allclose(volume.grid.extents_mm, 5.0)
        labels = np.full(volume.hu.shape, int(Subtype.SAH), dtype=np.uint8)
        middle = volume.hu[volume.hu.shape[0] // 2]
        known = (middle > NAMED) & (middle <= NAMED + 5)
        labels[len(labels) // 2] = np.where(known, middle - NAMED, 0)
        if postprocessing is not None:
            labels[:] = 0
        return SimpleNamespace(label_map=LabelMap(labels, volume.grid), timings_s={"load": 9.0, "infer": 0.5})

    monkeypatch.setattr(model_run.pipeline, "segment", segment)
    return names


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_model_is_measured_on_the_middle_slice(a_command: Command, a_folder: Path, asked: list[str], tmp_path: Path):
    output = tmp_path / "out"
    call = ("evaluate", "--slices", a_folder, "--output", output, "--json", "--any-only-patient", "105")
    done = a_command(*call)
    assert (done.code, done.err) == (0, "")
    assert asked == [FIRST] * 5
    record = json.loads(done.out)
    assert [entry["model"] for entry in record["models"]] == [FIRST]
    assert record["seconds_per_case"] == 0.5
    found = {(row["group"], row["class"]): row for row in record["slices"]}
    assert found["all", "IPH"]["pooled_dice"] == pytest.approx(2 / 3)
    assert (found["all", "IPH"]["pooled_dice_lower"], found["all", "IPH"]["pooled_dice_upper"]) == (
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
    )
    assert found["all", "SDH"]["slices"] == 4
    assert found["all", "any"]["pooled_dice"] == pytest.approx(2 * 1000 / (2 * 1000 + 800))
    assert found["after surgery", "any"]["pooled_dice"] == 1.0
    assert found["all", "any"]["named_right"] == 1.0
    assert record["any_only_patients"] == ["105"]
    assert record == json.loads((output / "figures.json").read_text()) | {"output": str(output)}
    assert len(rows_of(output / "slices.csv")) == 18
    assert rows_of(output / "cases.csv")[0]["dice"] == "0.666667"
    page = (output / "slices.md").read_text()
    # At most three of five drawn patients are 105 in 97.5 % of the resamples: 2 * 1000 / (2 * 1000 + 400).
    assert "| any | 5 | 5 | 5 | 5 | 0.71 (0.67 to 0.83) |" in page
    assert "## Slices: after surgery (1 slices of 1 patients)" in page
    with Image.open(output / "predictions" / "set-105001.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), a_block(Subtype.EDH, 10))
    assert len(list((output / "worst").glob("slice-*.png"))) == 5
    assert record["worst"]["slice-1-set-101001.png"] == "any Dice 0.67, 200 pixels missed, 0 false"

    refused = a_command(*call)
    assert refused.code == 2
    assert message("cli.results_exist", folder=output) in refused.err
    done = a_command(*call, "--overwrite", "--no-postprocessing", "--exclude-patient", "101")
    record = json.loads(done.out)
    assert (record["postprocessed"], record["excluded_patients"]) == (False, ["101"])
    assert {row["slices"] for row in record["slices"] if row["group"] == "all" and row["class"] == "any"} == {4}
    assert [row["pooled_dice"] for row in record["slices"] if row["class"] == "any"] == [0.0, 0.0, 0.0]


def test_several_models_get_a_folder_each(a_command: Command, a_folder: Path, asked: list[str], tmp_path: Path):
    fold = LabelledSlices((a_folder,)).folds()["set-105001"]
    call = ("evaluate", "--slices", a_folder, "--fold", fold, "--model", "em", "--model", FIRST)
    done = a_command(*call, "--output", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert asked == ["em", FIRST]
    records = json.loads(done.out)
    # The first predicts hemorrhage without subtypes.
    assert [[row["class"] for row in record["slices"]] for record in records] == [
        ["any"],
        ["EDH", "SDH", "SAH", "IPH", "IVH", "any"],
    ]
    assert [record["slices"][-1]["pooled_dice"] for record in records] == [1.0, 1.0]
    for name in ("em", FIRST):
        assert f"Only the slices of fold {fold}." in (tmp_path / "out" / name / "slices.md").read_text()


def test_labels_of_earlier_evaluations_are_pooled(a_command: Command, a_folder: Path, asked: list[str], tmp_path: Path):
    slices = ("evaluate", "--slices", a_folder, "--json")
    for fold in range(5):
        done = a_command(*slices, "--fold", fold, "--model", FIRST, "--output", tmp_path / f"fold{fold}")
        assert done.code == 0, done.err
    parts = [part for fold in range(5) for part in ("--slice-predictions", tmp_path / f"fold{fold}" / "predictions")]
    pooled = a_command(*slices, *parts, "--output", tmp_path / "pooled")
    assert pooled.code == 0, pooled.err
    assert len(asked) == 5
    record = json.loads(pooled.out)
    assert [(entry["model"], entry["fold"]) for entry in record["models"]] == [(FIRST, fold) for fold in range(5)]
    whole = json.loads(a_command(*slices, "--model", FIRST, "--output", tmp_path / "whole").out)
    assert record["slices"] == whole["slices"]
    assert record["postprocessed"] is True

    # Labels of another program lie alone.
    moved = tmp_path / "other" / "labels"
    moved.parent.mkdir()
    (tmp_path / "whole" / "predictions").rename(moved)
    record = json.loads(a_command(*slices, "--slice-predictions", moved, "--output", tmp_path / "third").out)
    assert (record["models"], record["postprocessed"], record["slices"]) == ([], None, whole["slices"])
    assert "The labels are of another program." in (tmp_path / "third" / "slices.md").read_text()

    call = (*slices, "--output", tmp_path / "fourth", "--slice-predictions", moved)
    for options, told in (
        (("--model", FIRST), message("cli.predictions_instead_of_model", option="--model")),
        (("--images", a_folder), message("cli.only_for_slices", option="--slice-predictions")),
        (parts[:2], message("research.predictions_differ", folders=f"{moved}, {parts[1]}")),
    ):
        done = a_command(*call, *options)
        assert done.code == 2
        assert told in done.err
    Image.fromarray(np.full((60, 60), 9, dtype=np.uint8)).save(moved / "set-101001.png")
    assert message("research.prediction_of_another_slice", path=moved / "set-101001.png") in a_command(*call).err
    (moved / "set-101001.png").unlink()
    assert message("research.not_one_prediction", name="set-101001", count=0) in a_command(*call).err


def test_each_of_five_models_segments_its_own_fold(
    a_command: Command, a_folder: Path, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    names = [f"fold{number}" for number in range(5)]
    for name in names:
        register_model(FIELDS | {"name": name}, random_state(**TINY), folder=tmp_path / "models")
    monkeypatch.setenv("ICHSEG_MODELS", str(tmp_path / "models"))
    models = [part for name in names for part in ("--model", name)]
    call = ("evaluate", "--slices", a_folder, "--out-of-fold", "--output", tmp_path / "out", "--json")
    done = a_command(*call, *models)
    assert done.code == 0, done.err
    assert asked == names
    record = json.loads(done.out)
    assert [entry["model"] for entry in record["models"]] == names
    assert [entry["fold"] for entry in record["models"]] == [0, 1, 2, 3, 4]
    assert next(row["slices"] for row in record["slices"] if row["class"] == "any") == 5
    answered = {row["slice"]: row["model"] for row in rows_of(tmp_path / "out" / "cases.csv")}
    folds = LabelledSlices((a_folder,)).folds()
    assert answered == {name: f"fold{fold}" for name, fold in folds.items()}
    refused = a_command(*call, *models[:8], "--overwrite")
    assert refused.code == 2
    assert message("cli.model_for_each_fold", folds=5, models=4) in refused.err


@pytest.mark.usefixtures("asked")
def test_images_and_scans_without_hemorrhage(a_command: Command, tmp_path: Path):
    folder = tmp_path / "pictures"
    (folder / "images").mkdir(parents=True)
    # A head 145 mm wide of grey 100 (33 HU); greys 189 to 202 become 61 to 65 HU.
    for name, clot in (("000", 20), ("001", 0), ("002", 5), ("003", 0)):
        grey = np.zeros((180, 165), dtype=np.uint8)
        grey[10:170, 10:155] = 255
        grey[15:165, 15:150] = 100
        grey[50:60, 50 : 50 + clot] = 100 + round(31 * 255 / 80)
        Image.fromarray(grey).save(folder / "images" / f"{name}.png")
    (folder / "labels.csv").write_text("image,bleed\n000,1\n001,0\n002,0\n003,1\n")
    scan = tmp_path / "scan.nii.gz"
    hu = np.full((40, 40, 5), 30, dtype=np.int16)
    hu[10:20, 10:20, 2] = NAMED + 4
    hu[0] = -1000
    nibabel.Nifti1Image(hu, np.diag([2.0, 2.0, 5.0, 1.0])).to_filename(scan)
    call = ("evaluate", "--images", folder, "--negatives", scan, "--minimum-ml", "0.5", "--output", tmp_path / "out")
    done = a_command(*call, "--json")
    assert done.code == 0, done.err
    record = json.loads(done.out)
    volumes = {row["image"]: float(row["predicted_ml"]) for row in rows_of(tmp_path / "out" / "images.csv")}
    assert volumes == pytest.approx({"pictures-000": 1.0, "pictures-001": 0, "pictures-002": 0.25, "pictures-003": 0})
    assert record["auc"]["value"] == pytest.approx((2 + 0.5) / 4)
    given = record["decisions"][0]
    assert (given["minimum_ml"], given["sensitivity"], given["specificity"]) == (0.5, 0.5, 1.0)
    assert record["without_hemorrhage"]["images"]["median_ml"] == pytest.approx(0.125)
    # Four slices of 1600 voxels of 20 mm3 are false, and 100 in the middle one.
    assert record["without_hemorrhage"]["scans"]["largest_ml"] == pytest.approx((4 * 1600 + 100) * 0.02)
    assert rows_of(tmp_path / "out" / "negatives.csv")[0]["scan"] == "scan.nii.gz"
    assert list(record["worst"].values()) == ["0.2 mL where there is none"]
    assert record["slices"] == []
    assert not (tmp_path / "out" / "slices.csv").exists()
    page = (tmp_path / "out" / "slices.md").read_text()
    assert "## Images: 2 with and 2 without hemorrhage" in page
    assert "AUC of the predicted volume: 0.62" in page


def test_calls_that_make_no_sense_are_refused(a_command: Command, a_folder: Path, asked: list[str], tmp_path: Path):
    slices = ("--slices", a_folder)
    for options, told in (
        ((*slices, "--config", tmp_path), message("cli.slices_not_with", option="--config")),
        ((*slices, "--compare-model", "em"), message("cli.slices_not_with", option="--compare-model")),
        (("--images", a_folder, "--fold", 1), message("cli.fold_needs_slices", option="--fold")),
        (
            ("--negatives", a_folder, "--exclude-patient", "1"),
            message("cli.fold_needs_slices", option="--exclude-patient"),
        ),
        ((*slices, "--fold", 1, "--out-of-fold"), message("cli.fold_or_out_of_fold")),
        ((*slices, "--images", a_folder, "--out-of-fold"), message("cli.only_for_slices", option="--out-of-fold")),
        ((*slices, "--exclude-patient", "999"), message("cli.no_slice_of_patient", patient="999")),
        (
            (*slices, *(part for name in PATIENTS for part in ("--exclude-patient", name))),
            message("cli.no_slices_left"),
        ),
        ((*slices, "--negatives", tmp_path / "none"), message("cli.not_found", path=tmp_path / "none")),
    ):
        done = a_command("evaluate", "--output", tmp_path / "out", *options)
        assert done.code == 2, options
        assert told in done.err
    table = tmp_path / "five-class.csv"
    for text, told in (
        ("set,101001,yes\n", message("research.after_surgery", path=table, line=2, value="yes")),
        ("set,101001,1\n", message("research.slice_not_in_table", path=table, name="set-102001")),
    ):
        table.write_text(f"set,slice,after_surgery\n{text}")
        done = a_command("evaluate", "--output", tmp_path / "out", *slices)
        assert done.code == 2
        assert told in done.err
    assert asked == []
