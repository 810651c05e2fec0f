# SPDX-License-Identifier: Apache-2.0
"""Operations, seconds and memory of each installed model for a generated head of 40 slices, written as JSON.

Each model runs in separate processes. Operations are those of all networks of the system for the whole head (a detector
and all crops, all patches), counted by torch's FlopCounterMode with a multiply-add as two; attention is decomposed into
matrix products for the count. Seconds are the median of several runs with the model loaded; memory is the peak resident
memory of the whole process with the default runtime on a CPU. `ichseg evaluate --costs` reads the file.

    python Testing/Benchmarks/bench_models.py OUTPUT [--model NAME]... [--repeats N] [--threads N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.models import ModelEntry, get_model, load_manifest
from ICHSegmentationLib.systems import available_models

SHAPE, SPACING_MM = (40, 512, 512), (4.0, 0.45, 0.45)
_MIB_OF = {"darwin": 2**20}  # ru_maxrss is bytes there, KiB elsewhere


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", action="append", help="default: all that segment")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--step", choices=("make", "time", "count"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    steps = {"make": _make, "time": _time, "count": _count}
    if options.step:
        print(json.dumps(steps[options.step](options)))
        return
    entries = [get_model(name) for name in options.model] if options.model else available_models(load_manifest())
    with tempfile.TemporaryDirectory() as folder:
        head = Path(folder) / "head.npz"
        _in_own_process("make", head, options)
        models = {entry.name: _measure(entry, head, options) for entry in entries}
    content = {"threads": options.threads, "slices": SHAPE[0], "models": models}
    write_text(options.output, json.dumps(content, indent=2) + "\n")


def _measure(entry: ModelEntry, head: Path, options: argparse.Namespace) -> dict[str, Any]:
    cost = {"fingerprint": entry.fingerprint, **_in_own_process("time", head, options, entry.name)}
    cost |= _in_own_process("count", head, options, entry.name) if entry.has_weights else {"gflop": None}
    print(entry.name, {key: value for key, value in cost.items() if key != "fingerprint"}, flush=True)
    return cost


def _in_own_process(step: str, head: Path, options: argparse.Namespace, model: str = "") -> dict[str, Any]:
    """Run a step in a separate process. The parent imports little: a child's peak starts at its parent's memory."""
    command = [sys.executable, __file__, str(head), "--step", step, "--repeats", str(options.repeats)]
    command += ["--threads", str(options.threads), *(("--model", model) if model else ())]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _make(options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np

    from ICHSegmentationLib.core.subtypes import Subtype
    from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutCase
    from ICHSegmentationLib.research.simulation.simulate import simulated_ct

    volume = simulated_ct(1, subtypes=[Subtype.IPH], shape=SHAPE, spacing_mm=SPACING_MM).volume
    nothing = np.zeros(SHAPE, dtype=np.uint8)
    HeldOutCase(volume, nothing, nothing.astype(bool)).write(options.output)
    return {}


def _time(options: argparse.Namespace) -> dict[str, Any]:
    from ICHSegmentationLib import pipeline
    from ICHSegmentationLib.models import LoadedModel
    from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutCase

    volume, loaded = HeldOutCase.read(options.output).volume, LoadedModel()
    seconds = []
    for _ in range(options.repeats + 1):
        result = pipeline.segment(volume, options.model[0], "cpu", threads=options.threads, loaded=loaded)
        seconds.append(sum(taken for stage, taken in result.timings_s.items() if stage != "load"))
    return {"seconds": statistics.median(seconds[1:]), "peak_mib": _peak_mib()}


def _count(options: argparse.Namespace) -> dict[str, Any]:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    from ICHSegmentationLib import pipeline
    from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutCase

    volume = HeldOutCase.read(options.output).volume
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        pipeline.segment(volume, options.model[0], "cpu", runtime="torch", threads=options.threads)
    return {"gflop": counter.get_total_flops() / 1e9}


def _peak_mib() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB_OF.get(sys.platform, 2**10)


if __name__ == "__main__":
    main()
