# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate`` from files to tables and plots."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from builders.command import Command
from builders.grids import make_grid
from builders.label_maps import labelled
from PIL import Image

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd
from ICHSegmentationLib.research.evaluation import requirements

# Pixels of 1 mm2 in slices 5 mm apart along the table, so nearer by the tilt's cosine along the normal.
GRID = make_grid(rows=40, columns=40, steps_mm=(5.0,) * 4, spacing_mm=(1.0, 1.0), tilt_deg=18.5)
COLUMN_ML = 20 * 5 * np.cos(np.radians(18.5)) / 1000
# Columns of 20 voxels of the reference's IPH in each case, and how many of them each model finds; `d` has no bleed.
REFERENCE = {"a": 20, "b": 10, "c": 5, "d": 0}
FIRST = {"a": 18, "b": 9, "c": 5, "d": 0}
SECOND = {"a": 10, "b": 5, "c": 0, "d": 2}
TABLES = ("cases", "per_case", "pooled", "volumes", "minimum_volume", "lesions")


def a_bleed(columns: int):
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[2, 10:30, 10 : 10 + columns] = True
    return labelled(GRID, (Subtype.IPH, mask))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Predictions of two models and references, in three formats."""
    for name in ("first", "second", "references"):
        (tmp_path / name).mkdir()
    for case, columns in REFERENCE.items():
        write_seg_nrrd(tmp_path / "references" / f"{case}.seg.nrrd", a_bleed(columns))
        write_labels_nifti(tmp_path / "first" / f"{case}.nii.gz", a_bleed(FIRST[case]))
        (tmp_path / "second" / case).mkdir()
        write_labels_nifti(tmp_path / "second" / case / "labels.nii.gz", a_bleed(SECOND[case]))
    return tmp_path / "first", tmp_path / "second", tmp_path / "references"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_figures_in_json_and_files(a_command: Command, folders: tuple[Path, Path, Path], tmp_path: Path):
    first, second, references = folders
    output = tmp_path / "out"
    done = a_command(
        "evaluate",
        "--predictions",
        first,
        "--references",
        references,
        "--compare",
        second,
        "--output",
        output,
        "--json",
    )
    assert (done.code, done.err) == (0, "")
    content = json.loads(done.out)

    iph = content["model"]["classes"]["IPH"]
    assert (iph["cases"], iph["with_reference"]) == (4, 3)
    dice = [2 * 18 / 38, 2 * 9 / 19, 1.0]
    assert iph["per_case"]["dice"]["cases"] == 3
    assert iph["per_case"]["dice"]["mean"] == pytest.approx(np.mean(dice))
    assert iph["per_case"]["dice"]["median"] == pytest.approx(18 / 19)
    assert iph["pooled"]["dice"] == pytest.approx(2 * 32 / (32 + 35))
    # Of case b the last column is missing, 1 mm beyond the predicted ones.
    assert content["model"]["cases"][2]["classes"]["IPH"]["hd95_mm"] == 0
    assert content["model"]["cases"][1]["classes"]["IPH"]["hd95_mm"] == pytest.approx(1)
    assert iph["bland_altman"]["bias"] == pytest.approx(COLUMN_ML * np.mean([-2, -1, 0, 0]))
    assert iph["icc"]["lower"] < iph["icc"]["value"] < iph["icc"]["upper"] < 1
    compared = content["compared"]["classes"]["IPH"]
    assert compared["per_case"]["dice"]["cases"] == 4
    assert compared["per_case"]["dice_with_class"]["mean"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert compared["predicted_without_reference_ml"]["median"] == pytest.approx(2 * COLUMN_ML)
    assert [point["specificity"] for point in compared["detection"][:2]] == [0, 0]
    assert compared["lesions"] == {"reference": 3, "found": 2, "predicted": 3, "right": 2}
    assert (content["compared"]["largest_lesions_named_right"], content["compared"]["largest_lesions"]) == (2, 3)
    test = next(test for test in content["tests"] if (test["subtype"], test["figure"]) == ("IPH", "dice"))
    assert test["cases"] == 3
    assert test["wilcoxon_p"] == pytest.approx(0.25)

    expected = {f"{prefix}{name}.csv" for prefix in ("", "compared_") for name in TABLES}
    expected |= {f"{prefix}{name}.png" for prefix in ("", "compared_") for name in ("bland_altman", "minimum_volume")}
    expected |= {"comparison.csv", "evaluation.md", "evaluation.json"}
    assert {path.name for path in output.iterdir()} == set(content["outputs"]) == expected
    pooled = {row["class"]: row for row in rows_of(output / "pooled.csv")}
    assert float(pooled["IPH"]["dice"]) == pytest.approx(2 * 32 / (32 + 35), abs=1e-6)
    assert pooled["EDH"]["dice"] == ""
    assert len(rows_of(output / "cases.csv")) == 4 * 6
    for name in ("bland_altman.png", "minimum_volume.png"):
        with Image.open(output / name) as picture:
            assert picture.size == (1200, 510)
            assert np.asarray(picture.convert("L")).std() > 10


def test_the_page_names_what_was_counted(a_command: Command, folders: tuple[Path, Path, Path], tmp_path: Path):
    first, _, references = folders
    done = a_command("evaluate", "--predictions", first, "--references", references, "--output", tmp_path / "out")
    page = (tmp_path / "out" / "evaluation.md").read_text(encoding="utf-8")

    assert "IPH      3  0.947   0.955" in done.out
    assert "| IPH | dice | 3 | 0.965 |" in page
    assert "### Per case" in page
    assert "### Pooled voxels\n\n| class | dice | iou | precision | recall |\n" in page
    assert "| IPH | 0.955 | 0.914 | 1.000 | 0.914 |" in page
    assert "In no reference and no prediction: EDH, SDH, SAH, IVH." in page
    assert "left out; a false positive has Dice, IoU and precision 0" in page
    assert "Difference of the two models" not in page


def test_results_are_kept_unless_overwritten(a_command: Command, folders: tuple[Path, Path, Path], tmp_path: Path):
    """A second evaluation without a compared model takes the first one's comparison away."""
    first, second, references = folders
    common = ("evaluate", "--predictions", first, "--references", references, "--output", tmp_path / "out")
    assert a_command(*common, "--compare", second).code == 0
    refused = a_command(*common)
    assert refused.code == 2
    assert message("cli.evaluation_exists", folder=tmp_path / "out") in refused.err
    assert (tmp_path / "out" / "comparison.csv").exists()

    assert a_command(*common, "--overwrite").code == 0
    assert not [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith("compar")]


def test_two_files_give_one_case(a_command: Command, folders: tuple[Path, Path, Path], tmp_path: Path):
    first, _, references = folders
    done = a_command(
        "evaluate",
        *("--predictions", first / "a.nii.gz", "--references", references / "a.seg.nrrd"),
        *("--output", tmp_path / "out", "--json"),
    )
    iph = json.loads(done.out)["model"]["classes"]["IPH"]

    assert iph["pooled"]["dice"] == pytest.approx(2 * 18 / 38)
    assert iph["icc"] is None
    assert iph["bland_altman"] is None


def test_a_missing_prediction_is_named_and_nothing_is_written(
    a_command: Command, folders: tuple[Path, Path, Path], tmp_path: Path
):
    first, second, references = folders
    (first / "c.nii.gz").unlink()
    told = message("research.no_prediction", predictions=first, references=references, cases="c")
    for options in (("--predictions", first), ("--predictions", second, "--compare", first)):
        done = a_command("evaluate", *options, "--references", references, "--output", tmp_path / "out")
        assert done.code == 2
        assert done.err == f"error: {told}\n"
    assert not (tmp_path / "out").exists()


def test_what_to_install_is_said(
    a_command: Command, folders: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first, _, references = folders
    monkeypatch.setattr(requirements, "find_spec", lambda _name: None)
    done = a_command("evaluate", "--predictions", first, "--references", references, "--output", tmp_path / "out")

    assert done.code == 1
    assert message("research.evaluation_packages", packages="MONAI and Matplotlib") in done.err
    assert done.err.count("\n") == 1
