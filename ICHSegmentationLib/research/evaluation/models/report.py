# SPDX-License-Identifier: Apache-2.0
"""Write the evaluation of a model: a table of metrics and targets, tables per group, pictures of the worst cases."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.subtypes import ANY_BLOOD
from ICHSegmentationLib.models import get_model, output_subtypes
from ICHSegmentationLib.research.evaluation.evaluate import Evaluation
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.metrics.paired_tests import PairedTest, paired_tests
from ICHSegmentationLib.research.evaluation.models.held_out_case import VARIED, HeldOutFile
from ICHSegmentationLib.research.evaluation.models.run import ModelRun
from ICHSegmentationLib.research.evaluation.models.targets import DECISIONS, Metric, model_metrics
from ICHSegmentationLib.research.evaluation.models.worst_cases import write_worst_cases
from ICHSegmentationLib.research.evaluation.report.outputs import write_evaluation
from ICHSegmentationLib.research.evaluation.report.rows import detection_rows, paired_test_rows
from ICHSegmentationLib.research.evaluation.report.tables import csv_text, markdown_table
from ICHSegmentationLib.research.evaluation.summary import ModelResult

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry
    from ICHSegmentationLib.research.evaluation.report.rows import Row

PAGE_NAME, TABLE_NAME, RECORD_NAME = "model.md", "model.csv", "figures.json"
DECISIONS_NAME = "case_decision.csv"
WORST_NAME, PREDICTIONS_NAME = "worst", "predictions"
_TESTED = ("dice_with_class", "volume_error_ml")


def write_model_report(
    folder: Path,
    run: ModelRun,
    files: Sequence[HeldOutFile],
    set_aside: Mapping[str, str],
    *,
    compared: ModelRun | None = None,
) -> dict[str, Any]:
    """Write the evaluation of a model, and optionally of a second one on the same cases.

    Parameters
    ----------
    folder : pathlib.Path
        Receives ``model.md``, ``model.csv``, ``figures.json``, ``case_decision.csv`` (sensitivity and specificity over
        all scans by minimum volume), a folder of tables and plots per group of cases, and ``worst`` with pictures.
    run, compared : ModelRun
        Runs of the models.
    files : sequence of HeldOutFile
        The cases.
    set_aside : mapping of str to str
        Patients with real extra-axial hemorrhage, each with the finding.

    Returns
    -------
    dict
        The content of ``figures.json``; ``quality`` is the part for the model list.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = _metrics(run, set_aside)
    others = _metrics(compared, set_aside) if compared is not None else []
    tests: dict[str, tuple[PairedTest, ...]] = {}
    for group, cases in run.groups.items():
        first = list(cases.values())
        second = [] if compared is None else list(compared.groups[group].values())
        tests[group] = paired_tests(first, second) if second else ()
        evaluation = Evaluation(
            model=ModelResult.of(first),
            compared=ModelResult.of(second) if second else None,
            tests=tests[group],
            warnings=(),
        )
        write_evaluation(evaluation, folder / group)
    decided = [cases for group, cases in run.groups.items() if group != VARIED]
    everything = ModelResult.of([case for cases in decided for case in cases.values()])
    decisions = [row for row in detection_rows(everything) if row["class"] == ANY]
    write_text(folder / DECISIONS_NAME, csv_text(decisions))
    entry = get_model(run.model)
    worst = write_worst_cases(folder / WORST_NAME, run, files, output_subtypes=output_subtypes(entry))
    record = {
        "schema": 1,
        "model": entry.name,
        "sha256": entry.sha256,
        "fingerprint": entry.fingerprint,
        "cleaned": run.postprocessed,
        "second_reader_sha256": run.verifier_sha256,
        "seconds_per_scan": run.seconds_per_scan,
        "compared_model": None if compared is None else compared.model,
        "quality": _quality(found, entry),
        "figures": [metric.row() for metric in found],
        "set_aside": dict(set_aside),
        "worst": worst,
    }
    rows = _rows(found, others)
    write_text(folder / TABLE_NAME, csv_text(rows))
    write_text(folder / PAGE_NAME, _page(run, rows, record, tests, compared))
    write_text(folder / RECORD_NAME, json.dumps(record, indent=2) + "\n")
    return record


def _metrics(run: ModelRun, set_aside: Mapping[str, str]) -> list[Metric]:
    entry = get_model(run.model)
    return model_metrics(
        run.groups,
        set_aside,
        classes=output_subtypes(entry),
        case_minimum_ml=entry.case_minimum_ml,
    )


def processing_sentence(*, postprocessed: bool) -> str:
    """Return a sentence on how each scan was processed."""
    if postprocessed:
        return "Every scan was processed like a user's scan: preprocessing, network, postprocessing."
    return "Every scan was processed like a user's scan, but without postprocessing."


def _quality(found: Sequence[Metric], entry: ModelEntry) -> dict[str, float]:
    """Return the metrics for the model list: those with a target, of case decisions, or all if without subtypes."""
    return {
        metric.key: round(metric.value, 4)
        for metric in found
        if metric.value is not None
        and (metric.target is not None or metric.group == DECISIONS or not _tells_subtypes(entry))
    }


def _tells_subtypes(entry: ModelEntry) -> bool:
    return ANY_BLOOD not in output_subtypes(entry)


def _rows(found: Sequence[Metric], others: Sequence[Metric]) -> list[Row]:
    """Return the rows of the table, with the value of the second model after the first."""
    by_key = {metric.key: metric.value for metric in others}
    rows = []
    for metric in found:
        row = metric.row()
        rows.append(row | {"compared": by_key.get(metric.key)} if others else row)
    return rows


def _page(
    run: ModelRun,
    rows: Sequence[Row],
    record: Mapping[str, Any],
    tests: Mapping[str, Sequence[PairedTest]],
    compared: ModelRun | None,
) -> str:
    parts = [
        f"# Evaluation of {record['model']}",
        f"Weights {record['sha256'][:8]}. {processing_sentence(postprocessed=run.postprocessed)} "
        f"{run.seconds_per_scan:.2f} s per scan.",
        markdown_table(rows),
        "Results on simulated lesions hold for simulated lesions only. In simulated cases the patient's own clot is "
        "ignored; fractions are of cases. The Dice of a missed lesion is 0.",
    ]
    if record["set_aside"]:
        lines = [f"- {name}: {seen}" for name, seen in record["set_aside"].items()]
        parts += ["## Excluded from the extra-axial metrics", "\n".join(lines)]
    if compared is not None:
        parts += [
            f"## Difference from {compared.model}",
            "Per case; two-sided p of Wilcoxon's signed-rank test and of the paired t-test, not corrected for multiple "
            "tests.",
        ]
        for group, found in tests.items():
            shown = [test for test in found if test.figure in _TESTED and test.subtype != "any"]
            if shown:
                parts += [f"### {group}", markdown_table(paired_test_rows(shown))]
    parts += ["## Worst cases", "\n".join(f"- `worst/{name}`: {text}" for name, text in record["worst"].items())]
    return "\n\n".join([*parts, "Research use only; not a medical device."]) + "\n"
