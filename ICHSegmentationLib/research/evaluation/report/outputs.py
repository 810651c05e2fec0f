# SPDX-License-Identifier: Apache-2.0
"""Write the files of an evaluation."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.research.evaluation.evaluate import Evaluation
from ICHSegmentationLib.research.evaluation.report.plots import write_bland_altman, write_minimum_volume_curve
from ICHSegmentationLib.research.evaluation.report.rows import (
    case_rows,
    detection_rows,
    lesion_rows,
    paired_test_rows,
    per_case_rows,
    pooled_rows,
    volume_rows,
)
from ICHSegmentationLib.research.evaluation.report.tables import csv_text, evaluation_page
from ICHSegmentationLib.research.evaluation.summary import ModelResult

PAGE_NAME = "evaluation.md"
RECORD_NAME = "evaluation.json"
COMPARISON_NAME = "comparison.csv"
_COMPARED = "compared_"


def write_evaluation(evaluation: Evaluation, folder: Path) -> dict[str, Path]:
    """Write tables and plots, each atomically.

    Parameters
    ----------
    evaluation : Evaluation
        Evaluation to write.
    folder : Path
        Created if it does not exist. Tables and plots of a compared model are prefixed ``compared_``; those of an
        earlier evaluation are removed.

    Returns
    -------
    dict of str to Path
        Written files by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        PAGE_NAME: evaluation_page(evaluation),
        RECORD_NAME: evaluation.model_dump_json(indent=2) + "\n",
        **_tables(evaluation.model, ""),
    }
    models = {"": evaluation.model}
    if evaluation.compared is not None:
        models[_COMPARED] = evaluation.compared
        texts |= _tables(evaluation.compared, _COMPARED)
    if evaluation.tests:
        texts[COMPARISON_NAME] = csv_text(paired_test_rows(evaluation.tests))
    written = {name: folder / name for name in texts}
    for name, text in texts.items():
        write_text(written[name], text)
    for prefix, model in models.items():
        for name, write in (
            (f"{prefix}bland_altman.png", write_bland_altman),
            (f"{prefix}minimum_volume.png", write_minimum_volume_curve),
        ):
            written[name] = folder / name
            write(written[name], model)
    for stale in (*folder.glob(f"{_COMPARED}*"), folder / COMPARISON_NAME):
        if stale.name not in written:
            stale.unlink(missing_ok=True)
    return written


def _tables(model: ModelResult, prefix: str) -> dict[str, str]:
    rows = {
        "cases": case_rows(model.cases),
        "per_case": per_case_rows(model),
        "pooled": pooled_rows(model),
        "volumes": volume_rows(model),
        "minimum_volume": detection_rows(model),
        "lesions": lesion_rows(model),
    }
    return {f"{prefix}{name}.csv": csv_text(table) for name, table in rows.items()}
