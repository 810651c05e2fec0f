# SPDX-License-Identifier: Apache-2.0
"""Runs of a cohort: what a scan does to its process costs that scan only, and a killed run goes on."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from builders.cohorts import OneWorker, fake_case, fake_environment
from builders.errors import raises

from ICHSegmentationLib.cohort.engines import LocalEngine, settings_of_workers
from ICHSegmentationLib.cohort.jobs import Case, Job, Kind, Outcome, State
from ICHSegmentationLib.cohort.ledger import Ledger
from ICHSegmentationLib.cohort.limited_worker import LimitedWorker, Limits, WorkerSettings
from ICHSegmentationLib.cohort.run import prepare, run_jobs
from ICHSegmentationLib.cohort.tables import write_tables
from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.options import SegmentOptions

SETTINGS = {"model": "tiny", "checksum": "1" * 64}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def an_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return fake_environment(tmp_path_factory.mktemp("fake") / "path")


def worker_settings(environment: dict[str, str], seconds: float = 60.0, memory_mib: float | None = None):
    return WorkerSettings(SegmentOptions(threads=1), Limits(seconds, memory_mib), environment)


@pytest.fixture(scope="module")
def a_worker(an_environment):
    """A worker for all tests: it takes long to start on a busy computer."""
    worker = LimitedWorker(worker_settings(an_environment, 300.0, memory_mib=900.0))
    yield worker
    worker.close()


def run(ledger: Ledger, worker: LimitedWorker, **prepared: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    prepare(ledger, SETTINGS, **{"redo": False, "retry_failed": False, **prepared})
    run_jobs(ledger, OneWorker(worker), SETTINGS, lambda outcome, _pace: outcomes.append(outcome))
    return outcomes


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_scan_that_crashes_hangs_or_fills_the_memory_costs_that_scan_only(tmp_path, an_environment, a_worker):
    actions = {"a": "crash", "b": "ok", "c": "hang", "d": "ok", "e": "fill", "f": "refuse", "g": "ok"}
    # Short for the scan that hangs only: the others take longer on a busy computer.
    strict = LimitedWorker(worker_settings(an_environment, 3.0))
    outcomes = {}
    for name, action in actions.items():
        case = fake_case(tmp_path / "scans", name, action)
        worker = strict if action == "hang" else a_worker
        outcomes[name] = worker.run(Job(name, Kind.CASE, tmp_path, case))
    strict.close()

    assert {name: (outcome.state, outcome.code) for name, outcome in outcomes.items()} == {
        "a": (State.FAILED, "worker.crashed"),
        "b": (State.DONE, ""),
        "c": (State.FAILED, "cohort.time_limit"),
        "d": (State.DONE, ""),
        "e": (State.FAILED, "cohort.memory_limit"),
        "f": (State.FAILED, "io.unknown_file"),
        "g": (State.DONE, ""),
    }
    assert outcomes["c"].seconds >= 3.0
    assert outcomes["e"].peak_mib > 900.0
    assert 20.0 < outcomes["g"].peak_mib < 900.0
    assert outcomes["g"].warnings == ("The slices are tilted.",)
    assert outcomes["g"].model_sha256 == "0" * 64
    assert files(tmp_path / "cases") == [name + end for name in "bdg" for end in ("", "/measurements.json")]


def test_failed_scans_are_not_tried_again_by_themselves(tmp_path, a_worker):
    cases = [fake_case(tmp_path / "scans", "bad", "refuse"), fake_case(tmp_path / "scans", "good")]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add(cases)
        assert [outcome.state for outcome in run(ledger, a_worker)] == [State.FAILED, State.DONE]
        assert run(ledger, a_worker) == []
        cases[0].paths[0].write_text("ok")
        assert [outcome.id for outcome in run(ledger, a_worker, retry_failed=True)] == ["bad"]
        assert ledger.counts()[State.DONE] == 2


def test_lost_results_are_made_again(tmp_path, a_worker):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([fake_case(tmp_path / "scans", "x"), fake_case(tmp_path / "scans", "y")])
        run(ledger, a_worker)
        (tmp_path / "cases/y/measurements.json").unlink()
        assert [outcome.id for outcome in run(ledger, a_worker)] == ["y"]
        assert files(tmp_path / "cases") == ["x", "x/measurements.json", "y", "y/measurements.json"]


def test_a_changed_model_is_noticed(tmp_path, a_worker):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([fake_case(tmp_path / "scans", "x")])
        run(ledger, a_worker)
        changed = SETTINGS | {"checksum": "2" * 64}
        with raises(InputError, "cohort.settings_changed", names="checksum"):
            prepare(ledger, changed, redo=False, retry_failed=False)
        prepare(ledger, changed, redo=True, retry_failed=False)
        assert ledger.ids(Kind.CASE, State.WAITING) == ["x"]


def test_a_full_disk_stops_the_run_and_fails_no_scan(tmp_path, a_worker):
    cases = [fake_case(tmp_path / "scans", name, action) for name, action in (("a", "ok"), ("b", "full"), ("c", "ok"))]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add(cases)
        with raises(ICHSegmentationError, "cohort.stopped", id="b"):
            run(ledger, a_worker)
        assert ledger.ids(Kind.CASE, State.WAITING) == ["b", "c"]
        cases[1].paths[0].write_text("ok")
        assert [outcome.id for outcome in run(ledger, a_worker)] == ["b", "c"]


def test_a_comparison_without_its_scan_fails_in_one_sentence(tmp_path, a_worker):
    early, late = (fake_case(tmp_path / "scans", name, action) for name, action in (("a", "refuse"), ("b", "ok")))
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([Case(early.id, early.paths, baseline_of="b"), late])
        outcomes = run(ledger, a_worker)
        assert [(outcome.id, outcome.code) for outcome in outcomes] == [
            ("a", "io.unknown_file"),
            ("b", ""),
            ("a--b", "cohort.baseline_failed"),
        ]


def test_the_tables_have_a_row_for_each_scan_and_lesion(tmp_path, a_worker):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([fake_case(tmp_path / "scans", "x"), fake_case(tmp_path / "scans", "y", "refuse")])
        run(ledger, a_worker)
        write_tables(ledger, tmp_path)
    with (tmp_path / "cohort.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    wanted = ("row", "id", "state", "IPH_ml", "SDH_ml", "lesions", "lesion", "lesion_subtype", "lesion_volume_ml")
    assert [tuple(row[name] for name in wanted) for row in rows] == [
        ("case", "x", "done", "12.340", "0.000", "1", "", "", ""),
        ("lesion", "x", "done", "", "", "", "1", "IPH", rows[1]["lesion_volume_ml"]),
        ("case", "y", "failed", "", "", "", "", "", ""),
    ]
    assert float(rows[1]["lesion_volume_ml"]) > 0
    with (tmp_path / "errors.csv").open() as stream:
        errors = list(csv.DictReader(stream))
    assert [(row["id"], row["code"]) for row in errors] == [("y", "io.unknown_file")]


def test_parquet_has_the_same_rows_as_the_csv(tmp_path, a_worker):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install ichsegmentation[cohort]")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([fake_case(tmp_path / "scans", "x")])
        run(ledger, a_worker)
        write_tables(ledger, tmp_path)
    rows = parquet.read_table(tmp_path / "cohort.parquet").to_pylist()
    assert [(row["row"], row["IPH_ml"], row["lesion_subtype"]) for row in rows] == [
        ("case", 12.34, None),
        ("lesion", None, "IPH"),
    ]


def test_two_workers_do_each_scan_once(tmp_path, an_environment):
    outcomes: list[Outcome] = []
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add([fake_case(tmp_path / "scans", f"s{number}", "sleep 0.1") for number in range(12)])
        prepare(ledger, SETTINGS, redo=False, retry_failed=False)
        with LocalEngine(2, worker_settings(an_environment)) as engine:
            run_jobs(ledger, engine, SETTINGS, lambda outcome, _pace: outcomes.append(outcome))
        assert sorted(outcome.id for outcome in outcomes) == sorted(f"s{number}" for number in range(12))
        assert ledger.counts()[State.DONE] == 12


def test_each_worker_takes_one_graphics_card(monkeypatch):
    settings = WorkerSettings(SegmentOptions(device="cuda"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    found = settings_of_workers(2, settings)
    assert [one.environment["CUDA_VISIBLE_DEVICES"] for one in found] == ["2", "5"]
    with raises(InputError, "cohort.no_cards", cards=2, workers=3):
        settings_of_workers(3, settings)


RUNNER = """
import sys
from pathlib import Path
from ICHSegmentationLib.cohort.engines import LocalEngine
from ICHSegmentationLib.cohort.jobs import Case
from ICHSegmentationLib.cohort.ledger import Ledger
from ICHSegmentationLib.cohort.limited_worker import WorkerSettings
from ICHSegmentationLib.cohort.run import prepare, run_jobs
from ICHSegmentationLib.core.options import SegmentOptions
root, scans, fakes = map(Path, sys.argv[1:])
with Ledger(root / "ledger.sqlite") as ledger:
    ledger.add([Case(path.stem, (path,)) for path in sorted(scans.iterdir())])
    prepare(ledger, {"model": "tiny"}, redo=False, retry_failed=False)
    print("ready", flush=True)
    with LocalEngine(2, WorkerSettings(SegmentOptions(threads=1), environment={"PYTHONPATH": str(fakes)})) as engine:
        run_jobs(ledger, engine, {"model": "tiny"}, lambda outcome, pace: print(outcome.id, flush=True))
"""


def test_a_run_killed_at_random_moments_does_every_scan_once(tmp_path):
    fakes, scans, root = tmp_path / "fakes", tmp_path / "scans", tmp_path / "out"
    fake_environment(fakes)
    for number in range(16):
        fake_case(scans, f"s{number:02d}", "sleep 0.3")
    generator = random.Random(20)
    command = [sys.executable, "-c", RUNNER, str(root), str(scans), str(fakes)]
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # Most of the time goes into starting the workers; a first outcome shows that they run.
        process.stdout.readline()
        time.sleep(generator.uniform(0.0, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    subprocess.run(command, check=True, capture_output=True)

    with Ledger(root / "ledger.sqlite") as ledger:
        states = {entry.case.id: entry.outcome.state for entry in ledger.entries()}
    assert states == {f"s{number:02d}": State.DONE for number in range(16)}
    folders = [path.name for path in sorted((root / "cases").iterdir())]
    assert folders == sorted(states)
    assert all((root / "cases" / name / "measurements.json").is_file() for name in folders)
