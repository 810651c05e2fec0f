# SPDX-License-Identifier: Apache-2.0
"""Seconds from a changed box to new labels, in the library and through a worker.

A box of 40 mm is placed in the centre of a scan. Printed are the median and the longest of several runs after a first
one that is not counted.

    python Testing/Benchmarks/bench_resegmentation.py SCAN [--model em] [--times 9]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ICHSegmentationLib import read_ct, resegment_lesion
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.models import LoadedModel
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient

_SIDE_MM = 40.0


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scan", type=Path)
    parser.add_argument("--model", default="em")
    parser.add_argument("--times", type=int, default=9)
    options = parser.parse_args()
    volume = read_ct(options.scan)
    label_map = LabelMap(np.zeros(volume.grid.shape, dtype=np.uint8), volume.grid)
    edit = BoxEdit(after=_middle_box(volume.grid))
    loaded = LoadedModel()
    print(f"{options.scan.name}: {volume.grid.shape}, slices {edit.after.slices}, model {options.model}")
    _report("library", lambda: resegment_lesion(volume, label_map, edit, options.model, loaded=loaded), options.times)
    chosen = SegmentOptions(model=options.model)
    with WorkerClient() as client:
        _report("worker", lambda: client.resegment_lesion(volume, label_map, edit, chosen), options.times)


def _middle_box(grid: SliceGrid) -> LesionBox:
    middle = grid.points_mm((np.array(grid.shape) - 1) / 2)
    sides = (grid.orientation * _SIDE_MM / 2).sum(axis=0)
    near = np.flatnonzero(np.abs((grid.positions_mm - middle) @ grid.normal) <= _SIDE_MM / 2)
    corners = [tuple((middle + sign * sides).tolist()) for sign in (-1, 1)]
    return LesionBox(subtype="IPH", from_lps_mm=corners[0], to_lps_mm=corners[1], slices=(int(near[0]), int(near[-1])))


def _report(name: str, work: Callable[[], object], times: int) -> None:
    work()
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    print(f"{name}: median {statistics.median(seconds):.3f} s, longest {max(seconds):.3f} s of {times}")


if __name__ == "__main__":
    main()
