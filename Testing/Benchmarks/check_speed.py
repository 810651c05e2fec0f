# SPDX-License-Identifier: Apache-2.0
"""Fail if segmenting and writing take much more processor time than they used to.

The processor time of a run, all files included, is divided by that of a fixed graph of convolutions that is run beside
it in the same process, so that the speed of the computer hardly matters. The limits are wide: they find work that is
done twice or on the whole scan, not a few per cent; `make bench` measures those.

    python Testing/Benchmarks/check_speed.py [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bench_segment import generated_head

from ICHSegmentationLib import pipeline, read_ct
from ICHSegmentationLib.core.process import rare_collections
from ICHSegmentationLib.models import LoadedModel
from ICHSegmentationLib.models.runtimes.quiet_openvino import openvino_core

LIMITS = {"segment": 12.0, "write": 2.4}
"""Largest processor time of a part relative to the graph: three times what was measured (4.1 and 0.8, with bf16)."""
_CHANNELS, _PIXELS, _LAYERS, _RUNS = 64, 192, 8, 8


def main() -> int:
    """Measure in turns, print the ratios, and return 1 if one is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    graph, loaded = fixed_graph(), LoadedModel()
    seconds: dict[str, list[float]] = {"graph": [], **{name: [] for name in LIMITS}}
    with tempfile.TemporaryDirectory(prefix="ichseg-speed-") as name, rare_collections():
        folder = Path(name)
        ct = generated_head(folder)
        for number in range(rounds + 1):
            volume = read_ct(ct)
            seconds["graph"].append(_processor_seconds(graph))
            started = time.process_time()
            case = pipeline.run(volume, loaded=loaded)
            segmented = time.process_time()
            pipeline.write_results(case, folder / str(number))
            seconds["segment"].append(segmented - started)
            seconds["write"].append(time.process_time() - segmented)
    # The first round loads the model and the libraries.
    graph_s = statistics.median(seconds["graph"][1:])
    print(f"graph: {graph_s:.2f} processor seconds")
    slow = False
    for part, limit in LIMITS.items():
        part_s = statistics.median(seconds[part][1:])
        slow |= part_s > limit * graph_s
        print(f"{part}: {part_s:.2f} processor seconds, {part_s / graph_s:.2f} of the graph; limit {limit:.1f}")
    if slow:
        print("Slower than the limit: see `make bench` for the stage.", file=sys.stderr)
    return int(slow)


def fixed_graph() -> Callable[[], object]:
    """Return a function that runs a fixed graph of convolutions several times in 32-bit arithmetic."""
    from openvino import Model, opset13

    data = opset13.parameter([1, _CHANNELS, _PIXELS, _PIXELS], np.float32)
    node = data
    kernel = np.full((_CHANNELS, _CHANNELS, 3, 3), 1 / (9 * _CHANNELS), dtype=np.float32)
    for _ in range(_LAYERS):
        node = opset13.relu(opset13.convolution(node, opset13.constant(kernel), [1, 1], [1, 1], [1, 1], [1, 1]))
    compiled = openvino_core().compile_model(Model([node], [data]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    values = np.ones((1, _CHANNELS, _PIXELS, _PIXELS), dtype=np.float32)
    return lambda: [compiled(values) for _ in range(_RUNS)]


def _processor_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
