# SPDX-License-Identifier: Apache-2.0
"""Measurement groups of the whole head in the structured report: midline, scores, growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.dicom import sr_codes
from ICHSegmentationLib.export.dicom.sr_items import Origin, answer, group, number, points, presence, site, span, yes_no
from ICHSegmentationLib.measurement import IchScore, Measurements, MidlineShift, ModifiedGraeb, ich_score

if TYPE_CHECKING:
    from highdicom.sr import Measurement, MeasurementsAndQualitativeEvaluations

    from ICHSegmentationLib.export.comparison import Comparison
    from ICHSegmentationLib.export.review import Review
    from ICHSegmentationLib.measurement.growth import Change


def total_group(measurements: Measurements) -> MeasurementsAndQualitativeEvaluations:
    """Return the total volume, presence of hemorrhage, and whether IPH reaches 30 mL."""
    total_ml = measurements.volumes_ml["total"]
    is_there = any(measurements.present.values())
    large = True if measurements.iph_30_ml_or_more else False if measurements.assessed else None
    return group(
        "total",
        load_terminology().by_id("ICH").code,
        [number(sr_codes.VOLUME, total_ml, sr_codes.MILLILITER, method=sr_codes.VOXEL_SUM)],
        [
            presence(is_there, assessed=measurements.assessed),
            answer(sr_codes.LARGE, yes_no(large)),
        ],
        remark="" if measurements.assessed else message("export.not_assessed"),
    )


def midline_group(shift: MidlineShift, frame_of_reference: str) -> MeasurementsAndQualitativeEvaluations:
    """Return the midline shift in mm with its line and side, or "Undetermined" with the reason."""
    sites = [site(load_terminology().region)]
    if shift.shift_mm is None:
        answers = [answer(sr_codes.MIDLINE_SHIFT, sr_codes.UNDETERMINED)]
        return group("midline", None, [], answers, sites=sites, remark=shift.reason)
    places = []
    if shift.septum_lps_mm is not None and shift.midline_lps_mm is not None:
        ends = (shift.midline_lps_mm, shift.septum_lps_mm)
        places = [points(sr_codes.SOURCE, ends, frame_of_reference)]
    sides = {"left": sr_codes.LEFT, "right": sr_codes.RIGHT}
    answers = [] if shift.toward is None else [answer(sr_codes.MIDLINE_SIDE, sides[shift.toward])]
    measured = number(sr_codes.MIDLINE_SHIFT, shift.shift_mm, sr_codes.MILLIMETER, places=places)
    return group("midline", None, [measured], answers, sites=sites)


def graeb_group(graeb: ModifiedGraeb) -> MeasurementsAndQualitativeEvaluations:
    """Return the modified Graeb score and its compartments with points or edits.

    Undetermined compartments are left out; the score is then given by its minimum and maximum.
    """
    found = span(sr_codes.MODIFIED_GRAEB, graeb.lowest, graeb.highest, sr_codes.SCORE)
    for item in graeb.items:
        if item.points is None or not (item.points or item.edited_points is not None):
            continue
        before = item.model_copy(update={"edited_points": None}).points
        region, laterality = sr_codes.VENTRICLES[item.compartment]
        found.append(
            number(
                sr_codes.MODIFIED_GRAEB_PART,
                item.points,
                sr_codes.SCORE,
                origin=Origin.MEASURED if item.edited_points is None else Origin.of_entry(before),
                sites=[site(region, laterality)],
            )
        )
    return group("modified Graeb score", None, found, remark="Morgan TC et al., Stroke 2013;44:635-641. A proposal.")


def ich_score_group(score: IchScore, measurements: Measurements) -> MeasurementsAndQualitativeEvaluations:
    """Return the score, its published mortality and every item; typed values are marked.

    Undetermined items are coded so or, if they are numbers, left out; the score is then given by its minimum and
    maximum. 6 points have no mortality, since nobody in the cohort had them.
    """
    proposal = ich_score(measurements) or IchScore()

    def origin(item: str) -> Origin:
        # GCS and age are never proposed.
        typed = item in score.edited or (item in ("gcs", "age_years") and getattr(score, item) is not None)
        return Origin.of_entry(getattr(proposal, item)) if typed else Origin.MEASURED

    found = [
        *span(sr_codes.ICH_SCORE, score.lowest, score.highest, sr_codes.SCORE),
        *span(sr_codes.MORTALITY, *score.mortality_30d_percent, sr_codes.PERCENT),
    ]
    numbers = (
        ("gcs", sr_codes.GLASGOW_COMA_SCALE, sr_codes.SCORE),
        ("age_years", sr_codes.AGE, sr_codes.YEAR),
        ("iph_ml", sr_codes.VOLUME, sr_codes.MILLILITER),
    )
    for item, name, unit in numbers:
        value = getattr(score, item)
        if value is not None:
            found.append(number(name, value, unit, origin=origin(item)))
    ivh = load_terminology().by_id("IVH").code
    answers = [
        answer(ivh, yes_no(score.ivh), origin("ivh")),
        answer(sr_codes.INFRATENTORIAL_ORIGIN, yes_no(score.infratentorial), origin("infratentorial")),
    ]
    remark = "Spontaneous hemorrhage only. Hemphill JC et al., Stroke 2001;32:891-897."
    return group("ICH score", load_terminology().by_id("IPH").code, found, answers, remark=remark)


def growth_groups(growth: Comparison) -> list[MeasurementsAndQualitativeEvaluations]:
    """Return the change of each subtype on either scan, then that of the total with both verdicts.

    The remark contains the definitions and the warnings of the comparison. Scans that could not be compared have no
    changes, and the remark says why.
    """
    table = load_terminology()
    found = [
        group(f"growth {name}", table.by_id(name).code, _change(change))
        for name, change in growth.changes.items()
        if growth.not_compared is None and name != "total" and (change.baseline_ml > 0 or change.followup_ml > 0)
    ]
    verdicts = ((sr_codes.EXPANSION, growth.expansion), (sr_codes.REVISED_EXPANSION, growth.revised_expansion))
    reason = () if growth.not_compared is None else (growth.not_compared,)
    texts = [*reason, *(f"{name.meaning}: {verdict.definition}." for name, verdict in verdicts)]
    found.append(
        group(
            "growth total",
            table.by_id("ICH").code,
            _change(growth.changes["total"]),
            [answer(name, yes_no(verdict.met)) for name, verdict in verdicts],
            remark=" ".join((*texts, *growth.warnings)),
        )
    )
    return found


def review_group(review: Review) -> MeasurementsAndQualitativeEvaluations:
    """Return the verdict of the radiologist, the grade of quality, and the comment."""
    grades = [] if review.grade is None else [review.grade]
    found = [number(sr_codes.QUALITY, grade, sr_codes.SCORE, origin=Origin.TYPED) for grade in grades]
    verdict = answer(sr_codes.VERDICT, sr_codes.VERDICTS[review.verdict], Origin.TYPED)
    return group("review", None, found, [verdict], remark=review.comment.strip())


def _change(change: Change) -> list[Measurement]:
    """Return the earlier volume and the change if it is known; per cent of zero is undefined and left out."""
    if change.change_ml is None:
        return []
    found = [
        number(sr_codes.BASELINE_VOLUME, change.baseline_ml, sr_codes.MILLILITER),
        number(sr_codes.VOLUME_CHANGE, change.change_ml, sr_codes.MILLILITER),
    ]
    if change.change_percent is not None:
        found.append(number(sr_codes.VOLUME_CHANGE, change.change_percent, sr_codes.PERCENT))
    return found
