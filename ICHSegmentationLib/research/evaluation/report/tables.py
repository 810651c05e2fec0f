# SPDX-License-Identifier: Apache-2.0
"""Format rows as CSV and Markdown, and an evaluation as one Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from ICHSegmentationLib.core.storage.csv_text import csv_text as safe_csv
from ICHSegmentationLib.research.evaluation.evaluate import Evaluation
from ICHSegmentationLib.research.evaluation.report.conventions import CONVENTIONS
from ICHSegmentationLib.research.evaluation.report.rows import (
    Row,
    detection_rows,
    lesion_rows,
    paired_test_rows,
    per_case_rows,
    pooled_rows,
    volume_rows,
)
from ICHSegmentationLib.research.evaluation.summary import ModelResult

_UNDEFINED = "-"
_SHOWN_MINIMUM_ML = (0.0, 0.1, 0.5, 1.0)


def csv_text(rows: Sequence[Row]) -> str:
    """Return CSV with a header; numbers with six significant digits, undefined values empty."""
    columns = list(rows[0])
    cells = [[f"{row[key]:.6g}" if isinstance(row[key], float) else row[key] for key in columns] for row in rows]
    return safe_csv([columns, *cells])


def markdown_table(rows: Sequence[Row]) -> str:
    """Return a Markdown table; numbers with three decimals, undefined values as ``-``."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([_cell(row[key], key) for key in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def evaluation_page(evaluation: Evaluation) -> str:
    """Return the Markdown page of an evaluation."""
    parts = ["# Evaluation", *_model_part(evaluation.model, "")]
    if evaluation.compared is not None:
        occurring = {*evaluation.model.occurring, *evaluation.compared.occurring}
        parts += _model_part(evaluation.compared, " (compared model)")
        parts += [
            "## Difference of the two models",
            "First minus compared model per case, where both have the metric; two-sided p of Wilcoxon's signed-rank "
            "test and of the paired t-test, not corrected for multiple tests.",
            markdown_table([row for row in paired_test_rows(evaluation.tests) if row["class"] in occurring]),
        ]
    parts += ["## Definitions", "\n".join(f"- {sentence}" for sentence in CONVENTIONS)]
    if evaluation.warnings:
        parts += ["## Warnings", "\n".join(f"- {warning}" for warning in evaluation.warnings)]
    return "\n\n".join([*parts, "Research use only; not a medical device."]) + "\n"


def _model_part(model: ModelResult, which: str) -> list[str]:
    occurring = model.occurring
    absent = [name for name in model.classes if name not in occurring]

    def table(rows: list[Row]) -> str:
        return markdown_table([row for row in rows if row["class"] in occurring])

    return [
        f"## Metrics of {len(model.cases)} cases{which}",
        f"In no reference and no prediction: {', '.join(absent)}." if absent else "Every class occurs.",
        "### Per case",
        table([row for row in per_case_rows(model) if row["cases"]]),
        "### Pooled voxels",
        table(pooled_rows(model)),
        "### Volumes",
        table(volume_rows(model)),
        "### Case level, by minimum volume",
        table([row for row in detection_rows(model) if row["minimum_ml"] in _SHOWN_MINIMUM_ML]),
        "### Lesions",
        table(lesion_rows(model)),
        f"Correct subtype of the largest lesion: {model.largest_lesions_named_right} of {model.largest_lesions} cases.",
    ]


def _cell(value: str | float | int | None, column: str) -> str:
    if value is None:
        return _UNDEFINED
    if isinstance(value, float) and column.endswith("_p"):
        return "< 0.001" if value < 0.001 else f"{value:.3f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
