# SPDX-License-Identifier: Apache-2.0
"""Ledger of a cohort: one row per job in a SQLite file, changed in one transaction per step.

One process writes a ledger. The file is locked while it is open. The rollback journal is used instead of the
write-ahead log, which does not work on network file systems.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ICHSegmentationLib.cohort.jobs import Case, Job, Kind, Outcome, State, pair_id
from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_error

if TYPE_CHECKING:
    from collections.abc import Mapping

LEDGER_NAME = "ledger.sqlite"
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  paths TEXT NOT NULL,
  series TEXT,
  baseline_of TEXT,
  why TEXT NOT NULL,
  baseline TEXT,
  followup TEXT,
  state TEXT NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '',
  seconds REAL NOT NULL DEFAULT 0,
  cpu_s REAL NOT NULL DEFAULT 0,
  peak_mib REAL NOT NULL DEFAULT 0,
  warnings TEXT NOT NULL DEFAULT '[]',
  timings_s TEXT NOT NULL DEFAULT '{}',
  model_sha256 TEXT NOT NULL DEFAULT '',
  settings TEXT NOT NULL DEFAULT '',
  ended TEXT NOT NULL DEFAULT '',
  sent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (kind, state, number);
"""


@dataclass(frozen=True)
class Entry:
    """Row of a ledger: a job with its outcome.

    Attributes
    ----------
    baseline, followup : str or None
        IDs of the scans of a pair.
    settings : dict of str to str
        Model and options that it was done with; empty if it never ended.
    ended, sent : str
        Times of its end and of sending its results in UTC (ISO 8601); empty before.
    """

    kind: Kind
    case: Case
    outcome: Outcome
    baseline: str | None = None
    followup: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    sent: str = ""


class Ledger:
    """Ledger that is open for this process alone.

    Parameters
    ----------
    path : Path
        The file; created with its folder if necessary.

    Raises
    ------
    InputError
        If another process has it open, or it is not a ledger of this version.
    ICHSegmentationError
        If it cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(path.parent, error) from error
        # Results are collected by one thread, which may differ from the one that opened the ledger.
        self._connection = sqlite3.connect(path, timeout=0.5, isolation_level=None, check_same_thread=False)
        try:
            self._open()
        except BaseException:
            self._connection.close()
            raise

    def _open(self) -> None:
        with self._named_errors():
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA synchronous = FULL")
            # Takes the lock, which EXCLUSIVE keeps until the ledger is closed.
            self._connection.execute("BEGIN EXCLUSIVE")
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise InputError(message("cohort.ledger_other_version", path=self.path))
            for statement in _SCHEMA.split(";\n"):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {_VERSION}")
            self._connection.execute("COMMIT")

    def __enter__(self) -> Self:
        """Return the ledger."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file, and release its lock."""
        self._connection.close()

    def add(self, cases: Iterable[Case]) -> None:
        """Add scans that are not in the ledger yet, and a comparison for each baseline; others are kept.

        Raises
        ------
        InputError
            If a scan of the same id has another path or series.
        """
        cases = list(cases)
        by_id = {case.id: case for case in cases}
        with self._transaction():
            for case in cases:
                self._add(case)
            for case in cases:
                if case.baseline_of is not None:
                    followup = by_id[case.baseline_of]
                    self._connection.execute(
                        "INSERT OR IGNORE INTO jobs (id, kind, paths, why, baseline, followup, state)"
                        " VALUES (?, ?, '[]', '', ?, ?, ?)",
                        (pair_id(case, followup), Kind.PAIR, case.id, followup.id, State.WAITING),
                    )

    def _add(self, case: Case) -> None:
        paths = json.dumps([str(path) for path in case.paths])
        known = self._connection.execute("SELECT paths, series FROM jobs WHERE id = ?", (case.id,)).fetchone()
        if known is None:
            self._connection.execute(
                "INSERT INTO jobs (id, kind, paths, series, baseline_of, why, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (case.id, Kind.CASE, paths, case.series, case.baseline_of, case.why, State.WAITING),
            )
        elif (known["paths"], known["series"]) != (paths, case.series):
            raise InputError(message("cohort.case_changed", folder=self.path.parent, id=case.id))

    def insert(self, entry: Entry) -> None:
        """Insert a row of another ledger.

        Raises
        ------
        InputError
            If there is a row with its id.
        """
        case, outcome = entry.case, entry.outcome
        values = {
            "id": case.id,
            "kind": entry.kind,
            "paths": json.dumps([str(path) for path in case.paths]),
            "series": case.series,
            "baseline_of": case.baseline_of,
            "why": case.why,
            "baseline": entry.baseline,
            "followup": entry.followup,
            **_outcome_columns(outcome, entry.settings),
            "ended": entry.ended,
            "sent": entry.sent,
        }
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        try:
            with self._transaction():
                self._connection.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(values.values()))
        except sqlite3.IntegrityError:
            raise InputError(message("cohort.input_twice", id=case.id)) from None

    def recover(self) -> tuple[str, ...]:
        """Put jobs that ran when an earlier run was killed back to waiting; return their ids."""
        with self._transaction():
            rows = self._connection.execute("SELECT id FROM jobs WHERE state = ?", (State.RUNNING,)).fetchall()
            self._connection.execute("UPDATE jobs SET state = ? WHERE state = ?", (State.WAITING, State.RUNNING))
        return tuple(row["id"] for row in rows)

    def start(self, job: str) -> None:
        """Note that a job runs."""
        with self._transaction():
            self._connection.execute("UPDATE jobs SET state = ? WHERE id = ?", (State.RUNNING, job))

    def finish(self, outcome: Outcome, settings: Mapping[str, str]) -> None:
        """Note what became of a job."""
        values = _outcome_columns(outcome, settings)
        values |= {"ended": _now(), "sent": ""}
        assignments = ", ".join(f"{name} = ?" for name in values)
        with self._transaction():
            self._connection.execute(f"UPDATE jobs SET {assignments} WHERE id = ?", (*values.values(), outcome.id))

    def unsent(self) -> list[str]:
        """Return the ids of the segmented scans whose results were not sent."""
        with self._named_errors():
            rows = self._connection.execute(
                "SELECT id FROM jobs WHERE kind = ? AND state = ? AND sent = '' ORDER BY number",
                (Kind.CASE, State.DONE),
            ).fetchall()
        return [row["id"] for row in rows]

    def mark_sent(self, job: str) -> None:
        """Note that the results of a job were sent."""
        with self._transaction():
            self._connection.execute("UPDATE jobs SET sent = ? WHERE id = ?", (_now(), job))

    def again(self, ids: Iterable[str]) -> None:
        """Put jobs back to waiting."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE jobs SET state = ? WHERE id = ?", ((State.WAITING, job) for job in ids)
            )

    def entries(self, kind: Kind | None = None) -> Iterator[Entry]:
        """Yield rows in the order in which they were added; the ledger must not be changed meanwhile."""
        with self._named_errors():
            where, values = ("", ()) if kind is None else (" WHERE kind = ?", (kind,))
            yield from map(_entry, self._connection.execute(f"SELECT * FROM jobs{where} ORDER BY number", values))

    def ids(self, kind: Kind, state: State) -> list[str]:
        """Return the ids of the jobs of a kind and state, in the order in which they were added."""
        with self._named_errors():
            rows = self._connection.execute(
                "SELECT id FROM jobs WHERE kind = ? AND state = ? ORDER BY number", (kind, state)
            ).fetchall()
        return [row["id"] for row in rows]

    def entry(self, job: str) -> Entry:
        """Return the row of a job.

        Raises
        ------
        KeyError
            If there is none.
        """
        row = self._connection.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
        if row is None:
            raise KeyError(job)
        return _entry(row)

    def job(self, entry: Entry) -> Job:
        """Return the job of a row, for a process."""
        root = self.path.parent.absolute()
        if entry.kind is Kind.CASE:
            return Job(entry.case.id, entry.kind, root, entry.case)
        assert entry.baseline is not None
        assert entry.followup is not None
        return Job(entry.case.id, entry.kind, root, self.entry(entry.baseline).case, self.entry(entry.followup).case)

    def counts(self) -> dict[State, int]:
        """Return the number of jobs in each state."""
        rows = self._connection.execute("SELECT state, COUNT(*) AS n FROM jobs GROUP BY state").fetchall()
        return dict.fromkeys(State, 0) | {State(row["state"]): row["n"] for row in rows}

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._named_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise InputError(message("cohort.ledger_in_use", path=self.path)) from None
            raise ICHSegmentationError(message("cohort.ledger_unusable", path=self.path, reason=error)) from error
        except sqlite3.DatabaseError as error:
            raise InputError(message("cohort.ledger_unusable", path=self.path, reason=error)) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _outcome_columns(outcome: Outcome, settings: Mapping[str, str]) -> dict[str, Any]:
    return {
        "state": outcome.state,
        "error": outcome.error,
        "code": outcome.code,
        "seconds": outcome.seconds,
        "cpu_s": outcome.cpu_s,
        "peak_mib": outcome.peak_mib,
        "warnings": json.dumps(list(outcome.warnings)),
        "timings_s": json.dumps(outcome.timings_s),
        "model_sha256": outcome.model_sha256,
        "settings": json.dumps(dict(settings), sort_keys=True),
    }


def _entry(row: sqlite3.Row) -> Entry:
    case = Case(
        row["id"],
        tuple(Path(path) for path in json.loads(row["paths"])),
        row["series"],
        row["baseline_of"],
        row["why"],
    )
    outcome = Outcome(
        row["id"],
        State(row["state"]),
        row["error"],
        row["code"],
        row["seconds"],
        row["cpu_s"],
        row["peak_mib"],
        tuple(json.loads(row["warnings"])),
        row["model_sha256"],
        json.loads(row["timings_s"]),
    )
    settings = json.loads(row["settings"]) if row["settings"] else {}
    return Entry(
        Kind(row["kind"]), case, outcome, row["baseline"], row["followup"], settings, row["ended"], row["sent"]
    )
