# SPDX-License-Identifier: Apache-2.0
"""Kill the command and the worker at random moments and check that no result is lost or mixed.

    python Testing/Fuzz/kills.py --command 200 --worker 100 --seed 1

Two small simulated scans are segmented in turn into one folder. The command is killed by SIGKILL, SIGTERM or SIGHUP;
the next run then has to find the old or the new result whole and to leave no temporary file. The worker is killed by
SIGKILL; the next request has to give the volumes of an undisturbed worker, and the folder of the killed one has
to be gone. Takes the time of as many runs. Exit code 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pydicom

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.storage.replacing import finish_replacing
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.formats import RESULT_FILES
from ICHSegmentationLib.research.simulation import simulated_ct
from ICHSegmentationLib.research.simulation.dicom_series import write_dicom_series
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient

_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
_UNCHANGING = ("segmentation.seg.nrrd", "labels.nii.gz", "boxes.json", "measurements.csv", "slices.png")
_COMMAND = (sys.executable, "-m", "ICHSegmentationLib.cli")


def main() -> int:
    """Run the kills; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", type=int, default=200, metavar="N", help="kills of `ichseg segment`")
    parser.add_argument("--worker", type=int, default=100, metavar="N", help="kills of the worker")
    parser.add_argument("--seed", type=int, default=1, help="the same seed chooses the same moments")
    parser.add_argument("--model", default="em")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name)
        for seed, (scan, subtype) in enumerate((("a", Subtype.IPH), ("b", Subtype.EDH)), start=1):
            head = simulated_ct(4, subtypes=(subtype,), shape=(16, 72, 72), spacing_mm=(9.0, 3.0, 3.0))
            write_dicom_series(folder / scan / "dicom", head.volume, seed=seed)
        faults = kill_commands(folder, arguments.command, arguments.model, chance)
        faults += kill_workers(folder, arguments.worker, arguments.model, chance)
    for fault in faults:
        print("FAULT", fault)
    return int(bool(faults))


def kill_commands(folder: Path, count: int, model: str, chance: random.Random) -> list[str]:
    """Kill the command; return what went wrong."""
    output, faults, ends = folder / "out", [], Counter[str]()
    sides, duration = {}, _Duration()
    for scan in ("a", "b"):
        with duration.of_run():
            _segment(folder / scan, output, model)
        sides[scan] = _fingerprints(output)
    assert sides["a"] != sides["b"]
    names, now = {path.name for path in output.iterdir()}, "b"
    for number in range(count):
        other = "a" if now == "b" else "b"
        kind = chance.choice(_SIGNALS)
        # Half of the kills while files are written.
        wait_s = duration.seconds * (chance.random() if number % 2 else 0.6 + 0.45 * chance.random())
        started = time.perf_counter()
        process = subprocess.Popen([*_COMMAND, *_segment_arguments(folder / other, output, model)])
        try:
            process.wait(wait_s)
            duration.finished(time.perf_counter() - started)
            ends["finished"] += 1
        except subprocess.TimeoutExpired:
            process.send_signal(kind)
            process.wait()
            duration.killed()
            ends[kind.name] += 1
        left = [path.name for path in output.iterdir() if path.name.startswith(".")]
        ends["left files"] += bool(left)
        if left and kind is not signal.SIGKILL:
            faults.append(
                f"kill {number}: {kind.name} after {wait_s:.2f} s left {left}, exit code {process.returncode}"
            )
        finish_replacing(output)
        found = {path.name for path in output.iterdir()}
        side = next((scan for scan, prints in sides.items() if prints == _fingerprints(output)), None)
        if side is None or found != names:
            faults.append(
                f"kill {number}: {kind.name} after {wait_s:.2f} s: neither result whole, {sorted(found ^ names)}"
            )
            _segment(folder / "b", output, model)
            side = "b"
        ends["new result" if side == other else "old result"] += 1
        now = side
        if number % 20 == 19:
            print(f"  {number + 1} kills, {len(faults)} faults", flush=True)
    print(f"command: {count} kills, a run takes {duration.seconds:.1f} s, {dict(ends)}, {len(faults)} faults")
    return faults


def kill_workers(folder: Path, count: int, model: str, chance: random.Random) -> list[str]:
    """Kill the worker; return what went wrong."""
    faults, ends = [], Counter[str]()
    volume, options = read_ct(folder / "a" / "dicom"), SegmentOptions(model=model)
    place = folder / "temporary"
    place.mkdir()
    tempfile.tempdir = str(place)
    with WorkerClient() as client:
        duration = _Duration()
        expected = client.segment(volume, options).measurements.volumes_ml
        with duration.of_run():
            client.segment(volume, options)
        for number in range(count):
            pid = client.pid
            timer = threading.Timer(1.05 * duration.seconds * chance.random(), _kill, [pid])
            started = time.perf_counter()
            timer.start()
            try:
                client.segment(volume, options)
                duration.finished(time.perf_counter() - started)
                ends["finished"] += 1
            except ICHSegmentationError as error:
                duration.killed()
                ends[type(error).__name__] += 1
            timer.join()
            _wait_for_end(pid)
            volumes = client.segment(volume, options).measurements.volumes_ml
            if volumes != expected:
                faults.append(f"worker kill {number}: {volumes} in place of {expected}")
            if pid != client.pid and _is_alive(pid):
                faults.append(f"worker kill {number}: process {pid} goes on")
            if len(list(place.iterdir())) != 1:
                faults.append(f"worker kill {number}: folders left: {[path.name for path in place.iterdir()]}")
    if list(place.iterdir()):
        faults.append("the last worker left its folder")
    print(f"worker: {count} kills, a request takes {duration.seconds:.1f} s, {dict(ends)}, {len(faults)} faults")
    return faults


class _Duration:
    """Time of an undisturbed run, which changes with the load of the computer."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextlib.contextmanager
    def of_run(self) -> Iterator[None]:
        """Measure a run."""
        started = time.perf_counter()
        yield
        self.finished(time.perf_counter() - started)

    def finished(self, seconds: float) -> None:
        """Take the time of a run that finished."""
        self.seconds = seconds

    def killed(self) -> None:
        """Allow for a computer that has become slower: a killed run does not say how long it would have taken."""
        self.seconds *= 1.01


def _segment_arguments(scan: Path, output: Path, model: str) -> list[str]:
    return ["segment", str(scan / "dicom"), "--output", str(output), "--model", model, "--overwrite", "--quiet"]


def _segment(scan: Path, output: Path, model: str) -> None:
    _run(*_segment_arguments(scan, output, model))


def _run(*arguments: object) -> None:
    subprocess.run([*_COMMAND, *map(str, arguments)], check=True)


def _fingerprints(output: Path) -> dict[str, object]:
    """Return what tells in each file which scan it is of; the others hold the time of the run."""
    prints: dict[str, object] = {
        name: hashlib.sha256((output / name).read_bytes()).hexdigest() if (output / name).exists() else None
        for name in _UNCHANGING
    }
    record = output / "measurements.json"
    prints[record.name] = json.loads(record.read_text())["volumes_ml"] if record.exists() else None
    for path in (output / name for name in RESULT_FILES if name.endswith(".dcm")):
        prints[path.name] = str(pydicom.dcmread(path).StudyInstanceUID) if path.exists() else None
    return prints


def _kill(pid: int) -> None:
    if _is_alive(pid):
        os.kill(pid, signal.SIGKILL)


def _wait_for_end(pid: int) -> None:
    """Wait until all threads of a killed child have ended; its exit code is left for the client."""
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
