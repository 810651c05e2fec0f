# SPDX-License-Identifier: Apache-2.0
"""Tables of a cohort: ``cohort.csv`` (and ``.parquet``), ``errors.csv`` and ``plan.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.cohort.jobs import Kind, Plan, State
from ICHSegmentationLib.cohort.run import DEIDENTIFY
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import atomic_path, write_text
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, Subtype
from ICHSegmentationLib.export.comparison import read_comparison
from ICHSegmentationLib.export.record import MeasurementRecord, read_record

if TYPE_CHECKING:
    from ICHSegmentationLib.cohort.ledger import Entry, Ledger
    from ICHSegmentationLib.measurement import Lesion

COHORT_NAME, PARQUET_NAME, ERRORS_NAME, PLAN_NAME = "cohort.csv", "cohort.parquet", "errors.csv", "plan.csv"
_VOLUMES = tuple(f"{name}_ml" for name in (*Subtype.__members__, ANY_BLOOD, "total"))
_NUMBERS = (
    "slices",
    "seconds",
    "cpu_s",
    "peak_mib",
    *_VOLUMES,
    "lesions",
    "midline_shift_mm",
    "growth_ml",
    "lesion",
    "lesion_volume_ml",
    "lesion_centroid_slice",
)
COHORT_HEADER = (
    "row",
    "id",
    "state",
    "error",
    "model",
    "model_sha256",
    *_NUMBERS[:4],
    *_VOLUMES,
    "lesions",
    "midline_shift_mm",
    "assessed",
    "decision",
    "followup",
    "growth_ml",
    "expansion",
    "warnings",
    "lesion",
    "lesion_subtype",
    "lesion_volume_ml",
    "lesion_centroid_slice",
    "lesion_side",
    "lesion_compartment",
    "lesion_region",
)
"""Columns; those from ``lesion`` on are filled in rows of lesions only, all others in rows of cases and pairs."""
_Row = dict[str, Any]


def write_tables(ledger: Ledger, folder: Path) -> list[Path]:
    """Write ``cohort.csv``, ``errors.csv`` and, if pyarrow is installed, ``cohort.parquet``, each atomically.

    Returns
    -------
    list of Path
        The written files.

    Raises
    ------
    ICHSegmentationError
        If a file cannot be written.
    """
    rows = [row for entry in ledger.entries() for row in _rows(ledger, entry)]
    paths = [folder / COHORT_NAME, folder / ERRORS_NAME]
    _write_csv(paths[0], COHORT_HEADER, ([_text(row.get(name)) for name in COHORT_HEADER] for row in rows))
    failed = (entry for entry in ledger.entries() if entry.outcome.state is State.FAILED)
    _write_csv(paths[1], ("id", "code", "error"), ((e.case.id, e.outcome.code, e.outcome.error) for e in failed))
    if find_spec("pyarrow") is not None:
        paths.append(folder / PARQUET_NAME)
        _write_parquet(paths[-1], rows)
    return paths


def write_plan(plan: Plan, path: Path) -> None:
    """Write what is segmented and what is not, with the reasons."""
    _write_csv(path, ("use", "id", "path", "what", "reason"), plan_rows(plan))


def plan_rows(plan: Plan) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the rows of ``plan.csv``."""
    for case in plan.cases:
        path = case.paths[0] if len(case.paths) == 1 else case.paths[0].parent
        yield "yes", case.id, str(path), case.series or "", case.why
    for item in plan.left_out:
        yield "no", "", str(item.path), item.what, item.reason


def _rows(ledger: Ledger, entry: Entry) -> Iterator[_Row]:
    outcome = entry.outcome
    is_deidentified = entry.settings.get(DEIDENTIFY) == "True"
    row: _Row = {
        "row": entry.kind.value,
        "id": entry.case.id,
        "state": outcome.state.value,
        # Sentences can name files, and files can be named after patients.
        "error": outcome.code if is_deidentified else outcome.error,
        "seconds": outcome.seconds,
        "cpu_s": outcome.cpu_s,
        "peak_mib": outcome.peak_mib,
        "warnings": "" if is_deidentified else " | ".join(outcome.warnings),
    }
    if outcome.state is not State.DONE:
        yield row
        return
    folder = ledger.job(entry).folder
    if entry.kind is Kind.PAIR:
        comparison = read_comparison(folder / "comparison.json")
        yield row | {
            "id": entry.baseline,
            "followup": entry.followup,
            "assessed": comparison.not_compared is None,
            "growth_ml": comparison.changes["total"].change_ml,
            "expansion": comparison.expansion.met,
        }
        return
    record = read_record(folder / "measurements.json")
    if record is None:
        yield row | {"error": message("cohort.results_missing", folder=folder)}
        return
    yield row | _measured(record)
    for number, lesion in enumerate(record.lesions, start=1):
        yield {"row": "lesion", "id": entry.case.id, "state": outcome.state.value, **_lesion(number, lesion)}


def _measured(record: MeasurementRecord) -> _Row:
    shift, decision = record.midline_shift, record.case_decision
    return {
        "model": record.model.name,
        "model_sha256": record.model.sha256,
        "slices": record.input.slices,
        **{f"{name}_ml": volume_ml for name, volume_ml in record.volumes_ml.items()},
        "lesions": len(record.lesions),
        "midline_shift_mm": None if shift is None else shift.shift_mm,
        "assessed": record.assessed,
        "decision": None if decision is None else decision.has_bleed,
    }


def _lesion(number: int, lesion: Lesion) -> _Row:
    place = lesion.location
    return {
        "lesion": number,
        "lesion_subtype": lesion.subtype,
        "lesion_volume_ml": lesion.volume_ml,
        "lesion_centroid_slice": lesion.centroid_slice,
        "lesion_side": None if place is None else place.side,
        "lesion_compartment": None if place is None else place.compartment,
        "lesion_region": None if place is None else place.region,
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _write_parquet(path: Path, rows: Sequence[_Row]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {name: pa.float64() if name in _NUMBERS else pa.string() for name in COHORT_HEADER}
    kinds |= dict.fromkeys(("assessed", "decision", "expansion"), pa.bool_())
    columns = {}
    for name, kind in kinds.items():
        values = [row.get(name) for row in rows]
        if kind == pa.string():
            values = [None if value is None else str(value) for value in values]
        columns[name] = pa.array(values, type=kind)
    with atomic_path(path) as temporary:
        parquet.write_table(pa.table(columns), temporary)
