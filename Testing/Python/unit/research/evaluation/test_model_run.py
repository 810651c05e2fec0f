# SPDX-License-Identifier: Apache-2.0
"""Metrics of a model and their targets, from cases with known results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builders.grids import make_grid
from PIL import Image

from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.evaluation.models import report as model_report
from ICHSegmentationLib.research.evaluation.models import run as model_run
from ICHSegmentationLib.research.evaluation.models.held_out_case import (
    MIMICS,
    PATIENTS,
    SIMULATED,
    HeldOutCase,
    HeldOutFile,
)
from ICHSegmentationLib.research.evaluation.models.report import write_model_report
from ICHSegmentationLib.research.evaluation.models.run import RunSettings, run_model
from ICHSegmentationLib.research.evaluation.models.targets import model_metrics
from ICHSegmentationLib.research.evaluation.models.worst_cases import worst_cases

# Voxels of 1 mL, so that counts are volumes.
GRID = make_grid(rows=40, columns=40, steps_mm=(10.0,) * 3, spacing_mm=(10.0, 10.0))
ANSWERS: dict[int, np.ndarray | None] = {}


def a_block(subtype: Subtype, columns: int, *, first: int = 10) -> np.ndarray:
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[1:3, 10:20, first : first + columns] = subtype
    return labels


def a_case(folder: Path, group: str, name: str, truth: np.ndarray, answer, ignored=None) -> HeldOutFile:
    """Write a case whose voxel (0, 0, 0) says which answer the model gives."""
    hu = np.full(GRID.shape, 30, dtype=np.int16)
    hu[0, 0, 0] = 1000 + len(ANSWERS)
    ANSWERS[int(hu[0, 0, 0])] = answer
    file = HeldOutFile(group, name, folder / f"{group}-{name}.npz")
    nothing = np.zeros(GRID.shape, dtype=bool)
    HeldOutCase(CTVolume(hu, GRID), truth, nothing if ignored is None else ignored).write(file.path)
    return file


@pytest.fixture
def a_model(monkeypatch: pytest.MonkeyPatch) -> str:
    """A model that gives each case the answer it was made with."""

    def segment(volume, *_, **__):
        answer = ANSWERS[int(volume.hu[0, 0, 0])]
        if answer is None:
            message = "no head"
            raise NotAHeadError(message)
        return SimpleNamespace(label_map=LabelMap(answer, volume.grid), timings_s={"load": 9.0, "infer": 0.5})

    monkeypatch.setattr(model_run.pipeline, "segment", segment)
    entry = SimpleNamespace(
        name="answers",
        sha256="0" * 64,
        fingerprint="1" * 64,
        classes=("background", "IPH"),
        detector="",
        verifier="",
        case_minimum_ml=25.0,
    )
    for module in (model_report, model_run):
        monkeypatch.setattr(module, "get_model", lambda _: entry)
    return "answers"


@pytest.fixture
def some_files(tmp_path: Path) -> list[HeldOutFile]:
    nothing = np.zeros(GRID.shape, dtype=np.uint8)
    iph, wrong = a_block(Subtype.IPH, 10), a_block(Subtype.IPH, 5)
    wrong[0, 30, 30:32] = Subtype.SDH
    unknown = np.zeros(GRID.shape, dtype=bool)
    unknown[:, :, 25:] = True
    spilled = iph.copy()
    spilled[0, 30, 30] = Subtype.SAH  # where nobody knows
    return [
        a_case(tmp_path, PATIENTS, "good", iph, spilled, unknown),
        a_case(tmp_path, PATIENTS, "half", iph, wrong),
        a_case(tmp_path, SIMULATED, "p-EDH-0", a_block(Subtype.EDH, 4), a_block(Subtype.EDH, 4)),
        a_case(tmp_path, SIMULATED, "q-EDH-0", a_block(Subtype.EDH, 4), a_block(Subtype.SDH, 4)),
        a_case(tmp_path, MIMICS, "000", nothing, nothing),
        a_case(tmp_path, MIMICS, "001", nothing, a_block(Subtype.SAH, 1)),
        a_case(tmp_path, MIMICS, "002", nothing, None),
    ]


def test_the_table_holds_the_figures_of_the_known_answers(tmp_path: Path, a_model: str, some_files):
    run = run_model(a_model, some_files, (), tmp_path / "predictions", RunSettings())
    assert run.seconds_per_scan == pytest.approx(0.5)
    found = {figure.key: figure for figure in model_metrics(run.groups, {})}
    values = {key: figure.value for key, figure in found.items()}
    assert values["iph_found_share"] == 1
    assert values["iph_dice_median"] == pytest.approx((1 + 2 / 3) / 2)
    assert values["iph_dice_percentile_10"] == pytest.approx(2 / 3 + 0.1 / 3)
    assert values["extra_axial_median_ml"] == pytest.approx(1.0)
    assert values["extra_axial_percentile_90_ml"] == pytest.approx(1.8)
    assert values["simulated_edh_dice_median"] == pytest.approx(0.5)
    assert values["simulated_sdh_dice_median"] is None
    assert values["simulated_named_right_share"] == pytest.approx(0.5)
    assert values["look_alike_share"] == pytest.approx(1 / 3)
    assert [found[key].is_met for key in ("iph_found_share", "look_alike_share", "iph_any_found_share")] == [
        True,
        False,
        None,
    ]
    aside = {figure.key: figure.value for figure in model_metrics(run.groups, {"half": "a real SDH"})}
    assert aside["extra_axial_median_ml"] == 0


def test_any_blood_is_measured_whatever_its_name_and_subtypes_only_where_they_are_told(
    tmp_path: Path, a_model: str, some_files
):
    groups = run_model(a_model, some_files, (), tmp_path / "predictions", RunSettings()).groups
    told, untold = model_metrics(groups, {}), model_metrics(groups, {}, classes=("ICH",))
    values = {figure.key: figure.value for figure in told}
    # "half": 100 of 200 voxels and 2 beside them.
    assert values["any_dice_median"] == pytest.approx((1 + 200 / 302) / 2)
    assert values["simulated_edh_any_dice_median"] == 1
    assert values["simulated_edh_dice_median"] == 0.5
    left_out = {figure.key for figure in told} - {figure.key for figure in untold}
    assert {"iph_dice_median", "extra_axial_median_ml", "simulated_edh_dice_median"} <= left_out
    assert {figure.key for figure in untold} < set(values)
    alone = {figure.key for figure in model_metrics(groups, {}, classes=("IPH",))}
    assert {"iph_dice_median", "simulated_iph_dice_median", "simulated_iph_any_dice_median"} < alone
    assert not {"simulated_edh_dice_median", "simulated_edh_any_dice_median", "simulated_named_right_share"} & alone
    assert (
        worst_cases(SIMULATED, groups[SIMULATED], output_subtypes=("ICH",))[0][1]
        == "EDH Dice 1.00, 80.0 mL, model 80.0 mL"
    )


def test_decisions_on_scans_have_sensitivity_and_specificity_at_the_models_volume(
    tmp_path: Path, a_model: str, some_files
):
    groups = run_model(a_model, some_files, (), tmp_path / "predictions", RunSettings()).groups
    for minimum_ml, specificity in ((0.0, 2 / 3), (25.0, 1.0)):
        found = {figure.key: figure for figure in model_metrics(groups, {}, case_minimum_ml=minimum_ml)}
        assert (found["case_sensitivity"].value, found["case_sensitivity"].cases) == (1.0, 4)
        assert (found["case_specificity"].value, found["case_specificity"].cases) == (pytest.approx(specificity), 3)
    assert "case_sensitivity" not in {figure.key for figure in model_metrics(groups, {})}


def test_the_worst_cases_come_first(tmp_path: Path, a_model: str, some_files):
    groups = run_model(a_model, some_files, (), tmp_path, RunSettings()).groups
    assert worst_cases(SIMULATED, groups[SIMULATED]) == [
        ("q-EDH-0", "EDH Dice 0.00, 80.0 mL, model 0.0 mL"),
        ("p-EDH-0", "EDH Dice 1.00, 80.0 mL, model 80.0 mL"),
    ]
    # What a model does not look for is not among its worst cases.
    assert worst_cases(SIMULATED, groups[SIMULATED], output_subtypes=("SDH", "IPH")) == []
    assert [name for name, _ in worst_cases(PATIENTS, groups[PATIENTS], output_subtypes=("IPH",))] == ["half", "good"]
    assert worst_cases(PATIENTS, groups[PATIENTS], output_subtypes=("EDH",)) == []
    assert worst_cases(MIMICS, groups[MIMICS], 1) == [("001", "20.0 mL where there is none")]


def test_a_model_has_pictures_of_the_simulated_bleeds_that_it_looks_for(tmp_path: Path, a_model: str):
    files = [
        a_case(tmp_path, SIMULATED, f"p-{subtype.name}-0", a_block(subtype, 4), a_block(Subtype.IPH, 4))
        for subtype in (Subtype.EDH, Subtype.IPH)
    ]
    run = run_model(a_model, files, (), tmp_path / "predictions", RunSettings())
    record = write_model_report(tmp_path / "out", run, files, {})
    assert record["worst"] == {"simulated-1-p-IPH-0.png": "IPH Dice 1.00, 80.0 mL, model 80.0 mL"}
    assert [path.name for path in (tmp_path / "out" / "worst").iterdir()] == ["simulated-1-p-IPH-0.png"]


@pytest.mark.slow
def test_tables_pictures_and_the_second_models_figures_are_written(tmp_path: Path, a_model: str, some_files):
    patients = some_files[:2]
    run = run_model(a_model, patients, (), tmp_path / "out" / "predictions", RunSettings())
    earlier = tmp_path / "out" / "worst" / "patients-1-other.png"
    earlier.parent.mkdir()
    earlier.touch()
    record = write_model_report(tmp_path / "out", run, patients, {"half": "a real SDH"}, compared=run)
    assert not earlier.exists()
    assert record == json.loads((tmp_path / "out" / "figures.json").read_text())
    assert record["quality"]["iph_dice_median"] == pytest.approx(0.8333)
    assert record["worst"]["patients-1-half.png"] == "IPH Dice 0.67, 200.0 mL, model 100.0 mL"
    page = (tmp_path / "out" / "model.md").read_text()
    assert "| IPH Dice, median | 0.833 | 2 | at least 0.94 | no | 0.833 |" in page
    assert "- half: a real SDH" in page
    with Image.open(tmp_path / "out" / "worst" / "patients-1-half.png") as picture:
        assert len(picture.getcolors(1_000_000)) > 50
    assert (tmp_path / "out" / "patients" / "cases.csv").exists()
    curve = (tmp_path / "out" / "case_decision.csv").read_text().splitlines()
    assert curve[0].startswith("class,minimum_ml,accuracy,sensitivity,specificity")
    assert curve[1].startswith("any,0,1,1,,2,0,0,0")
    assert record["quality"]["case_sensitivity"] == 1
    assert record["second_reader_sha256"] is None
    read_twice = replace(run, verifier_sha256="2" * 64)
    record = write_model_report(tmp_path / "twice", read_twice, patients, {})
    assert record["second_reader_sha256"] == "2" * 64
