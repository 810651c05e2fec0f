# SPDX-License-Identifier: Apache-2.0
"""Tables: ``measurements.json``, ``measurements.csv`` and ``scores.csv``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ICHSegmentationLib.anatomy.lesion_location import LesionLocation
from ICHSegmentationLib.core.storage.csv_text import csv_text
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.measurement import IchScore, Measurements, ModifiedGraeb

CSV_HEADER = (
    "subtype",
    "name",
    "present",
    "volume_ml",
    "lesions",
    "largest_lesion_ml",
    "abc2_ml",
    "largest_side",
    "largest_compartment",
    "largest_region",
)
SCORES_HEADER = ("group", "item", "value", "points", "origin")
READER, PROPOSED, MEASURED = "reader", "proposed", "measured"
_Row = tuple[str, str, object, object, str]


def write_measurements_json(path: Path | str, record: MeasurementRecord) -> None:
    """Write the record, atomically."""
    write_text(path, record.to_json())


def write_measurements_csv(path: Path | str, measurements: Measurements) -> None:
    """Write one row per subtype and one for the total, volumes in mL with three decimals, atomically.

    ``abc2_ml`` is empty for subtypes without the estimate; for EDH and SDH it is the variant XYZ/2. The last columns
    locate the largest lesion and are empty if its location is not determined. ``present`` is empty for what was not
    found in a scan that was not assessed.
    """
    rows: list[tuple[object, ...]] = [CSV_HEADER]
    table = load_terminology()
    for identifier, volume_ml in measurements.volumes_ml.items():
        total = identifier == "total"
        abc2_ml = measurements.abc2_ml.get(identifier)
        lesions = [lesion for lesion in measurements.lesions if total or lesion.subtype == identifier]
        rows.append(
            (
                identifier,
                "All hemorrhage" if total else table.by_id(identifier).name,
                "yes" if lesions else "no" if measurements.assessed else "",
                f"{volume_ml:.3f}",
                len(lesions),
                f"{lesions[0].volume_ml if lesions else 0.0:.3f}",
                "" if abc2_ml is None else f"{abc2_ml:.3f}",
                *_place(lesions[0].location if lesions else None),
            )
        )
    write_text(path, csv_text(rows))


def _place(location: LesionLocation | None) -> tuple[str, str, str]:
    if location is None:
        return "", "", ""
    return location.side or "", location.compartment or "", location.region or ""


def write_scores_csv(path: Path | str, record: MeasurementRecord) -> None:
    """Write one row per item, atomically; only the header if there is neither a score nor growth.

    An empty field is not determined, or for growth not defined or not compared. ``origin`` is "reader" for values that
    the radiologist entered or gave instead of a proposal.
    """
    rows: list[tuple[object, ...]] = [SCORES_HEADER]
    if record.ich_score is not None:
        rows.extend(_ich_score(record.ich_score))
    if record.modified_graeb is not None:
        rows.extend(_modified_graeb(record.modified_graeb))
    if record.growth is not None:
        rows.extend(_growth(record.growth))
    write_text(path, csv_text(rows))


def _ich_score(score: IchScore) -> Iterator[_Row]:
    group = "ich_score"
    for item, points in score.points.items():
        own = item in score.edited or (item in ("gcs", "age_years") and points is not None)
        yield group, item, _text(getattr(score, item)), _text(points), READER if own else PROPOSED
    yield group, "lowest", "", score.lowest, ""
    yield group, "highest", "", score.highest, ""
    low, high = score.mortality_30d_percent
    yield group, "lowest_mortality_30d_percent", _text(low), "", "Hemphill 2001"
    yield group, "highest_mortality_30d_percent", _text(high), "", "Hemphill 2001"


def _modified_graeb(score: ModifiedGraeb) -> Iterator[_Row]:
    group = "modified_graeb"
    for item in score.items:
        origin = PROPOSED if item.edited_points is None else READER
        yield group, item.compartment, "", _text(item.points), origin
    yield group, "lowest", "", score.lowest, ""
    yield group, "highest", "", score.highest, ""


def _growth(growth: Comparison) -> Iterator[_Row]:
    group = "growth"
    for name, change in growth.changes.items():
        for item, value in change.model_dump().items():
            yield group, f"{name}.{item}", _text(value), "", MEASURED
    for item, verdict in (("expansion", growth.expansion), ("revised_expansion", growth.revised_expansion)):
        yield group, item, _text(verdict.met), "", verdict.definition
    if growth.not_compared is not None:
        yield group, "not_compared", growth.not_compared, "", ""
    if growth.registration is not None:
        yield group, "registration_quality", growth.registration.quality, "", MEASURED


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
