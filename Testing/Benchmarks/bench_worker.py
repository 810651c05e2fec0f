# SPDX-License-Identifier: Apache-2.0
"""Seconds of a worker's first and later requests, and of cancelling.

Figures, not a test. "outside" is what the client waits for beyond the worker's own stages: the start of the process,
messages, the hand-over of the scan (the first time) and of the labels. A cancel is sent at the start of each stage,
with the model loaded; a worker that does not stop in time is killed, and the next request has to start another.

    python Testing/Benchmarks/bench_worker.py [CT] [--model NAME] [--repeats N] [--threads N]

Without CT the GE series of ``../shared/data`` is used, or a generated head if it is missing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.errors import CancelledError
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient

GE_SERIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "ge-head-ct"
STAGES = ("load", "preprocess", "infer", "postprocess")


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ct", nargs="?", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ichseg-bench-") as folder:
        volume = read_ct(wanted.ct or (GE_SERIES if GE_SERIES.is_dir() else _generated_head(Path(folder))))
    options = SegmentOptions(model=wanted.model, threads=wanted.threads)
    print(f"{volume.hu.shape} voxels, {wanted.repeats} later requests")
    with WorkerClient() as client:
        runs = [_segment(client, volume, options) for _ in range(wanted.repeats + 1)]
        _print_runs(runs[0], runs[1:])
        for stage in STAGES:
            _print_cancel(stage, [_cancel(client, volume, options, stage) for _ in range(wanted.repeats)])


def _generated_head(folder: Path) -> Path:
    from ICHSegmentationLib.cli.commands.demo import SCAN_NAME, generate

    generate(folder, seed=1)
    return folder / SCAN_NAME


def _segment(client: WorkerClient, volume, options) -> dict[str, float]:
    started = time.perf_counter()
    answer = client.segment(volume, options)
    wall = time.perf_counter() - started
    timings = dict(answer.segmentation.timings_s)
    return {"outside": wall - timings.pop("total"), **timings, "total": wall}


def _cancel(client: WorkerClient, volume, options, stage: str) -> tuple[float, bool]:
    """Return the seconds from the cancel to the end, and whether the worker still runs."""
    if client.pid is None:
        client.segment(volume, options)
    reached, asked = [], []

    def cancel() -> bool:
        if reached and not asked:
            asked.append(time.perf_counter())
        return bool(asked)

    def progress(name: str, _fraction: float) -> None:
        if name == stage:
            reached.append(name)

    try:
        client.segment(volume, options, progress=progress, cancel=cancel)
    except CancelledError:
        return time.perf_counter() - asked[0], client.pid is not None
    message = f"the work was over before it could be cancelled in the stage {stage}"
    raise SystemExit(message)


def _print_runs(first: dict[str, float], later: list[dict[str, float]]) -> None:
    print(f"{'seconds':<14}{'first':>10}{'later, median':>16}")
    for name, seconds in first.items():
        print(f"{name:<14}{seconds:>10.3f}{statistics.median(run[name] for run in later):>16.3f}")


def _print_cancel(stage: str, cancels: list[tuple[float, bool]]) -> None:
    seconds = [value for value, _ in cancels]
    lived = sum(lives for _, lives in cancels)
    print(
        f"cancelled at the start of {stage:<12} median {statistics.median(seconds):.3f} s, "
        f"most {max(seconds):.3f} s; the worker lived {lived} of {len(cancels)} times"
    )


if __name__ == "__main__":
    sys.exit(main())
