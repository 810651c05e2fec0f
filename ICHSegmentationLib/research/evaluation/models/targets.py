# SPDX-License-Identifier: Apache-2.0
"""Metrics of a model with their targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.subtypes import ANY_BLOOD, Subtype
from ICHSegmentationLib.research.evaluation.metrics.case import CaseMetrics
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.metrics.detection import DetectionPoint
from ICHSegmentationLib.research.evaluation.models.held_out_case import (
    MIMICS,
    MIMICS_IN_PATIENTS,
    NEGATIVES,
    PATIENTS,
    SIMULATED,
    VARIED,
)
from ICHSegmentationLib.research.evaluation.summary import ModelResult

if TYPE_CHECKING:
    from ICHSegmentationLib.research.evaluation.report.rows import Row

_SUBTYPES = tuple(subtype.name for subtype in Subtype)
_EXTRA_AXIAL = ("EDH", "SDH", "SAH")
_SIMULATED_TARGETS = {"EDH": 0.85, "SDH": 0.80, "SAH": 0.60, "IPH": 0.87, "IVH": 0.82}
_MIMICS_ML = 0.5
DECISIONS = "all scans"
"""Group of the metrics of case-level decisions."""


@dataclass(frozen=True)
class Metric:
    """One metric of a model, a row of the table.

    Attributes
    ----------
    group, key, text : str
        Cases it is measured on, machine-readable key, and description.
    value : float or None
        None if undefined.
    cases : int
        Number of cases.
    target : float or None
        Desired value.
    at_most : bool
        Whether the target is an upper limit.
    """

    group: str
    key: str
    text: str
    value: float | None
    cases: int
    target: float | None = None
    at_most: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without a value or target."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    def row(self) -> Row:
        """Return the row of the table."""
        met = {True: "yes", False: "no", None: ""}[self.is_met]
        sign = "at most" if self.at_most else "at least"
        target = "" if self.target is None else f"{sign} {self.target:g}"
        return {
            "on": self.group,
            "figure": self.text,
            "value": self.value,
            "cases": self.cases,
            "aim": target,
            "met": met,
        }


def model_metrics(
    groups: Mapping[str, Mapping[str, CaseMetrics]],
    set_aside: Mapping[str, str],
    *,
    classes: Collection[str] = _SUBTYPES,
    case_minimum_ml: float | None = None,
) -> list[Metric]:
    """Return all metrics of a model.

    Parameters
    ----------
    groups : mapping
        Metrics by group and case; a simulated case is named PATIENT-SUBTYPE-COPY.
    set_aside : mapping of str to str
        Patients with real extra-axial hemorrhage, each with the finding.
    classes : collection of str
        Output subtypes of the model. Metrics of other subtypes are left out; those of any hemorrhage are always
        included, by subtype where the model looks for it.
    case_minimum_ml : float or None
        Minimum volume at which the model calls a scan positive; None if it makes no case-level decision.
    """
    patients, simulated = groups.get(PATIENTS, {}), groups.get(SIMULATED, {})
    found = _of_patients(patients, set_aside) if Subtype.IPH.name in classes else []
    found += _of_any_blood(patients, simulated, sought_subtypes(classes))
    found += [
        Metric(
            "scan without hemorrhage",
            f"negative_{name}_ml",
            f"{name}: total volume (mL)",
            _total_ml(case),
            1,
            0.1,
            True,
        )
        for name, case in groups.get(NEGATIVES, {}).items()
    ]
    named = [name for name in _SUBTYPES if name in classes]
    found += _of_simulated(simulated, named)
    if groups.get(VARIED):
        found += _of_varied(groups[VARIED], named)
    if case_minimum_ml is not None:
        found += _of_decisions(groups, case_minimum_ml)
    for group, key, where in (
        (MIMICS, "look_alike_share", "generated heads"),
        (MIMICS_IN_PATIENTS, "look_alike_in_patients_share", "patients, away from their clot"),
    ):
        cases = groups.get(group, {})
        exceeding = [float(_total_ml(case) > _MIMICS_ML) for case in cases.values()]
        text = f"fraction of cases with more than {_MIMICS_ML} mL, {where}"
        found.append(Metric("mimics without hemorrhage", key, text, _mean(exceeding), len(exceeding), 0.05, True))
    return found


def _of_patients(cases: Mapping[str, CaseMetrics], set_aside: Mapping[str, str]) -> list[Metric]:
    on = "held-out patients"
    iph = {name: case.classes["IPH"] for name, case in cases.items() if case.classes["IPH"].reference_ml > 0}
    dice = [result.overlap.dice or 0.0 for result in iph.values()]
    hits = [float(result.voxels.tp > 0) for result in iph.values()]
    icc = ModelResult.of(list(cases.values())).classes["IPH"].icc if cases else None
    extra_ml = [
        sum(case.classes[subtype].predicted_ml for subtype in _EXTRA_AXIAL)
        for name, case in cases.items()
        if name not in set_aside
    ]
    at_90 = _percentile(extra_ml, 90)
    return [
        Metric(on, "iph_found_share", "IPH found (IPH overlaps the clot), fraction", _mean(hits), len(hits), 1.0),
        Metric(on, "iph_dice_median", "IPH Dice, median", _percentile(dice, 50), len(dice), 0.94),
        Metric(on, "iph_dice_percentile_10", "IPH Dice, 10th percentile", _percentile(dice, 10), len(dice), 0.85),
        Metric(on, "iph_volume_icc_2_1", "IPH volume ICC(2,1)", icc.value if icc else None, len(cases), 0.97),
        Metric(on, "iph_volume_icc_lower", "lower 95 % limit of this ICC", icc.lower if icc else None, len(cases)),
        Metric(
            on,
            "extra_axial_median_ml",
            "EDH+SDH+SAH volume (mL), median",
            _percentile(extra_ml, 50),
            len(extra_ml),
            0.1,
            True,
        ),
        Metric(
            on,
            "extra_axial_percentile_90_ml",
            "EDH+SDH+SAH volume (mL), 90th percentile",
            at_90,
            len(extra_ml),
            1.0,
            True,
        ),
    ]


def _of_any_blood(
    patients: Mapping[str, CaseMetrics], simulated: Mapping[str, CaseMetrics], subtypes: Sequence[str]
) -> list[Metric]:
    """Return the metrics that ignore subtypes, so that all systems can be compared."""
    on = "held-out patients"
    clots = [case.classes[ANY] for case in patients.values() if case.classes[ANY].reference_ml > 0]
    hits = [float(clot.voxels.tp > 0) for clot in clots]
    dice = [clot.overlap.dice or 0.0 for clot in clots]
    icc = ModelResult.of(list(patients.values())).classes[ANY].icc if patients else None
    found = [
        Metric(on, "iph_any_found_share", "clot found with any subtype, fraction", _mean(hits), len(hits)),
        Metric(on, "any_dice_median", "any hemorrhage: Dice, median", _percentile(dice, 50), len(dice)),
        Metric(on, "any_dice_percentile_10", "any hemorrhage: Dice, 10th percentile", _percentile(dice, 10), len(dice)),
        Metric(on, "any_volume_icc_2_1", "any hemorrhage: volume ICC(2,1)", icc.value if icc else None, len(patients)),
    ]
    for name in subtypes:
        dice = [
            case.classes[ANY].overlap.dice or 0.0 for key, case in simulated.items() if simulated_subtype(key) == name
        ]
        key, text = f"simulated_{name.lower()}_any_dice_median", f"{name} with any subtype: Dice, median"
        found.append(Metric("simulated lesions in them", key, text, _percentile(dice, 50), len(dice)))
    return found


def _of_decisions(groups: Mapping[str, Mapping[str, CaseMetrics]], minimum_ml: float) -> list[Metric]:
    """Return case-level sensitivity and specificity over all scans, including simulated and generated ones.

    Varied simulated cases are not always made, so they do not count here.
    """
    volumes = [case.classes[ANY] for group, cases in groups.items() if group != VARIED for case in cases.values()]
    predicted_ml, reference_ml = (
        np.array([getattr(volume, name) for volume in volumes]) for name in ("predicted_ml", "reference_ml")
    )
    point = DetectionPoint.at(minimum_ml, predicted_ml, reference_ml)
    with_blood = int((reference_ml > 0).sum())
    text = f"scan with hemorrhage (from {minimum_ml:g} mL)"
    return [
        Metric(DECISIONS, "case_sensitivity", f"{text}: sensitivity", point.sensitivity, with_blood),
        Metric(DECISIONS, "case_specificity", f"{text}: specificity", point.specificity, len(volumes) - with_blood),
    ]


def _of_varied(cases: Mapping[str, CaseMetrics], subtypes: Sequence[str]) -> list[Metric]:
    found = []
    for name in subtypes:
        dice = [case.classes[name].overlap.dice or 0.0 for key, case in cases.items() if simulated_subtype(key) == name]
        key, text = f"varied_{name.lower()}_dice_median", f"{name} Dice, median"
        found.append(Metric("varied simulated lesions in them", key, text, _percentile(dice, 50), len(dice)))
    return found


def _of_simulated(cases: Mapping[str, CaseMetrics], subtypes: Sequence[str]) -> list[Metric]:
    on, found = "simulated lesions in them", []
    for name in subtypes:
        dice = [case.classes[name].overlap.dice or 0.0 for key, case in cases.items() if simulated_subtype(key) == name]
        text, target = f"{name} Dice, median", _SIMULATED_TARGETS[name]
        found.append(
            Metric(on, f"simulated_{name.lower()}_dice_median", text, _percentile(dice, 50), len(dice), target)
        )
    if len(subtypes) < len(_SUBTYPES):
        return found
    named = [float(case.largest_lesion_predicted == case.largest_lesion) for case in cases.values()]
    text = "correct subtype of the largest lesion, fraction"
    return [*found, Metric(on, "simulated_named_right_share", text, _mean(named), len(named), 0.95)]


def sought_subtypes(output_subtypes: Collection[str]) -> tuple[str, ...]:
    """Return the subtypes a model looks for: its output subtypes, or all if it segments any hemorrhage."""
    return tuple(name for name in _SUBTYPES if ANY_BLOOD in output_subtypes or name in output_subtypes)


def simulated_patient(case: str) -> str:
    """Return the patient part of a simulated case's name."""
    return case.rsplit("-", 2)[0]


def simulated_subtype(case: str) -> str:
    """Return the subtype part of a simulated case's name."""
    return case.rsplit("-", 2)[1]


def _total_ml(case: CaseMetrics) -> float:
    return case.classes[ANY].predicted_ml


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentile(values: Sequence[float], which: float) -> float | None:
    return float(np.percentile(values, which)) if values else None
