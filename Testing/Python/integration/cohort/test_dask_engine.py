# SPDX-License-Identifier: Apache-2.0
"""Dask as the engine does what the local engine does."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.cohorts import fake_case, fake_environment
from builders.errors import raises

from ICHSegmentationLib.cohort import dask_engine
from ICHSegmentationLib.cohort.jobs import Outcome, State
from ICHSegmentationLib.cohort.ledger import Ledger
from ICHSegmentationLib.cohort.limited_worker import Limits, WorkerSettings
from ICHSegmentationLib.cohort.run import prepare, run_jobs
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.options import SegmentOptions

pytestmark = pytest.mark.slow


def test_without_dask_the_package_to_install_is_named(monkeypatch):
    monkeypatch.setattr(dask_engine, "find_spec", lambda _name: None)
    with raises(InputError, "cohort.dask_missing", option="--scheduler"):
        dask_engine.DaskEngine("local", 1, WorkerSettings(SegmentOptions()))


def test_a_local_cluster_does_each_scan_once_and_survives_a_crash(tmp_path: Path):
    pytest.importorskip("distributed", reason="needs Dask: pip install ichsegmentation[cohort]")
    environment = fake_environment(tmp_path / "fakes")
    actions = {"a": "ok", "b": "crash", "c": "ok", "d": "refuse", "e": "ok"}
    outcomes: list[Outcome] = []
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([fake_case(tmp_path / "scans", name, action) for name, action in actions.items()])
        prepare(ledger, {"model": "tiny"}, redo=False, retry_failed=False)
        settings = WorkerSettings(SegmentOptions(threads=1), Limits(300.0), environment)
        with dask_engine.DaskEngine("local", 1, settings) as engine:
            run_jobs(ledger, engine, {"model": "tiny"}, lambda outcome, _pace: outcomes.append(outcome))
        states = {entry.case.id: (entry.outcome.state, entry.outcome.code) for entry in ledger.entries()}
    assert states == {
        "a": (State.DONE, ""),
        "b": (State.FAILED, "worker.crashed"),
        "c": (State.DONE, ""),
        "d": (State.FAILED, "io.unknown_file"),
        "e": (State.DONE, ""),
    }
    assert len(outcomes) == 5


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    pytest.importorskip("distributed", reason="needs Dask: pip install ichsegmentation[cohort]")
    monkeypatch.setattr(dask_engine, "_CONNECT_S", 1)
    with raises(InputError, "cohort.dask_unreachable", address="tcp://127.0.0.1:9"):
        dask_engine.DaskEngine("tcp://127.0.0.1:9", 1, WorkerSettings(SegmentOptions()))
