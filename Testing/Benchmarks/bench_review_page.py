# SPDX-License-Identifier: Apache-2.0
"""Size of the review page, seconds to write it and to its first picture, and memory of the browser.

Usage: ``python Testing/Benchmarks/bench_review_page.py [SLICES ...]``; multiples of 40; 40, 200 and 400 by default. The
scan is a noisy head of 512 x 512 pixels. Needs Chromium and playwright.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))

from builders.browser import NO_WEBGL, Opened, chromium
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_hu

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.review_page.page import PackedScan, make_review_page
from ICHSegmentationLib.measurement.measure import measure

NOISE_HU = 6.0
HEIGHT_MM = 164.0
BASE = 40


def a_case(slices: int) -> CaseResult:
    """Return a head with one clot and noise."""
    coarse = head_grid([HEIGHT_MM / BASE] * (BASE - 1), rows=512, columns=512, spacing_mm=(0.45, 0.45))
    grid = head_grid([HEIGHT_MM / slices] * (slices - 1), rows=512, columns=512, spacing_mm=(0.45, 0.45))
    mask = ellipsoid_mask(coarse, CLOT_CENTRE_MM, CLOT_RADII_MM)
    hu, mask = (np.repeat(array, slices // BASE, axis=0) for array in (head_hu(coarse), mask))
    noise = np.random.default_rng(0).normal(0, NOISE_HU, grid.shape[1:]).astype(np.int16)
    for number, slice_hu in enumerate(hu):
        slice_hu += np.roll(noise, 7 * number)  # noqa: PLW2901
    label_map = labelled(grid, (Subtype.IPH, mask))
    return CaseResult(label_map=label_map, measurements=measure(label_map), volume=CTVolume(hu, grid))


def memory_mib() -> float:
    """Return the memory of all processes that this one started, shared parts counted once for each."""
    children = psutil.Process().children(recursive=True)
    return sum(child.memory_full_info().uss for child in children) / 2**20


def main(counts: list[int]) -> None:
    """Print one line for each number of slices."""
    print("slices  pack s  page s   MiB  first picture s  all planes s  memory MiB")
    for slices in counts:
        case = a_case(slices)
        started = time.perf_counter()
        packed = PackedScan.of(case)
        packed_s = time.perf_counter() - started
        started = time.perf_counter()
        page = make_review_page(case, None, packed)
        page_s = time.perf_counter() - started
        with tempfile.TemporaryDirectory() as folder, chromium() as browser:
            path = Path(folder) / "review.html"
            path.write_text(page)
            empty = memory_mib()
            opened = Opened(browser, path, NO_WEBGL)
            marks = opened.evaluate("performance.getEntriesByType('mark').map((mark) => mark.startTime / 1000)")
            used = memory_mib() - empty
            opened.close()
        size = len(page) / 2**20
        print(f"{slices:6} {packed_s:7.2f} {page_s:7.2f} {size:5.1f} {marks[0]:16.2f} {marks[1]:13.2f} {used:11.0f}")


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [40, 200, 400])
