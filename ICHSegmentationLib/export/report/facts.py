# SPDX-License-Identifier: Apache-2.0
"""Texts of the report: one heading and one short text per block."""

from __future__ import annotations

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.record import MeasurementRecord, ModelRecord
from ICHSegmentationLib.export.review import Review
from ICHSegmentationLib.measurement import Lesion
from ICHSegmentationLib.measurement.growth import Verdict
from ICHSegmentationLib.measurement.shape.abc2 import Abc2
from ICHSegmentationLib.rendering.drawing import format_ml

Fact = tuple[str, str]
"""Heading and text."""
_COLUMN = "The column adds all lesions; for epidural and subdural blood it is XYZ/2."


def facts(record: MeasurementRecord) -> list[Fact]:
    """Return the blocks of the report in order; those that do not apply are left out."""
    shift, score = record.midline_shift, record.ich_score
    found = [
        ("Finding", describe_finding(record)),
        ("Decision", "" if record.case_decision is None else sentence(record.case_decision.describe())),
        ("ABC/2", f"{abc2} {_COLUMN}" if (abc2 := describe_abc2(record)) else ""),
        ("Midline", "" if shift is None else sentence(shift.describe())),
        ("Graeb", describe_graeb(record)),
        ("ICH score", "" if score is None else sentence(score.describe())),
        ("Growth", "" if record.growth is None else describe_growth(record.growth)),
        ("By hand", describe_correction(record)),
        ("Verdict", "" if record.review is None else describe_review(record.review)),
        ("Geometry", _describe_geometry(record)),
        ("Method", describe_method(record)),
        ("Warnings", " ".join(record.input.warnings) or "None."),
    ]
    return [(heading, text) for heading, text in found if text]


def describe_finding(record: MeasurementRecord) -> str:
    """Return the largest lesion with location, size and density, and whether IPH reaches 30 mL."""
    if not record.assessed:
        return message("export.not_assessed")
    if not record.lesions:
        return "No hemorrhage found."
    large = " Intraparenchymal volume 30 mL or more." if record.iph_30_ml_or_more else ""
    return f"Largest lesion: {_describe_lesion(record.lesions[0])}.{large}"


def describe_abc2(record: MeasurementRecord) -> str:
    """Return the diameters of ABC/2 of the largest lesion in the brain, else of the largest with XYZ/2."""
    found = [(lesion, lesion.abc2) for lesion in record.lesions if lesion.abc2 is not None]
    if not found:
        return ""
    lesion, abc2 = min(found, key=lambda pair: pair[1].method != "ABC/2")
    return (
        f"Largest {_name(lesion.subtype)} ({abc2.method}): {abc2.a_mm:.0f} x {abc2.b_mm:.0f} x {abc2.c_mm:.0f} mm / 2 "
        f"= {format_ml(abc2.volume_ml)}, {difference_from_voxels(abc2)}; with weighted "
        f"slices {format_ml(abc2.weighted_ml)}."
    )


def difference_from_voxels(abc2: Abc2) -> str:
    """Return the difference of ABC/2 from the volume of the voxels, in words."""
    more = "more" if abc2.difference_ml >= 0 else "less"
    return f"{format_ml(abs(abc2.difference_ml))} {more} than its voxels"


def describe_graeb(record: MeasurementRecord) -> str:
    """Return the modified Graeb score if there is IVH or the radiologist entered points, else empty."""
    graeb = record.modified_graeb
    if graeb is None or not (record.present.get("IVH") or graeb.is_edited):
        return ""
    return sentence(graeb.describe())


def describe_growth(growth: Comparison) -> str:
    """Return the change since the earlier scan, both definitions with verdicts, or why it is unknown; and warnings."""
    changes = [
        f"{name} {change.baseline_ml:.1f} -> {change.followup_ml:.1f} mL ({_per_cent(change.change_percent)})"
        for name, change in growth.changes.items()
        if change.baseline_ml > 0 or change.followup_ml > 0
    ]
    if growth.not_compared is not None:
        return " ".join((growth.not_compared, *growth.warnings))
    text = f"Since the earlier scan: {', '.join(changes) or 'no hemorrhage on either scan'}."
    for name, verdict in (("Expansion", growth.expansion), ("Revised", growth.revised_expansion)):
        text += f" {name}: {_verdict(verdict)} ({verdict.definition})."
    if growth.registration is not None:
        text += f" {growth.registration.describe()}."
    return " ".join((text, *growth.warnings))


def describe_correction(record: MeasurementRecord) -> str:
    """Return the corrections by hand, or that they are not known."""
    if record.agreement is not None:
        return f"Corrected labels against the model's: {'; '.join(record.agreement.describe())}."
    if record.corrected is None:
        return "Corrected by hand: not known."
    return f"Corrected by hand: {', '.join(record.corrected) or 'nothing'}."


def describe_review(review: Review) -> str:
    """Return the verdict of the radiologist, and the comment."""
    return " ".join(part for part in (sentence(review.describe()), review.comment.strip()) if part)


def describe_method(record: MeasurementRecord) -> str:
    """Return program, models, checksums and runtime."""
    further = [f"Further model: {_describe_model(model)}." for model in record.further_models or ()]
    own = (
        f"ICHSegmentation {__version__}, model {_describe_model(record.model)}, "
        f"on {record.runtime.device} ({record.runtime.backend})."
    )
    return " ".join((own, *further))


def _describe_model(model: ModelRecord) -> str:
    weights = f"SHA-256 {model.sha256}" if model.sha256 else "no weights"
    return f"{model.name} ({model.system}, {model.preset}), licence {model.licence}, {weights}"


def _describe_geometry(record: MeasurementRecord) -> str:
    geometry, alignment = record.geometry, record.alignment
    upright = (
        ""
        if alignment is None
        else f" Set upright for the network: head turned by {alignment.turn_deg:.1f} deg, "
        f"leaning by {alignment.lean_deg:.1f} deg."
    )
    return (
        f"{record.input.kind.upper()} input, {record.input.slices} slices; "
        f"gantry tilt {geometry.tilt_deg:.1f} deg; step {_numbers(geometry.step_mm)} mm, "
        f"slice distance {_numbers(geometry.slice_distance_mm)} mm; pixels {_numbers(geometry.spacing_mm)} mm. "
        "Volume = voxels x pixel area x slice extent along the normal."
        f"{upright}"
    )


def _describe_lesion(lesion: Lesion) -> str:
    parts = [_name(lesion.subtype)]
    if lesion.location is not None:
        parts.append(lesion.location.describe())
    parts += [format_ml(lesion.volume_ml), f"centred on slice {lesion.centroid_slice + 1}"]
    parts.append(f"longest diameter {lesion.longest_diameter_mm:.0f} mm")
    if lesion.hu_mean is not None and lesion.hu_sd is not None:
        parts.append(f"{lesion.hu_mean:.0f} HU (SD {lesion.hu_sd:.0f})")
    return ", ".join(parts)


def _name(identifier: str) -> str:
    return load_terminology().by_id(identifier).name.lower()


def _verdict(verdict: Verdict) -> str:
    return {None: "not defined", True: "yes", False: "no"}[verdict.met]


def _per_cent(value: float | None) -> str:
    return "per cent not defined" if value is None else f"{value:+.0f} %"


def sentence(text: str) -> str:
    """Return text of one or more lines as one sentence."""
    joined = "; ".join(" ".join(line.split()) for line in text.splitlines())
    return f"{joined[:1].upper()}{joined[1:].rstrip('.')}."


def _numbers(values: tuple[float, ...]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)
