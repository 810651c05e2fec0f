# SPDX-License-Identifier: Apache-2.0
"""Several models in one table, from results that are written as an evaluation writes them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid
from builders.tiny_model import FIELDS, TINY, random_state, register_model
from scipy.stats import wilcoxon

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.evaluation.evaluate import Evaluation
from ICHSegmentationLib.research.evaluation.metrics.case import evaluate_case
from ICHSegmentationLib.research.evaluation.metrics.paired_tests import holm
from ICHSegmentationLib.research.evaluation.models.costs import Cost, Costs
from ICHSegmentationLib.research.evaluation.models.head_to_head import is_evaluated, write_head_to_head
from ICHSegmentationLib.research.evaluation.models.report import processing_sentence
from ICHSegmentationLib.research.evaluation.summary import ModelResult

GRID = make_grid(rows=20, columns=20, steps_mm=(10.0,) * 3, spacing_mm=(10.0, 10.0))


def a_block(columns: int) -> LabelMap:
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[1:3, 5:15, :columns] = Subtype.IPH
    return LabelMap(labels, GRID)


def a_model(
    folder: Path, name: str, found: dict[str, int], *, classes: tuple[str, ...] = ("IPH",), group: str = "patients"
) -> SimpleNamespace:
    """Write results of cases whose clot is ten columns wide, ``found`` of them by the model."""
    cases = [evaluate_case(case, a_block(columns), a_block(10)) for case, columns in found.items()]
    result = Evaluation(model=ModelResult.of(cases), compared=None, tests=(), warnings=())
    (folder / name / group).mkdir(parents=True)
    (folder / name / group / "evaluation.json").write_text(result.model_dump_json())
    (folder / name / "figures.json").write_text(json.dumps({"fingerprint": name, "set_aside": {}}))
    return SimpleNamespace(
        name=name,
        fingerprint=name,
        classes=("background", *classes),
        detector="",
        verifier="",
        case_minimum_ml=None,
        parameters=1000,
    )


def test_models_stand_beside_the_first_with_corrected_p(tmp_path: Path):
    first = a_model(tmp_path, "first", {"a": 10, "b": 10, "c": 10})
    worse = a_model(tmp_path, "worse", {"a": 5, "b": 5, "c": 0})
    untold = a_model(tmp_path, "untold", {"a": 9, "b": 8, "c": 7}, classes=("ICH",))
    cost = Cost(fingerprint="first", gflop=12.34, seconds=0.5, peak_mib=300.4)
    costs = Costs(threads=2, slices=40, models={"first": cost, "worse": cost})
    rows = write_head_to_head(tmp_path, [first, worse, untold], costs)

    assert [row["any_dice_median"] for row in rows] == pytest.approx([1, 2 / 3, 16 / 18])
    assert [row["iph_dice_median"] for row in rows] == [1, pytest.approx(2 / 3), None]
    assert rows[1]["patients_any_dice_difference"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3 - 1)
    # Three differences of one sign: p = 2 / 8 each, twice that for two models.
    assert [row["patients_any_dice_difference_p"] for row in rows] == [None, 0.5, 0.5]
    # A cost of other weights is not shown.
    assert [row["gflop"] for row in rows] == [12.34, None, None]
    page = (tmp_path / "models.md").read_text()
    assert "| - | - | 1000 | 12.3 | 0.5 | 300 |" in page
    assert "corrected for 2 comparisons by Holm's procedure" in page
    assert len((tmp_path / "models.csv").read_text().splitlines()) == 4


def test_simulated_bleeds_are_compared_by_themselves(tmp_path: Path):
    models = [
        a_model(tmp_path, name, {f"{patient}-IPH-0": columns for patient in "abcdef"}, group="simulated")
        for name, columns in (("first", 10), ("worse", 5))
    ]
    row = write_head_to_head(tmp_path, models)[1]
    assert row["simulated_any_dice_difference"] == pytest.approx(-1 / 3)
    assert row["simulated_any_dice_difference_p"] == pytest.approx(2 / 2**6)
    assert row["patients_any_dice_difference"] is None
    assert "| 0.667 | - | - | -0.333 | 0.031 | 1000 |" in (tmp_path / "models.md").read_text()


FIVE = tuple(subtype.name for subtype in Subtype)


def test_a_model_is_compared_only_on_bleeds_that_it_looks_for(tmp_path: Path):
    models = []
    told = {"first": FIVE, "five": FIVE, "any": ("ICH",), "iph": ("IPH",)}
    for columns, (name, classes) in zip((10, 5, 6, 4), told.items(), strict=True):
        a_model(tmp_path, name, dict.fromkeys("abcdef", columns), classes=classes)
        simulated = {f"{patient}-{kind}-0": columns for patient in "abcdef" for kind in ("EDH", "IPH")}
        models.append(a_model(tmp_path, name, simulated, classes=classes, group="simulated"))
    rows = write_head_to_head(tmp_path, models)
    assert [row["patients_any_dice_difference_p"] for row in rows] == [None, *[pytest.approx(3 * 2 / 2**6)] * 3]
    # A model of any blood looks for every subtype; one of IPH alone is neither tested nor counted.
    assert [row["simulated_any_dice_difference"] for row in rows] == [
        None,
        pytest.approx(-1 / 3),
        pytest.approx(-1 / 4),
        None,
    ]
    assert [row["simulated_any_dice_difference_p"] for row in rows] == [
        None,
        *[pytest.approx(2 * 2 / 2**6)] * 2,
        None,
    ]
    patients, simulated_part = (tmp_path / "models.md").read_text().split("## Simulated lesions in them (12)")
    assert "corrected for 3 comparisons" in patients
    assert "corrected for 2 comparisons" in simulated_part
    assert "They are also `-` where the model or first does not look for every simulated subtype" in simulated_part

    # Nothing is compared with a first model that does not look for all of them.
    rows = write_head_to_head(tmp_path, [models[3], *models[:3]])
    assert {row["simulated_any_dice_difference"] for row in rows} == {None}
    assert "corrected for 0 comparisons" in (tmp_path / "models.md").read_text()


def test_the_bleeds_of_one_head_count_as_one_patient(tmp_path: Path):
    """Two to four bleeds a patient; the names of patients hold dashes themselves."""
    columns = {
        "p-1": {"EDH-0": 9, "SDH-0": 8},
        "p-2": {"EDH-0": 2, "SDH-0": 5, "SAH-0": 7, "IPH-0": 9},
        "p-3": {"EDH-0": 10, "EDH-1": 1},
        "p-4": {"EDH-0": 6, "SDH-0": 6, "IVH-0": 3},
        "p-5": {"EDH-0": 7, "IPH-0": 6},
    }
    found = {f"{patient}-{copy}": count for patient, bleeds in columns.items() for copy, count in bleeds.items()}
    models = [
        a_model(tmp_path, name, cases, classes=FIVE, group="simulated")
        for name, cases in (("first", dict.fromkeys(found, 5)), ("other", found))
    ]
    row = write_head_to_head(tmp_path, models)[1]

    differences = [[2 * count / (count + 10) - 2 / 3 for count in bleeds.values()] for bleeds in columns.values()]
    of_patients = [float(np.mean(patient)) for patient in differences]
    assert row["simulated_any_dice_difference"] == pytest.approx(np.mean(of_patients))
    assert row["simulated_any_dice_difference_p"] == pytest.approx(wilcoxon(of_patients).pvalue)
    page = (tmp_path / "models.md").read_text()
    assert "averaged over the lesions of each patient first" in page
    assert "corrected for 1 comparison by" in page


def test_results_without_cleaning_are_of_their_own_kind(tmp_path: Path):
    model = a_model(tmp_path, "first", {"a": 10})
    record = {"fingerprint": "first", "set_aside": {}, "cleaned": False}
    (tmp_path / "first" / "figures.json").write_text(json.dumps(record))
    assert is_evaluated(tmp_path / "first", model, postprocessed=False)
    with raises(InputError, "research.evaluation_of_another_model", model="first"):
        is_evaluated(tmp_path / "first", model)
    write_head_to_head(tmp_path, [model])
    assert processing_sentence(postprocessed=False) in (tmp_path / "models.md").read_text()


def test_different_cases_are_refused(tmp_path: Path):
    models = [a_model(tmp_path, "first", {"a": 10}), a_model(tmp_path, "other", {"b": 10})]
    with raises(InputError, "research.different_cases", model="other", first="first"):
        write_head_to_head(tmp_path, models)


def test_results_are_reused_only_of_the_same_model(tmp_path: Path):
    model = a_model(tmp_path, "first", {"a": 10})
    assert is_evaluated(tmp_path / "first", model)
    assert not is_evaluated(tmp_path / "absent", model)
    model.fingerprint = "another"
    with raises(InputError, "research.evaluation_of_another_model", model="first"):
        is_evaluated(tmp_path / "first", model)


def test_results_with_another_second_reader_are_refused(tmp_path: Path):
    model = a_model(tmp_path, "first", {"a": 10})
    model.verifier, model.folder = "reader", tmp_path / "models"
    reader = register_model(FIELDS | {"name": "reader"}, random_state(**TINY), folder=model.folder)
    record = {"fingerprint": "first", "set_aside": {}}
    path = tmp_path / "first" / "figures.json"
    for made_with in ({}, {"second_reader_sha256": None}, {"second_reader_sha256": "0" * 64}):
        path.write_text(json.dumps(record | made_with))
        with raises(InputError, "research.evaluation_of_another_model", model="first"):
            is_evaluated(tmp_path / "first", model)
    path.write_text(json.dumps(record | {"second_reader_sha256": reader.sha256}))
    assert is_evaluated(tmp_path / "first", model)
    # Without postprocessing no verifier is asked.
    path.write_text(json.dumps(record | {"cleaned": False, "second_reader_sha256": None}))
    assert is_evaluated(tmp_path / "first", model, postprocessed=False)


def test_holms_procedure():
    """Smallest first: 3 x 0.01, 2 x 0.02, and 0.03 not below the one before."""
    assert holm([0.03, None, 0.01, 0.02]) == pytest.approx([0.04, None, 0.03, 0.04])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
