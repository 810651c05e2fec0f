# SPDX-License-Identifier: Apache-2.0
"""Seconds on Slicer's main thread for reading a volume, publishing a result, volumes after an edit, and scrolling.

The head has 512 x 512 x 40 voxels in a scene of slicer-core, under Slicer's acquisition transform. A live update is the
time of one stroke beyond Slicer's own work.

    python Testing/Benchmarks/bench_scene.py [--slices N] [--repeats N] [--straight] [--cpu]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))

from builders.grids import make_grid
from builders.scene import add_acquisition_transform, add_volume, new_scene, place_in_study
from builders.scene_views import SceneViews, SliceView

from ICHSegmentationLib import mrml
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.mrml.subject_hierarchy import remove_item

Clock = Callable[[], float]
BUDGETS = {"publish": 0.3, "live update": 0.05}


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--straight", action="store_true", help="no acquisition transform")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of wall time, for a busy machine")
    wanted = parser.parse_args()
    clock = time.process_time if wanted.cpu else time.perf_counter
    grid = make_grid(rows=512, columns=512, steps_mm=(4.0,) * (wanted.slices - 1), tilt_deg=15)
    hu, labels = _head(grid.shape)
    scene = new_scene()
    volume_node = add_volume(scene, hu, grid.nearest_affine_ras)
    place_in_study(volume_node)
    if not wanted.straight:
        add_acquisition_transform(volume_node, grid)
    views = SceneViews(scene)
    view = SliceView(views, volume_node)
    mrml.set_window(volume_node, "brain")

    print(f"{'seconds':<34}{'first':>9}{'median':>9}{'most':>9}")
    checks = _measure(clock, "check of the volume", wanted.repeats, lambda: mrml.check_volume(volume_node))
    volumes = _measure(clock, "volume read", wanted.repeats, lambda: mrml.volume_input(volume_node, check=checks))
    label_map = LabelMap(labels, volumes.grid)
    without = _scroll(clock, view, volume_node, "scroll, a frame, without result")
    nodes = []

    def publish() -> None:
        if nodes:
            remove_item(nodes[0])
            scene.RemoveNode(nodes.pop())
        nodes.append(mrml.publish(volume_node, volumes, label_map, name="Hemorrhage"))

    _measure(clock, "publish", wanted.repeats, publish)
    node = nodes[0]
    shown = _scroll(clock, view, volume_node, "scroll, a frame, with result")
    _measure(clock, "live update", wanted.repeats, lambda: mrml.scene_volumes(node))
    _measure(clock, "largest lesion", wanted.repeats, lambda: mrml.largest_lesion(node))
    ends = [mrml.largest_lesion(node).ras_mm]
    subtypes = iter(["SAH", "IVH", "EDH", "IPH"] * wanted.repeats)
    _measure(clock, "move a lesion", wanted.repeats, lambda: mrml.move_lesion(node, ends[0], next(subtypes)))
    _measure(clock, "restore all", wanted.repeats, lambda: mrml.restore_all(node))
    _measure(clock, "surfaces", 1, lambda: mrml.show_3d(node, True))
    print(f"scrolling with the result takes {shown / without:.2f} times as long as without")


def _head(shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return a spherical head with noise, and labels of a large clot, a rim and many small spots."""
    slices, rows, columns = (np.linspace(-1, 1, size, dtype=np.float32) for size in shape)
    s, r, c = slices[:, None, None], rows[:, None], columns
    radius = (c / 0.72) ** 2 + (r / 0.9) ** 2 + (s / 1.1) ** 2
    noise = np.random.default_rng(0).normal(scale=5, size=shape).astype(np.float32)
    hu = np.where(radius < 1, np.where(radius < 0.85, 30, 900), -1000) + noise
    labels = np.zeros(shape, dtype=np.uint8)
    labels[(radius > 0.78) & (radius < 0.85) & (c > 0.2)] = 2
    labels[((c + 0.2) / 0.2) ** 2 + (r / 0.25) ** 2 + (s / 0.4) ** 2 < 1] = 4
    labels[(noise > 14) & (radius < 0.3) & (labels == 0)] = 3
    return hu.astype(np.int16), labels


def _measure(clock: Clock, name: str, repeats: int, call: Callable[[], object]):
    seconds, answer = [], None
    for _ in range(repeats + 1):
        started = clock()
        answer = call()
        seconds.append(clock() - started)
    later = seconds[1:]
    budget = f"   budget {BUDGETS[name]:.2f}" if name in BUDGETS else ""
    print(f"{name:<34}{seconds[0]:>9.3f}{statistics.median(later):>9.3f}{max(later):>9.3f}{budget}")
    return answer


def _scroll(clock: Clock, view: SliceView, volume_node, name: str) -> float:
    bounds = np.zeros(6)
    volume_node.GetRASBounds(bounds)
    offsets = iter(np.linspace(bounds[4] + 20, bounds[5] - 20, 42))

    def step() -> None:
        view.logic.SetSliceOffset(next(offsets))
        view.window.Render()

    frames = []
    step()
    for _ in range(40):
        started = clock()
        step()
        frames.append(clock() - started)
    print(f"{name:<34}{frames[0]:>9.3f}{statistics.median(frames):>9.3f}{max(frames):>9.3f}")
    return statistics.median(frames)


if __name__ == "__main__":
    main()
