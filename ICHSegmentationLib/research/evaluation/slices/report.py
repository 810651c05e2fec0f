# SPDX-License-Identifier: Apache-2.0
"""Write the evaluation of a model on slices: tables, predicted labels and pictures of the worst."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.rendering.png import write_png
from ICHSegmentationLib.research.evaluation.metrics.intervals import RESAMPLES, SEED
from ICHSegmentationLib.research.evaluation.models.report import processing_sentence
from ICHSegmentationLib.research.evaluation.report.tables import csv_text, markdown_table
from ICHSegmentationLib.research.evaluation.slices.metrics import SPECK_MM2
from ICHSegmentationLib.research.evaluation.slices.pictures import write_worst_slices
from ICHSegmentationLib.research.evaluation.slices.run import COPIES, RECORD_NAME, SliceRun, SliceSet
from ICHSegmentationLib.research.evaluation.slices.tables import (
    CLASS_METRICS,
    FALSE_ML,
    class_rows,
    decision_rows,
    false_volume_row,
    groups,
    image_auc,
    image_rows,
    negative_rows,
    shown_rows,
    slice_rows,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.research.evaluation.report.rows import Row

PAGE_NAME, TABLE_NAME = "slices.md", "slices.csv"
CASES_NAME, IMAGES_NAME, DECISIONS_NAME, NEGATIVES_NAME = "cases.csv", "images.csv", "decisions.csv", "negatives.csv"
WORST_NAME, PREDICTIONS_NAME = "worst", "predictions"
_DECISION_METRICS = ("sensitivity", "specificity")


def write_slice_report(
    folder: Path,
    run: SliceRun,
    found: SliceSet,
    *,
    any_only: Collection[str] = (),
    excluded: Collection[str] = (),
    minimums_ml: Sequence[float] = (),
) -> dict[str, Any]:
    """Write the evaluation of a model, or of one model for each fold, on slices.

    Parameters
    ----------
    folder : pathlib.Path
        Receives ``slices.md``, ``slices.csv`` (a row per group of slices and class), ``cases.csv`` (a row per slice
        and class), ``decisions.csv`` and ``images.csv`` if there are images, ``negatives.csv`` if there are scans
        without hemorrhage, ``figures.json``, ``predictions`` (labels as PNG) and ``worst`` (pictures).
    run : SliceRun
        The results.
    found : SliceSet
        What was segmented, to draw the worst.
    any_only, excluded : collection of str
        Patients whose slices count for any hemorrhage only, and patients that were left out.
    minimums_ml : sequence of float
        Minimum volumes of decisions on images.

    Returns
    -------
    dict
        The content of ``figures.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    classes = run.classes
    rows = class_rows(run.slices, classes, any_only) if run.slices else []
    decisions = decision_rows(run.images, minimums_ml) if run.images else []
    false_ml = {
        "images": [image.predicted_ml for image in run.images if not image.has_hemorrhage],
        "scans": [scan.predicted_ml for scan in run.negatives],
    }
    record: dict[str, Any] = {
        "schema": 1,
        "models": list(run.models),
        "postprocessed": run.postprocessed,
        "excluded_patients": list(excluded),
        "any_only_patients": list(any_only),
        "bootstrap": {"resamples": RESAMPLES, "seed": SEED},
        "seconds_per_case": float(np.mean(run.seconds)) if run.seconds else None,
        "slices": rows,
        "auc": image_auc(run.images).model_dump() if run.images else None,
        "decisions": decisions,
        "without_hemorrhage": {name: false_volume_row(volumes) for name, volumes in false_ml.items() if volumes},
    }
    for name, labels in run.predicted.items():
        path = folder / PREDICTIONS_NAME / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, Image.fromarray(labels))
    record["worst"] = write_worst_slices(folder / WORST_NAME, run, found)
    tables = {
        TABLE_NAME: rows,
        CASES_NAME: slice_rows(run.slices, classes),
        DECISIONS_NAME: decisions,
        IMAGES_NAME: image_rows(run.images),
        NEGATIVES_NAME: negative_rows(run.negatives),
    }
    for name, table in tables.items():
        if table:
            write_text(folder / name, csv_text(table))
        else:
            (folder / name).unlink(missing_ok=True)  # of an earlier evaluation
    write_text(folder / PAGE_NAME, _page(run, record))
    write_text(folder / RECORD_NAME, json.dumps(record, indent=2) + "\n")
    return record


def _page(run: SliceRun, record: dict[str, Any]) -> str:
    weights = ", ".join(str(model["sha256"])[:8] for model in run.models)
    parts = [
        f"# Evaluation of {', '.join(run.names) or 'labels'} on slices",
        f"Weights {weights}. {_processing(run)}" if weights else _processing(run),
    ]
    if run.slices:
        parts += _slice_parts(run, record)
    if run.images:
        parts += _image_parts(run, record)
    if record["without_hemorrhage"]:
        table = [{"on": name, **row} for name, row in record["without_hemorrhage"].items()]
        parts += [
            "## False volume without hemorrhage",
            markdown_table(shown_rows(table, ("fraction_above_limit",))),
            f"The limit is {FALSE_ML} mL; intervals are Wilson's.",
        ]
    if run.negatives:
        parts.append(markdown_table(negative_rows(run.negatives)))
    if record["worst"]:
        lines = [f"- `{WORST_NAME}/{name}`: {text}" for name, text in record["worst"].items()]
        parts += ["## Worst cases", "\n".join(lines)]
    return "\n\n".join([*parts, "Research use only; not a medical device."]) + "\n"


def _processing(run: SliceRun) -> str:
    if run.postprocessed is None:
        return "The labels are of another program."
    sentences = [
        processing_sentence(postprocessed=run.postprocessed),
        f"A slice is segmented as the middle of {COPIES} equal slices of 5 mm.",
    ]
    folds = [model["fold"] for model in run.models]
    if len(folds) > 1 and None not in folds:
        sentences.append("Out of fold: each model segmented the slices of its own fold only.")
    elif len(folds) == 1 and folds[0] is not None:
        sentences.append(f"Only the slices of fold {folds[0]}.")
    return " ".join(sentences)


def _slice_parts(run: SliceRun, record: dict[str, Any]) -> list[str]:
    parts = []
    for group, members in groups(run.slices).items():
        patients = len({item.patient for item in members})
        table = [
            {key: value for key, value in row.items() if key != "group"}
            for row in record["slices"]
            if row["group"] == group
        ]
        parts += [
            f"## Slices: {group} ({len(members)} slices of {patients} patients)",
            markdown_table(shown_rows(table, CLASS_METRICS)),
        ]
    lines = [
        f"In brackets: 95 % percentile intervals of a bootstrap of the patients ({RESAMPLES} resamples).",
        "Pooled: the pixels of all slices counted together. Slice: mean over the slices whose reference has the class; "
        "a missed one counts as 0, false positives elsewhere do not count.",
        f"A lesion is a connected region of the reference of at least {SPECK_MM2:.0f} mm2. Found: it overlaps a "
        "predicted pixel of any subtype. Named right: most of its predicted pixels have its subtype; of `any`: over "
        "the lesions of all subtypes.",
    ]
    for title, key in (("Patients that count for `any` only", "any_only_patients"), ("Left out", "excluded_patients")):
        if record[key]:
            lines.append(f"{title}: {', '.join(record[key])}.")
    return [*parts, "\n".join(f"- {line}" for line in lines)]


def _image_parts(run: SliceRun, record: dict[str, Any]) -> list[str]:
    positive = sum(image.has_hemorrhage for image in run.images)
    auc = shown_rows([{"auc": record["auc"]["value"], **_edges(record["auc"])}], ("auc",))[0]["auc"]
    return [
        f"## Images: {positive} with and {len(run.images) - positive} without hemorrhage",
        f"AUC of the predicted volume: {auc or 'undefined'} (bootstrap of the images).",
        markdown_table(shown_rows(record["decisions"], _DECISION_METRICS)) if record["decisions"] else "",
        "An image is positive if its predicted volume, counted with a slice of 5 mm, is above 0 and at least the "
        "minimum. Intervals are Wilson's. A minimum chosen for its specificity on these images favours the model.",
    ]


def _edges(estimate: dict[str, float | None]) -> Row:
    return {"auc_lower": estimate["lower"], "auc_upper": estimate["upper"]}
