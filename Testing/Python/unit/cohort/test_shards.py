# SPDX-License-Identifier: Apache-2.0
"""Shards share the scans out, keep pairs together, and join to one ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.errors import raises

from ICHSegmentationLib.cohort.jobs import Case, Kind, Outcome, State
from ICHSegmentationLib.cohort.ledger import Ledger
from ICHSegmentationLib.cohort.shards import Shard, merge
from ICHSegmentationLib.core.errors import InputError

CASES = [Case(f"scan-{number}", (Path(f"/{number}"),)) for number in range(40)]


def fill(folder: Path, shard: Shard, settings: dict[str, str]) -> None:
    with Ledger(folder / shard.ledger_name) as ledger:
        ledger.add(shard.select(CASES))
        for job in ledger.ids(Kind.CASE, State.WAITING):
            ledger.finish(Outcome(job, State.DONE, seconds=2.0), settings)


def test_each_scan_is_in_one_shard():
    parts = [Shard(number, 3).select(CASES) for number in (1, 2, 3)]
    assert sorted(case.id for part in parts for case in part) == sorted(case.id for case in CASES)
    assert all(len(part) >= 5 for part in parts)


def test_scans_that_are_compared_are_in_one_shard():
    chain = [Case(f"s{n}", (Path("/x"),), baseline_of=f"s{n + 1}" if n < 9 else None) for n in range(10)]
    sizes = sorted(len(Shard(number, 4).select(chain)) for number in (1, 2, 3, 4))
    assert sizes == [0, 0, 0, 10]


def test_a_circle_of_baselines_is_in_one_shard():
    circle = [Case(f"s{n}", (Path("/x"),), baseline_of=f"s{(n + 1) % 3}") for n in range(3)]
    assert sorted(len(Shard(number, 5).select(circle)) for number in range(1, 6)) == [0, 0, 0, 0, 3]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/2"])
def test_a_wrong_shard_is_refused(text: str):
    with raises(InputError, "cohort.shard_format", text=text):
        Shard.parse(text)


def test_merging_keeps_every_row(tmp_path: Path):
    for number in (1, 2):
        fill(tmp_path, Shard.parse(f"{number}/2"), {"model": "a"})
    with Ledger(merge(tmp_path)) as ledger:
        assert {entry.case.id for entry in ledger.entries()} == {case.id for case in CASES}
        assert sum(entry.outcome.seconds for entry in ledger.entries()) == 80.0
        assert all(entry.settings == {"model": "a"} for entry in ledger.entries())
    assert merge(tmp_path) == tmp_path / "ledger.sqlite"


def test_merging_refuses_missing_and_differing_shards(tmp_path: Path):
    with raises(InputError, "cohort.no_ledgers", folder=tmp_path):
        merge(tmp_path)
    fill(tmp_path, Shard(1, 2), {"model": "a"})
    with raises(InputError, "cohort.shard_missing", missing=1, count=2):
        merge(tmp_path)
    fill(tmp_path, Shard(2, 2), {"model": "b"})
    with raises(InputError, "cohort.shards_settings"):
        merge(tmp_path)
    fill(tmp_path, Shard(1, 3), {"model": "a"})
    with raises(InputError, "cohort.shards_differ"):
        merge(tmp_path)
    assert not (tmp_path / "ledger.sqlite").exists()
