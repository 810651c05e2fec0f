# SPDX-License-Identifier: Apache-2.0
"""``measurements.json`` and ``measurements.csv``."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ICHSegmentationLib.anatomy.lesion_location import LesionLocation
from ICHSegmentationLib.core.files import write_text
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.measurement import Measurements

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


def write_measurements_json(path: Path | str, record: MeasurementRecord) -> None:
    """Write the record, atomically."""
    write_text(path, record.to_json())


def write_measurements_csv(path: Path | str, measurements: Measurements) -> None:
    """Write one row per subtype and one for the total, volumes in mL with three decimals, atomically.

    ``abc2_ml`` is empty where the estimate is not made; for EDH and SDH it is the variant XYZ/2. The last columns say
    where the largest lesion lies, and are empty where that is not determined.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    table = load_terminology()
    for identifier, volume_ml in measurements.volumes_ml.items():
        total = identifier == "total"
        abc2_ml = measurements.abc2_ml.get(identifier)
        lesions = [lesion for lesion in measurements.lesions if total or lesion.subtype == identifier]
        writer.writerow(
            (
                identifier,
                "All hemorrhage" if total else table.by_id(identifier).name,
                "yes" if lesions else "no",
                f"{volume_ml:.3f}",
                len(lesions),
                f"{lesions[0].volume_ml if lesions else 0.0:.3f}",
                "" if abc2_ml is None else f"{abc2_ml:.3f}",
                *_place(lesions[0].location if lesions else None),
            )
        )
    write_text(path, text.getvalue())


def _place(location: LesionLocation | None) -> tuple[str, str, str]:
    if location is None:
        return "", "", ""
    return location.side or "", location.compartment or "", location.region or ""
