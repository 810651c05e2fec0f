# SPDX-License-Identifier: Apache-2.0
"""Find the scans of a cohort: a CSV list, a BIDS data set, or a tree of DICOM folders of any shape."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ICHSegmentationLib.cohort.bids import DESCRIPTION_NAME, find_bids_cases
from ICHSegmentationLib.cohort.jobs import Case, LeftOut, Plan, is_safe_id, short_hash
from ICHSegmentationLib.cohort.series import Preference, case_of, choose, files_below, find_series
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

_COLUMNS = ("path", "series", "id", "baseline_of")


def make_plan(inputs: Sequence[Path], preference: Preference = Preference.thick) -> Plan:
    """Find all scans.

    Parameters
    ----------
    inputs : sequence of Path
        CSV files with the columns ``path,series,id,baseline_of`` (all but the first optional), BIDS data sets, or
        folders that are searched for DICOM files.
    preference : Preference
        Which series to choose where a study has thin and thick slices.

    Raises
    ------
    InputError
        If an input does not exist or has no scan, a list is not valid, or a scan is named twice.
    """
    cases: list[Case] = []
    left_out: list[LeftOut] = []
    for path in inputs:
        if not path.exists():
            raise InputError(message("cohort.not_found", path=path))
        if path.is_file():
            plan = _read_list(path, preference)
        elif (path / DESCRIPTION_NAME).is_file():
            plan = Plan(find_bids_cases(path))
        else:
            plan = _search(path, preference)
            if not plan.cases and not plan.left_out:
                raise InputError(message("cohort.no_inputs", path=path))
        cases += plan.cases
        left_out += plan.left_out
    seen: set[str] = set()
    for case in cases:
        if case.id.lower() in seen:
            raise InputError(message("cohort.input_twice", id=case.id))
        seen.add(case.id.lower())
    return Plan(tuple(cases), tuple(left_out))


def _search(folder: Path, preference: Preference) -> Plan:
    found, no_images = find_series(files_below(folder.absolute()))
    chosen, left_out = choose(found, preference)
    return Plan(tuple(case_of(series) for series in chosen), (*left_out, *no_images))


def _read_list(path: Path, preference: Preference) -> Plan:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
            names = list(rows[0]) if rows else []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(message("cohort.csv_unreadable", path=path, reason=error)) from error
    if not rows:
        raise InputError(message("cohort.csv_empty", path=path))
    for name in names:
        # None collects the values beyond the header.
        if name not in _COLUMNS:
            raise InputError(message("cohort.csv_column", path=path, name=name or ""))
    if "path" not in names:
        raise InputError(message("cohort.csv_no_path_column", path=path))
    cases: list[Case] = []
    left_out: list[LeftOut] = []
    # The header is line 1.
    for line, row in enumerate(rows, start=2):
        if None in row:
            raise InputError(message("cohort.csv_column", path=path, name=str(row[None])))
        plan = _listed(path, line, {name: (value or "").strip() for name, value in row.items()}, preference)
        cases += plan.cases
        left_out += plan.left_out
    _check_ids(path, cases)
    return Plan(tuple(cases), tuple(left_out))


def _listed(path: Path, line: int, row: dict[str, str], preference: Preference) -> Plan:
    if not row["path"]:
        raise InputError(message("cohort.csv_no_path", path=path, line=line))
    place = (path.parent / row["path"]).absolute()
    series = row.get("series") or None
    name = row.get("id") or _name(place, series)
    if not is_safe_id(name):
        raise InputError(message("cohort.csv_id_not_safe", path=path, line=line, id=name))
    case = Case(name, (place,), series, row.get("baseline_of") or None, message("cohort.given"))
    if series is not None or not place.is_dir():
        # A missing file is an error of this case only.
        return Plan((case,))
    found, _ = find_series(files_below(place))
    chosen, left_out = choose(found, preference)
    if len(chosen) != 1 or len(found) == 1:
        # Nothing to choose, or no rule to choose by: reading takes the folder, or says what it holds.
        return Plan((case,))
    return Plan((replace(case_of(chosen[0]), id=case.id, baseline_of=case.baseline_of),), tuple(left_out))


def _name(place: Path, series: str | None) -> str:
    """Return an ID that depends on the path alone, so that it is the same in the next run."""
    stem = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in place.name.split(".")[0])
    return f"{stem.strip('-')[:40] or 'scan'}-{short_hash(place, series)}"


def _check_ids(path: Path, cases: Sequence[Case]) -> None:
    ids: set[str] = set()
    # Each line gives one case.
    for line, case in enumerate(cases, start=2):
        # Some file systems do not distinguish upper and lower case.
        if case.id.lower() in ids:
            raise InputError(message("cohort.csv_id_twice", path=path, line=line, id=case.id))
        ids.add(case.id.lower())
    known = {case.id for case in cases}
    for line, case in enumerate(cases, start=2):
        if case.baseline_of == case.id:
            raise InputError(message("cohort.baseline_of_itself", path=path, line=line))
        if case.baseline_of is not None and case.baseline_of not in known:
            raise InputError(message("cohort.baseline_unknown", path=path, line=line, id=case.baseline_of))
