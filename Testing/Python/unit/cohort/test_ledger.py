# SPDX-License-Identifier: Apache-2.0
"""The ledger keeps what was done through kills, and belongs to one process."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from builders.errors import raises

from ICHSegmentationLib.cohort.jobs import Case, Kind, Outcome, State
from ICHSegmentationLib.cohort.ledger import Ledger
from ICHSegmentationLib.core.errors import InputError

SETTINGS = {"model": "tiny", "checksum": "0" * 64}
FIRST = Case("first", (Path("/scans/1"),), series="1.2.3", baseline_of="second", why="chosen")
SECOND = Case("second", (Path("/scans/2/a.dcm"), Path("/scans/2/b.dcm")))


def test_a_reopened_ledger_gives_back_what_was_written(tmp_path: Path):
    outcome = Outcome("first", State.DONE, "", "", 12.5, 9.75, 800.0, ("Tilted.",), "f" * 64, {"read": 1.5})
    with Ledger(tmp_path / "out" / "ledger.sqlite") as ledger:
        ledger.add([FIRST, SECOND])
        ledger.start("first")
        ledger.finish(outcome, SETTINGS)
    with Ledger(tmp_path / "out" / "ledger.sqlite") as ledger:
        entry = ledger.entry("first")
        assert (entry.case, entry.outcome, entry.settings) == (FIRST, outcome, SETTINGS)
        assert ledger.entry("second").case == SECOND
        assert ledger.counts() == {State.WAITING: 2, State.RUNNING: 0, State.DONE: 1, State.FAILED: 0}


def test_a_baseline_adds_a_comparison_of_both_scans(tmp_path: Path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([FIRST, SECOND])
        assert ledger.ids(Kind.PAIR, State.WAITING) == ["first--second"]
        job = ledger.job(ledger.entry("first--second"))
    assert (job.case, job.followup) == (FIRST, SECOND)
    assert job.folder == tmp_path / "pairs" / "first--second"


def test_what_ran_when_a_run_was_killed_waits_again(tmp_path: Path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([replace(FIRST, baseline_of=None), SECOND])
        ledger.start("second")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.ids(Kind.CASE, State.WAITING) == ["first"]
        assert ledger.recover() == ("second",)
        assert ledger.ids(Kind.CASE, State.WAITING) == ["first", "second"]


def test_adding_scans_again_keeps_what_was_done(tmp_path: Path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([SECOND])
        ledger.finish(Outcome("second", State.FAILED, "It is damaged.", "io.damaged"), SETTINGS)
        ledger.add([SECOND, Case("third", (Path("/scans/3"),))])
        assert ledger.entry("second").outcome.error == "It is damaged."
        assert ledger.ids(Kind.CASE, State.WAITING) == ["third"]


@pytest.mark.parametrize("other", [replace(SECOND, paths=(Path("/scans/9"),)), replace(SECOND, series="9")])
def test_an_id_that_stands_for_another_scan_is_refused(tmp_path: Path, other: Case):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([SECOND])
        with raises(InputError, "cohort.case_changed", id="second"):
            ledger.add([Case("third", (Path("/scans/3"),)), other])
        assert ledger.ids(Kind.CASE, State.WAITING) == ["second"]


def test_a_ledger_in_use_is_refused(tmp_path: Path):
    path = tmp_path / "ledger.sqlite"
    with Ledger(path), raises(InputError, "cohort.ledger_in_use", path=path):
        Ledger(path)
    Ledger(path).close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path):
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database" * 100)
    with raises(InputError, "cohort.ledger_unusable", path=path):
        Ledger(path)


def test_a_ledger_of_another_version_is_refused(tmp_path: Path):
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with raises(InputError, "cohort.ledger_other_version", path=path):
        Ledger(path)
