# SPDX-License-Identifier: Apache-2.0
"""The figures by which a model is judged, each beside its aim."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.subtypes import ANY_BLOOD, Subtype
from ICHSegmentationLib.research.evaluation.case import CaseResult
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.metrics.detection import DetectionPoint
from ICHSegmentationLib.research.evaluation.models.held_out_case import (
    LOOK_ALIKES,
    LOOK_ALIKES_IN_PATIENTS,
    NEGATIVES,
    PATIENTS,
    SIMULATED,
)
from ICHSegmentationLib.research.evaluation.summary import ModelResult

if TYPE_CHECKING:
    from ICHSegmentationLib.research.evaluation.report.rows import Row

_SUBTYPES = tuple(subtype.name for subtype in Subtype)
_EXTRA_AXIAL = ("EDH", "SDH", "SAH")
_SIMULATED_AIMS = {"EDH": 0.85, "SDH": 0.80, "SAH": 0.60, "IPH": 0.87, "IVH": 0.82}
_LOOK_ALIKE_ML = 0.5
DECISIONS = "all scans"
"""Group of the figures of decisions on whole scans."""


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes
    ----------
    group, key, text : str
        What was measured: on which cases, as a key for machines, and in words.
    value : float or None
        None where it is not defined.
    cases : int
        How many cases it is taken from.
    aim : float or None
        What is wanted.
    at_most : bool
        Whether the aim is an upper limit.
    """

    group: str
    key: str
    text: str
    value: float | None
    cases: int
    aim: float | None = None
    at_most: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is reached; None without value or aim."""
        if self.value is None or self.aim is None:
            return None
        return self.value <= self.aim if self.at_most else self.value >= self.aim

    def row(self) -> Row:
        """Return the line for a table."""
        met = {True: "yes", False: "no", None: ""}[self.is_met]
        sign = "at most" if self.at_most else "at least"
        aim = "" if self.aim is None else f"{sign} {self.aim:g}"
        return {"on": self.group, "figure": self.text, "value": self.value, "cases": self.cases, "aim": aim, "met": met}


def figures(
    groups: Mapping[str, Mapping[str, CaseResult]],
    set_aside: Mapping[str, str],
    *,
    classes: Collection[str] = _SUBTYPES,
    case_minimum_ml: float | None = None,
) -> list[Figure]:
    """Return all figures of a model.

    Parameters
    ----------
    groups : mapping
        Results by group and case; a simulated case is called PATIENT-SUBTYPE-COPY.
    set_aside : mapping of str to str
        Patients whose extra-axial blood is real, each with what was seen.
    classes : collection of str
        What the model tells apart. Figures of other subtypes are left out; those of any blood are there in any case, by
        subtype where the model looks for it.
    case_minimum_ml : float or None
        Volume from which on the model takes a scan for one with a bleed; None where it does not decide.
    """
    patients, simulated = groups.get(PATIENTS, {}), groups.get(SIMULATED, {})
    found = _of_patients(patients, set_aside) if Subtype.IPH.name in classes else []
    found += _of_any_blood(patients, simulated, looked_for(classes))
    found += [
        Figure("scan without blood", f"negative_{name}_ml", f"{name}: total volume (mL)", _total_ml(case), 1, 0.1, True)
        for name, case in groups.get(NEGATIVES, {}).items()
    ]
    found += _of_simulated(simulated, [name for name in _SUBTYPES if name in classes])
    if case_minimum_ml is not None:
        found += _of_decisions(groups, case_minimum_ml)
    for group, key, where in (
        (LOOK_ALIKES, "look_alike_share", "generated heads"),
        (LOOK_ALIKES_IN_PATIENTS, "look_alike_in_patients_share", "patients, away from their clot"),
    ):
        cases = groups.get(group, {})
        shares = [float(_total_ml(case) > _LOOK_ALIKE_ML) for case in cases.values()]
        text = f"share of cases with more than {_LOOK_ALIKE_ML} mL, {where}"
        found.append(Figure("look-alikes without blood", key, text, _mean(shares), len(shares), 0.05, True))
    return found


def _of_patients(cases: Mapping[str, CaseResult], set_aside: Mapping[str, str]) -> list[Figure]:
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
        Figure(on, "iph_found_share", "IPH found (IPH overlaps the clot), share", _mean(hits), len(hits), 1.0),
        Figure(on, "iph_dice_median", "IPH Dice, median", _percentile(dice, 50), len(dice), 0.94),
        Figure(on, "iph_dice_percentile_10", "IPH Dice, 10th percentile", _percentile(dice, 10), len(dice), 0.85),
        Figure(on, "iph_volume_icc_2_1", "IPH volume ICC(2,1)", icc.value if icc else None, len(cases), 0.97),
        Figure(on, "iph_volume_icc_lower", "its lower 95 % limit", icc.lower if icc else None, len(cases)),
        Figure(
            on,
            "extra_axial_median_ml",
            "EDH+SDH+SAH volume (mL), median",
            _percentile(extra_ml, 50),
            len(extra_ml),
            0.1,
            True,
        ),
        Figure(
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
    patients: Mapping[str, CaseResult], simulated: Mapping[str, CaseResult], subtypes: Sequence[str]
) -> list[Figure]:
    """Return the figures in which names do not count, so that all systems can be compared."""
    on = "held-out patients"
    clots = [case.classes[ANY] for case in patients.values() if case.classes[ANY].reference_ml > 0]
    hits = [float(clot.voxels.tp > 0) for clot in clots]
    dice = [clot.overlap.dice or 0.0 for clot in clots]
    icc = ModelResult.of(list(patients.values())).classes[ANY].icc if patients else None
    found = [
        Figure(on, "iph_any_found_share", "clot found under any name, share", _mean(hits), len(hits)),
        Figure(on, "any_dice_median", "any blood: Dice, median", _percentile(dice, 50), len(dice)),
        Figure(on, "any_dice_percentile_10", "any blood: Dice, 10th percentile", _percentile(dice, 10), len(dice)),
        Figure(on, "any_volume_icc_2_1", "any blood: volume ICC(2,1)", icc.value if icc else None, len(patients)),
    ]
    for name in subtypes:
        dice = [
            case.classes[ANY].overlap.dice or 0.0 for key, case in simulated.items() if simulated_subtype(key) == name
        ]
        key, text = f"simulated_{name.lower()}_any_dice_median", f"{name} under any name: Dice, median"
        found.append(Figure("simulated bleeds in them", key, text, _percentile(dice, 50), len(dice)))
    return found


def _of_decisions(groups: Mapping[str, Mapping[str, CaseResult]], minimum_ml: float) -> list[Figure]:
    """Return sensitivity and specificity of the model's decision on all scans, simulated and generated ones too."""
    volumes = [case.classes[ANY] for cases in groups.values() for case in cases.values()]
    predicted_ml, reference_ml = (
        np.array([getattr(volume, name) for volume in volumes]) for name in ("predicted_ml", "reference_ml")
    )
    point = DetectionPoint.at(minimum_ml, predicted_ml, reference_ml)
    with_blood = int((reference_ml > 0).sum())
    text = f"scan with a bleed (from {minimum_ml:g} mL on)"
    return [
        Figure(DECISIONS, "case_sensitivity", f"{text}: sensitivity", point.sensitivity, with_blood),
        Figure(DECISIONS, "case_specificity", f"{text}: specificity", point.specificity, len(volumes) - with_blood),
    ]


def _of_simulated(cases: Mapping[str, CaseResult], subtypes: Sequence[str]) -> list[Figure]:
    on, found = "simulated bleeds in them", []
    for name in subtypes:
        dice = [case.classes[name].overlap.dice or 0.0 for key, case in cases.items() if simulated_subtype(key) == name]
        text, aim = f"{name} Dice, median", _SIMULATED_AIMS[name]
        found.append(Figure(on, f"simulated_{name.lower()}_dice_median", text, _percentile(dice, 50), len(dice), aim))
    if len(subtypes) < len(_SUBTYPES):
        return found
    named = [float(case.largest_lesion_predicted == case.largest_lesion) for case in cases.values()]
    text = "subtype of the largest lesion named right, share"
    return [*found, Figure(on, "simulated_named_right_share", text, _mean(named), len(named), 0.95)]


def looked_for(told: Collection[str]) -> tuple[str, ...]:
    """Return the subtypes that a model looks for under any name: those it tells, or all where it tells none apart."""
    return tuple(name for name in _SUBTYPES if ANY_BLOOD in told or name in told)


def simulated_patient(case: str) -> str:
    """Return the patient in the name of a simulated case."""
    return case.rsplit("-", 2)[0]


def simulated_subtype(case: str) -> str:
    """Return the subtype in the name of a simulated case."""
    return case.rsplit("-", 2)[1]


def _total_ml(case: CaseResult) -> float:
    return case.classes[ANY].predicted_ml


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentile(values: Sequence[float], which: float) -> float | None:
    return float(np.percentile(values, which)) if values else None
