# SPDX-License-Identifier: Apache-2.0
"""Seconds of a patch-wise system for a head of 40 slices, and of finding the opposite side of the head.

Medians of several runs in one process with the model loaded, each stage's fraction of the total, and the factor by
which SimpleITK takes longer to register the scan's mirror image without using the symmetry.

    python Testing/Benchmarks/bench_patches.py [--model NAME] [--repeats N] [--threads N]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from ICHSegmentationLib import pipeline
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.preprocessing.brain import brain_mask
from ICHSegmentationLib.preprocessing.midsagittal import find_midsagittal_plane
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.registration import register
from ICHSegmentationLib.research.simulation.simulate import simulated_ct

SHAPE, SPACING_MM = (40, 512, 512), (4.0, 0.45, 0.45)
Found = TypeVar("Found")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="se_unet_3d-compact")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    spec = get_model(options.model).input_spec
    volume = simulated_ct(1, subtypes=[Subtype.IPH], shape=SHAPE, spacing_mm=SPACING_MM).volume
    mirrored = CTVolume(np.ascontiguousarray(volume.hu[:, :, ::-1]), volume.grid)
    seconds: dict[str, list[float]] = defaultdict(list)

    def timed(name: str, work: Callable[[], Found]) -> Found:
        started = time.perf_counter()
        found = work()
        seconds[name].append(time.perf_counter() - started)
        return found

    loaded = LoadedModel()
    pipeline.segment(volume, options.model, threads=options.threads, loaded=loaded)  # loads the model
    for _ in range(options.repeats):
        result = timed(
            "whole scan", lambda: pipeline.segment(volume, options.model, threads=options.threads, loaded=loaded)
        )
        for stage, taken in result.timings_s.items():
            seconds[stage].append(taken)
        prepared = prepare_slices(volume, spec)
        planes = prepared.images[:, 0]
        slices_mm = prepared.orientation.coordinates_mm[0][prepared.shown]
        brain = timed("brain mask", lambda: brain_mask(planes, spec.pixel_mm))  # noqa: B023
        plane = timed("midsagittal plane", lambda: find_midsagittal_plane(planes, slices_mm, spec.pixel_mm))  # noqa: B023
        timed("sampling", lambda: plane.mirrored(planes * brain, slices_mm, spec.pixel_mm))  # noqa: B023
        seconds["opposite side"].append(seconds["midsagittal plane"][-1] + seconds["sampling"][-1])
        timed("SimpleITK, no plane", lambda: register(volume, mirrored))
    medians = {name: statistics.median(values) for name, values in seconds.items() if name != "load"}
    print(f"{SHAPE[0]} slices, {options.repeats} runs, {result.runtime.threads} threads of {result.runtime.precision}")
    for name, median in sorted(medians.items(), key=lambda item: -item[1]):
        print(f"{name:<22}{median:7.2f} s{median / medians['whole scan']:8.0%} of the scan")
    ratio = medians["SimpleITK, no plane"] / medians["opposite side"]
    print(f"The registration takes {ratio:.1f} times as long as the opposite side by the plane.")


if __name__ == "__main__":
    main()
