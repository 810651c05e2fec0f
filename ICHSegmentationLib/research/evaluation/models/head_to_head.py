# SPDX-License-Identifier: Apache-2.0
"""Compare several models, from the evaluation of each in its own folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import output_subtypes
from ICHSegmentationLib.research.evaluation.evaluate import Evaluation
from ICHSegmentationLib.research.evaluation.metrics.case import CaseMetrics
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.metrics.paired_tests import PairedTest, holm, paired_test
from ICHSegmentationLib.research.evaluation.models.held_out_case import (
    GROUPS,
    MIMICS,
    MIMICS_IN_PATIENTS,
    NEGATIVES,
    PATIENTS,
    SIMULATED,
)
from ICHSegmentationLib.research.evaluation.models.report import RECORD_NAME, processing_sentence
from ICHSegmentationLib.research.evaluation.models.required_models import verifier_sha256
from ICHSegmentationLib.research.evaluation.models.targets import (
    model_metrics,
    simulated_patient,
    simulated_subtype,
    sought_subtypes,
)
from ICHSegmentationLib.research.evaluation.report.outputs import RECORD_NAME as GROUP_RECORD_NAME
from ICHSegmentationLib.research.evaluation.report.tables import csv_text, markdown_table

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry
    from ICHSegmentationLib.research.evaluation.models.costs import Costs
    from ICHSegmentationLib.research.evaluation.report.rows import Row

PAGE_NAME, TABLE_NAME = "models.md", "models.csv"
_DIFFERENCE = ("any Dice, mean minus first's", "wilcoxon_p")  # two columns for each of the groups below
_DIFFERENCES = {
    group: (f"{group}_any_dice_difference", f"{group}_any_dice_difference_p") for group in (PATIENTS, SIMULATED)
}
_PATIENTS = {
    "iph_found_share": "IPH found",
    "iph_dice_median": "IPH Dice",
    "iph_dice_percentile_10": "IPH Dice, 10 %",
    "iph_volume_icc_2_1": "IPH ICC",
    "extra_axial_median_ml": "false extra-axial mL",
    "iph_any_found_share": "clot found",
    "any_dice_median": "any Dice",
    "any_dice_percentile_10": "any Dice, 10 %",
    "any_volume_icc_2_1": "any ICC",
    **dict(zip(_DIFFERENCES[PATIENTS], _DIFFERENCE, strict=True)),
}
_SIMULATED = {
    **{f"simulated_{subtype.name.lower()}_dice_median": f"{subtype.name} Dice" for subtype in Subtype},
    **{f"simulated_{subtype.name.lower()}_any_dice_median": f"{subtype.name} any Dice" for subtype in Subtype},
    "simulated_named_right_share": "correct subtype",
    **dict(zip(_DIFFERENCES[SIMULATED], _DIFFERENCE, strict=True)),
}
_MIMICS = {
    "look_alike_share": "mimics: fraction > 0.5 mL",
    "look_alike_in_patients_share": "in patients: fraction > 0.5 mL",
}
_COSTS = {"parameters": "parameters", "gflop": "GFLOP", "seconds": "s per scan", "peak_mib": "peak MiB"}


@dataclass(frozen=True)
class ModelResults:
    """Stored evaluation of one model.

    Attributes
    ----------
    entry : ModelEntry
        The model.
    groups : dict
        Metrics by group and case.
    values : dict of str to float or None
        Metrics of the model by key, without those of subtypes it does not predict.
    postprocessed : bool
        Whether its labels were postprocessed.
    """

    entry: ModelEntry
    groups: dict[str, dict[str, CaseMetrics]]
    values: dict[str, float | None]
    postprocessed: bool

    @classmethod
    def read(cls, folder: Path, entry: ModelEntry) -> ModelResults:
        """Read a folder that :func:`write_model_report` wrote.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        try:
            record = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
            groups = {group: _cases(folder / group) for group in GROUPS if (folder / group).is_dir()}
            set_aside = dict(record["set_aside"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise InputError(message("research.no_evaluation", folder=folder, model=entry.name)) from error
        found = model_metrics(groups, set_aside, classes=output_subtypes(entry), case_minimum_ml=entry.case_minimum_ml)
        values = {metric.key: metric.value for metric in found}
        return cls(entry, groups, values, postprocessed=record.get("cleaned", True))


def _cases(folder: Path) -> dict[str, CaseMetrics]:
    text = (folder / GROUP_RECORD_NAME).read_text(encoding="utf-8")
    return {case.case: case for case in Evaluation.model_validate_json(text).model.cases}


def is_evaluated(folder: Path, entry: ModelEntry, *, postprocessed: bool = True) -> bool:
    """Return whether a folder holds the finished evaluation of a model.

    Raises
    ------
    InputError
        If it holds the evaluation of another model, or of this one with other weights, settings, postprocessing or
        another verifier.
    MissingModelError
        If the verifier of the model is not installed in the same folder.
    """
    path = folder / RECORD_NAME
    if not path.exists():
        return False
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        made_by = record.get("fingerprint"), record.get("cleaned", True), record.get("second_reader_sha256")
    except (OSError, ValueError, AttributeError):
        made_by = None
    if made_by != (entry.fingerprint, postprocessed, verifier_sha256(entry, postprocessed=postprocessed)):
        raise InputError(message("research.evaluation_of_another_model", folder=folder, model=entry.name))
    return True


def write_head_to_head(folder: Path, entries: Sequence[ModelEntry], costs: Costs | None = None) -> list[Row]:
    """Write ``models.md`` (a table per data set, a row per model) and ``models.csv`` (a row per model).

    Parameters
    ----------
    folder : pathlib.Path
        Holds the evaluation of each model in a folder of its name.
    entries : sequence of ModelEntry
        The models. Each is compared with the first on the held-out patients and on the simulated lesions: mean
        difference of the Dice of any hemorrhage, and the two-sided p of Wilcoxon's signed-rank test, corrected for the
        number of tested models by Holm's procedure. The simulated lesions of a patient are averaged first; they are
        compared only if both models look for every simulated subtype.
    costs : Costs, optional
        Cost per scan; models that are missing there or have another fingerprint have none.

    Returns
    -------
    list of dict
        The rows of ``models.csv``; None where a metric is undefined or the model does not look for the subtype.

    Raises
    ------
    InputError
        If results are missing or damaged, or are of different cases.
    """
    results = [ModelResults.read(folder / entry.name, entry) for entry in entries]
    _check_cases(results)
    differences: list[Row] = [{} for _ in results]
    for group, keys in _DIFFERENCES.items():
        tests = [_test(other, results[0], group) for other in results[1:]]
        p_values = holm([None if test is None else test.wilcoxon_p for test in tests])
        for row, test, p in zip(differences[1:], tests, p_values, strict=True):
            row |= dict(zip(keys, (None if test is None else test.mean_difference, p), strict=True))
    negatives = {f"negative_{name}_ml": f"{name} mL" for name in results[0].groups.get(NEGATIVES, {})}
    columns = (*_PATIENTS, *_SIMULATED, *negatives, *_MIMICS)
    rows: list[Row] = []
    for found, difference in zip(results, differences, strict=True):
        values = found.values | difference
        rows.append(
            {"model": found.entry.name, **{key: values.get(key) for key in columns}, **_cost(found.entry, costs)}
        )
    write_text(folder / TABLE_NAME, csv_text(rows))
    write_text(folder / PAGE_NAME, _page(rows, results[0], negatives, costs))
    return rows


def _check_cases(results: Sequence[ModelResults]) -> None:
    cases = [{group: list(found) for group, found in result.groups.items()} for result in results]
    for result, names in zip(results, cases, strict=True):
        if names != cases[0]:
            raise InputError(message("research.different_cases", model=result.entry.name, first=results[0].entry.name))


def _test(result: ModelResults, first: ModelResults, group: str) -> PairedTest | None:
    """Test the Dice of any hemorrhage; None on simulated lesions if a model does not look for every subtype."""
    cases = list(first.groups.get(group, {}))
    owners = cases
    if group == SIMULATED:
        simulated = {simulated_subtype(case) for case in cases}
        if not all(simulated <= set(sought_subtypes(output_subtypes(found.entry))) for found in (result, first)):
            return None
        owners = [simulated_patient(case) for case in cases]
    of_first, of_other = (list(found.groups.get(group, {}).values()) for found in (first, result))
    return paired_test(ANY, "dice_with_class", of_other, of_first, owners)


def _cost(entry: ModelEntry, costs: Costs | None) -> Row:
    cost = None if costs is None else costs.models.get(entry.name)
    if cost is None or cost.fingerprint != entry.fingerprint:
        return {"parameters": entry.parameters, "gflop": None, "seconds": None, "peak_mib": None}
    return {"parameters": entry.parameters, **cost.model_dump(exclude={"fingerprint"})}


def _page(
    rows: Sequence[Row],
    first: ModelResults,
    negatives: Mapping[str, str],
    costs: Costs | None,
) -> str:
    def table(headings: Mapping[str, str]) -> str:
        shown = {"model": "model", **headings, **_COSTS}
        return markdown_table([{heading: _short(key, row[key]) for key, heading in shown.items()} for row in rows])

    def comparisons(group: str) -> str:
        made = sum(row[_DIFFERENCES[group][1]] is not None for row in rows)
        return f"{made} comparison{'' if made == 1 else 's'}"

    cases = {group: len(first.groups.get(group, {})) for group in GROUPS}
    parts = [
        "# Models side by side",
        f"{processing_sentence(postprocessed=first.postprocessed)} Dice columns are medians, `10 %` the 10th "
        "percentile, ICC is ICC(2,1) of the volume; `any` is hemorrhage of any subtype. `-`: the model does not look "
        "for the subtype, or nothing was measured. The Dice of a missed lesion is 0.",
        f"## Held-out patients ({cases[PATIENTS]})",
        table(_PATIENTS),
        f"Differences, here and below, are to {rows[0]['model']}, per patient; `wilcoxon_p` is the two-sided p of "
        f"Wilcoxon's signed-rank test, here corrected for {comparisons(PATIENTS)} by Holm's procedure.",
        f"## Simulated lesions in them ({cases[SIMULATED]})",
        table(_SIMULATED),
        "Differences are averaged over the lesions of each patient first, so that a patient counts once in mean and "
        f"test; the p is here corrected for {comparisons(SIMULATED)} by Holm's procedure. They are also `-` where the "
        f"model or {rows[0]['model']} does not look for every simulated subtype. "
        "Results on simulated lesions hold for simulated lesions only.",
        f"## No hemorrhage ({cases[NEGATIVES]} scans), mimics ({cases[MIMICS]} generated heads, "
        f"{cases[MIMICS_IN_PATIENTS]} patients away from their clot)",
        table({**negatives, **_MIMICS}),
    ]
    if costs is not None:
        parts.append(
            f"Costs of a generated head of {costs.slices} slices: operations of all networks, a multiply-add counted "
            f"as two; seconds on {costs.threads} CPU threads with the model loaded; peak memory of the whole process."
        )
    return "\n\n".join([*parts, "Research use only; not a medical device."]) + "\n"


def _short(key: str, value: str | float | int | None) -> str | float | int | None:
    """Round a cost for display; a model without a network has no parameters."""
    if key == "parameters":
        return value or None
    if key in ("gflop", "seconds") and value is not None:
        return f"{value:.3g}"
    return f"{value:.0f}" if key == "peak_mib" and value is not None else value
