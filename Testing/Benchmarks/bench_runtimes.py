# SPDX-License-Identifier: Apache-2.0
"""Seconds that each runtime takes to start and to run a head, each in a separate process.

    python Testing/Benchmarks/bench_runtimes.py [--model NAME | --system transhardnet --preset compact] [--size 256]

Without --model the network has random weights, which take the same time. "cpu" is the processor time of all threads,
less affected by other programs than wall time. OpenVINO is measured with an empty cache (first) and a filled one
(cached).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
Laps = dict[str, tuple[float, float]]


@contextmanager
def lap(laps: Laps, name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    laps[name] = (time.perf_counter() - wall, time.process_time() - cpu)


def measure(arguments: argparse.Namespace) -> None:
    """Start one runtime, run it twice and print the times as JSON; runs in the child process."""
    laps: Laps = {}
    with lap(laps, "import"):
        import numpy as np

        from ICHSegmentationLib.models import get_model, load_runtime
        from ICHSegmentationLib.models.manifest import MODELS_FOLDER
        from ICHSegmentationLib.systems import network_for

        entry = get_model(arguments.model or "default", folder=arguments.folder or MODELS_FOLDER)
    with lap(laps, "load"):
        runtime = load_runtime(
            entry,
            build=network_for,
            device=arguments.device,
            runtime=arguments.runtime,
            threads=arguments.threads or None,
        )
    shape = (arguments.slices, entry.input_spec.channels, arguments.size, arguments.size)
    images = np.random.default_rng(0).random(shape, dtype=np.float32)
    with lap(laps, "one slice"):
        runtime.probabilities(images[:1])
    with lap(laps, "head"):
        runtime.probabilities(images)
    with lap(laps, "again"):
        runtime.probabilities(images)
    record = {
        "laps": laps,
        "info": vars(runtime.info),
        "torch": "torch" in sys.modules,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(record))


def register_random_model(arguments: argparse.Namespace, folder: Path) -> None:
    from ICHSegmentationLib.models import publish
    from ICHSegmentationLib.systems import build_network, network_for

    fields = {
        "name": f"{arguments.system}-{arguments.preset}",
        "system": arguments.system,
        "preset": arguments.preset,
        "classes": ["background", "EDH", "SDH", "SAH", "IPH", "IVH"],
        "window_hu": [0, 80],
        "pixel_mm": 1.0,
        "neighbours": 1,
        "neighbour_distance_mm": 5.0,
        "training_data": "none, random weights",
        "licence": "Apache-2.0",
        "non_commercial": False,
        "reference_seconds": 0,
        "card": "",
    }
    network = build_network(arguments.system, arguments.preset, in_channels=3)
    publish.register_model(fields, network.state_dict(), build=network_for, folder=folder)


def run_child(arguments: list[str], *, runtime: str, device: str, cache: Path) -> None:
    command = [sys.executable, __file__, *arguments, "--child", "--runtime", runtime, "--device", device]
    paths = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"ICHSEG_CACHE": str(cache), "PYTHONPATH": paths}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    record = json.loads(done.stdout)
    laps = "  ".join(f"{name} {wall:.2f}/{cpu:.2f}" for name, (wall, cpu) in record["laps"].items())
    info = record["info"]
    print(f"  {laps}  peak {record['peak_mb']:.0f} MB  torch {'yes' if record['torch'] else 'no'}")
    print(f"  ({info['backend']} {info['precision']} on {info['device']}, {info['threads']} threads)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="an installed model")
    parser.add_argument("--system", default="transhardnet")
    parser.add_argument("--preset", default="compact")
    parser.add_argument("--size", type=int, default=256, help="rows and columns")
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--cuda", action="store_true", help="measure the graphics card too")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--runtime", default="auto", help=argparse.SUPPRESS)
    parser.add_argument("--device", default="auto", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        measure(arguments)
        return

    with tempfile.TemporaryDirectory() as temporary:
        passed = sys.argv[1:]
        if not arguments.model:
            sys.path.insert(0, str(REPOSITORY))
            register_random_model(arguments, Path(temporary))
            passed += ["--folder", temporary]
        cache = Path(temporary) / "cache"
        print(f"{arguments.slices} slices of {arguments.size} x {arguments.size}; seconds wall/cpu")
        for title, runtime, device in [
            ("OpenVINO, first start", "openvino", "cpu"),
            ("OpenVINO, cached", "openvino", "cpu"),
            ("OpenVINO, cached, again", "openvino", "cpu"),
            ("torch, processor", "torch", "cpu"),
            *([("torch, graphics card", "torch", "cuda")] if arguments.cuda else []),
        ]:
            print(title)
            run_child(passed, runtime=runtime, device=device, cache=cache)


if __name__ == "__main__":
    main()
