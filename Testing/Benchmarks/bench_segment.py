# SPDX-License-Identifier: Apache-2.0
"""Seconds of each stage and peak memory of ``ichseg segment``, in fresh processes and with the model loaded.

Medians of several runs, and each stage's fraction of the total. The first fresh process is not counted, because it may
convert and compile the model for the user's cache.

    python Testing/Benchmarks/bench_segment.py [CT] [--model NAME] [--repeats N] [--threads N]

Without CT the GE series of ``../shared/data`` is used, or a generated head if it is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

GE_SERIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "ge-head-ct"
Runs = list[dict[str, float]]


def main() -> int:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ct", nargs="?", type=Path)
    parser.add_argument("--model", default="default", help="an installed model, or one of ICHSEG_MODELS")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--loaded-in-this-process", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.loaded_in_this_process:
        print(json.dumps(_loaded(wanted)))
        return 0
    with tempfile.TemporaryDirectory(prefix="ichseg-bench-") as folder:
        ct = wanted.ct or (GE_SERIES if GE_SERIES.is_dir() else generated_head(Path(folder)))
        print(f"{ct}: {wanted.repeats} runs each, {wanted.threads or os.cpu_count()} threads, seconds as medians")
        fresh = [fresh_run(ct, Path(folder) / str(run), wanted) for run in range(wanted.repeats + 1)][1:]
        loaded = loaded_runs(ct, wanted)
    _print_table(fresh, loaded)
    return 0


def generated_head(folder: Path) -> Path:
    """Write a generated head, and return its path."""
    from ICHSegmentationLib.cli.commands.demo import SCAN_NAME, generate

    generate(folder, seed=1)
    return folder / SCAN_NAME


def fresh_run(ct: Path, output: Path, wanted: argparse.Namespace) -> dict[str, float]:
    """Run the command in a separate process; return seconds of each stage, processor seconds and peak memory."""
    command = [sys.executable, "-m", "ICHSegmentationLib.cli", "segment", str(ct), "--output", str(output), "--quiet"]
    command += ["--model", wanted.model]
    command += ["--threads", str(wanted.threads)] if wanted.threads else []
    used = run_process(command)
    stages = json.loads((output / "measurements.json").read_text(encoding="utf-8"))["timings_s"]
    inside = stages.pop("total", sum(stages.values()))
    return {"start": used["total"] - inside, **stages, **used}


def run_process(command: Sequence[str], env: Mapping[str, str] | None = None) -> dict[str, float]:
    """Run a program; return its seconds ("total"), processor seconds ("processor") and peak memory ("peak_gb")."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(process.returncode)
    seconds = usage.ru_utime + usage.ru_stime
    return {"total": wall, "processor": seconds, "peak_gb": usage.ru_maxrss * 1024 / 1e9}


def loaded_runs(ct: Path, wanted: argparse.Namespace) -> Runs:
    """Segment repeatedly in one process with the model loaded."""
    arguments = [sys.executable, __file__, str(ct), "--repeats", str(wanted.repeats), "--loaded-in-this-process"]
    arguments += ["--model", wanted.model]
    arguments += ["--threads", str(wanted.threads)] if wanted.threads else []
    runs: Runs = json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)
    return runs


def _loaded(wanted: argparse.Namespace) -> Runs:
    """Segment repeatedly in this process; the first run loads the model and is not counted."""
    import resource

    from ICHSegmentationLib import pipeline, read_ct
    from ICHSegmentationLib.models import LoadedModel

    runs, loaded = [], LoadedModel()
    with tempfile.TemporaryDirectory(prefix="ichseg-bench-") as folder:
        for run in range(wanted.repeats + 1):
            started, processor_started = time.perf_counter(), time.process_time()
            volume = read_ct(wanted.ct)
            read_s = time.perf_counter() - started
            case = pipeline.run(volume, wanted.model, threads=wanted.threads, loaded=loaded)
            write_started = time.perf_counter()
            pipeline.write_results(case, Path(folder) / str(run))
            ended = time.perf_counter()
            stages = case.known_record().timings_s
            runs.append({"read": read_s, **stages, "write": ended - write_started, "total": ended - started})
            runs[-1]["processor"] = time.process_time() - processor_started
            runs[-1]["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return runs[1:]


def _print_table(fresh: Runs, loaded: Runs) -> None:
    columns = [{name: statistics.median(run[name] for run in runs) for name in runs[0]} for runs in (fresh, loaded)]
    print(f"{'':<14}{'fresh process':>16}{'%':>7}{'model loaded':>16}{'%':>7}{'loaded/fresh':>14}")
    for name in columns[0]:
        line = f"{name:<14}"
        for column in columns:
            if name not in column:
                line += f"{'-':>16}{'':>7}"
            elif name in ("processor", "peak_gb"):
                line += f"{column[name]:>16.2f}{'':>7}"
            else:
                line += f"{column[name]:>16.3f}{column[name] / column['total']:>7.0%}"
        if name in columns[1] and columns[0][name] > 0:
            line += f"{columns[1][name] / columns[0][name]:>14.2f}"
        print(line)


if __name__ == "__main__":
    sys.exit(main())
