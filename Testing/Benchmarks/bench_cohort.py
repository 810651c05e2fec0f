# SPDX-License-Identifier: Apache-2.0
"""Scans per hour of a cohort, the costs of a scan, and the ledger after kills at random moments.

    python Testing/Benchmarks/bench_cohort.py --scans 500 --kills 20
    python Testing/Benchmarks/bench_cohort.py --scans 12 --compared 12 --kills 3       # a quick look

Generated heads of 16 slices, every tenth of 40, as DICOM series. Some of them are segmented by one worker process that
a script keeps loaded, by a cohort with one process and by one with two, each with one thread; then all of them by a
cohort with two processes, and by one that is killed. Numbers are comparable only if nothing else runs on the computer:
the load average is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))

import psutil
from builders.dicom import write_series
from builders.label_maps import head_grid
from builders.simple_head import head_hu

from ICHSegmentationLib.cohort.jobs import State
from ICHSegmentationLib.cohort.ledger import LEDGER_NAME, Ledger
from ICHSegmentationLib.cohort.limited_worker import WorkerSettings
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient
from ICHSegmentationLib.worker.protocol.messages import CaseRequest

_MIB = 1 << 20
_STAGES = {
    "reading": ("read",),
    "network": ("load", "infer"),
    "preparing": ("preprocess",),
    "measuring": ("postprocess", "measure"),
    "writing": ("write",),
}


def make_scans(folder: Path, count: int, size: int) -> None:
    """Write the series."""
    for number in range(count):
        slices = 40 if number % 10 == 9 else 16
        grid = head_grid(
            [150.0 / slices] * (slices - 1), tilt_deg=0, rows=size, columns=size, spacing_mm=(240 / size,) * 2
        )
        write_series(folder / f"s{number:04d}", head_hu(grid), grid, series_uid=f"1.2.{number + 1}")


def write_list(folders: list[Path], path: Path) -> Path:
    """Write the list of a cohort."""
    path.write_text("path,id\n" + "".join(f"{folder.name},{folder.name}\n" for folder in folders))
    return path


def loaded_worker(folders: list[Path], output: Path, model: str) -> dict[str, float]:
    """Segment all scans in one process that stays loaded; return seconds and processor seconds per scan."""
    options = SegmentOptions(model=model, threads=1)
    with WorkerClient(environment=WorkerSettings(options).variables()) as client:
        client.run_case(CaseRequest(id=0, paths=(folders[0],), folder=output / "first", options=options))
        assert client.pid is not None
        process = psutil.Process(client.pid)
        before, started = sum(process.cpu_times()[:2]), time.perf_counter()
        for folder in folders:
            client.run_case(CaseRequest(id=0, paths=(folder,), folder=output / folder.name, options=options))
        seconds = (time.perf_counter() - started) / len(folders)
        return {"seconds": seconds, "cpu_s": (sum(process.cpu_times()[:2]) - before) / len(folders)}


def command(list_file: Path, output: Path, workers: int, model: str) -> list[str]:
    """Return the command of a cohort."""
    options = ["--workers", str(workers), "--model", model, "--quiet"]
    return [sys.executable, "-m", "ICHSegmentationLib.cli", "cohort", str(list_file), "--output", str(output), *options]


def cohort(list_file: Path, output: Path, workers: int, model: str) -> dict[str, float]:
    """Run a cohort; return its numbers."""
    started = time.perf_counter()
    subprocess.run(command(list_file, output, workers, model), check=True)
    seconds = time.perf_counter() - started
    with Ledger(output / LEDGER_NAME) as ledger:
        outcomes = [entry.outcome for entry in ledger.entries()]
    assert all(outcome.state is State.DONE for outcome in outcomes)
    numbers = {
        "seconds": seconds,
        "scans_per_hour": 3600 * len(outcomes) / seconds,
        "cpu_s": fmean(outcome.cpu_s for outcome in outcomes),
        "peak_mib": max(outcome.peak_mib for outcome in outcomes),
        "result_mib": sum(path.stat().st_size for path in output.rglob("*")) / _MIB / len(outcomes),
    }
    total = sum(outcome.timings_s["total"] for outcome in outcomes)
    for name, stages in _STAGES.items():
        numbers[f"share_{name}"] = sum(o.timings_s.get(stage, 0.0) for o in outcomes for stage in stages) / total
    return numbers


def killed(list_file: Path, output: Path, kills: int, seconds: float, model: str) -> dict[str, int]:
    """Kill a run at random moments, let it end, and count the states and folders."""
    generator = random.Random(0)
    for _ in range(kills):
        process = subprocess.Popen(command(list_file, output, 2, model))
        try:
            process.wait(generator.uniform(0.0, 2.0) * seconds / max(1, kills) + 1.0)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    subprocess.run(command(list_file, output, 2, model), check=True)
    with Ledger(output / LEDGER_NAME) as ledger:
        states = Counter(entry.outcome.state.value for entry in ledger.entries())
    folders = list((output / "cases").iterdir())
    complete = sum((folder / "measurements.json").is_file() for folder in folders)
    return {**states, "folders": len(folders), "complete": complete}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=500)
    parser.add_argument("--compared", type=int, default=60, help="scans for the comparison of one process with two")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--size", type=int, default=512, help="rows and columns")
    parser.add_argument("--model", default="default")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="bench-cohort-"))
    try:
        scans = work / "scans"
        make_scans(scans, arguments.scans, arguments.size)
        folders = sorted(scans.iterdir())
        some = folders[: arguments.compared]
        all_scans, some_scans = write_list(folders, scans / "all.csv"), write_list(some, scans / "some.csv")
        scan_mib = sum(path.stat().st_size for path in scans.rglob("*.dcm")) / _MIB / arguments.scans
        report: dict[str, object] = {"load_average": os.getloadavg(), "scan_mib": scan_mib}
        report["loaded worker"] = alone = loaded_worker(some, work / "alone", arguments.model)
        report["one process"] = one = cohort(some_scans, work / "one", 1, arguments.model)
        report["two processes"] = two = cohort(some_scans, work / "two", 2, arguments.model)
        report["cpu_ratio"] = one["cpu_s"] / alone["cpu_s"]
        report["speed_up"] = one["seconds"] / two["seconds"]
        report["all scans"] = whole = cohort(all_scans, work / "all", 2, arguments.model)
        if arguments.kills:
            report["killed"] = killed(all_scans, work / "killed", arguments.kills, whole["seconds"], arguments.model)
        print(json.dumps(report, indent=2))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
