# SPDX-License-Identifier: Apache-2.0
"""How long the panel blocks the main thread between the click on Segment and the result, and during corrections.

Also the seconds from releasing the mouse after a box change to the new labels in the scene.

The head has 512 x 512 x 40 voxels; worker, model and scene are real, in the harness without a window. "busy" is the
processor time of the main thread between two ticks of a 2 ms timer, "gap" the wall time, which other programs make
longer. Publishing and showing the result are one step at the end and are listed separately.

    python Testing/Benchmarks/bench_panel.py [--runs N] [--slices N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(ROOT),
    str(ROOT / "Testing" / "SlicerHarness"),
    str(ROOT / "ICHSegmentation"),
    str(ROOT / "Testing" / "Python"),
]


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--boxes", type=int, default=6, help="number of box changes")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ichseg-bench-") as folder:
        bench = Bench(Path(folder), wanted.slices)
        for number in range(wanted.runs):
            bench.run(f"run {number + 1}")
        bench.change_box(wanted.boxes)
        bench.correct()
        bench.close()


class Bench:
    """Module in the harness with a 2 ms timer."""

    def __init__(self, folder: Path, slices: int) -> None:
        import pytest
        from builders.label_maps import head_grid
        from builders.python_slicer import put_on_path
        from builders.scene import add_volume
        from builders.simple_head import head_hu
        from slicer_harness.run import SlicerRun

        put_on_path(folder / "bin", pytest.MonkeyPatch())
        self._slicer = SlicerRun(folder)
        self._slicer.begin()
        import qt
        import slicer
        from ICHSegmentationPanel.sections.model import SETTINGS_GROUP

        from ICHSegmentationLib.models import load_manifest

        grid = head_grid([160 / slices] * (slices - 1), tilt_deg=0, rows=512, columns=512, spacing_mm=(0.45, 0.45))
        add_volume(slicer.mrmlScene, head_hu(grid), grid.affine_ras, "Head")
        for entry in load_manifest().models:
            qt.QSettings().setValue(f"{SETTINGS_GROUP}/{entry.name}", True)
        started = time.perf_counter()
        self._module = self._slicer.load_module(ROOT / "ICHSegmentation" / "ICHSegmentation.py")
        print(f"{grid.shape} voxels; module opened in {time.perf_counter() - started:.2f} s")
        self._timer = qt.QTimer()
        self._timer.connect("timeout()", self._beat)

    def run(self, title: str) -> None:
        """Segment once."""
        from ICHSegmentationLib import mrml

        module, ui = self._module, self._module.ui
        steps: dict[str, float] = {}
        publish, finish = mrml.publish, module.panel.run._finish
        mrml.publish = _timed(publish, steps, "publish")
        module.panel.run._finish = _timed(finish, steps, "publish and show")
        started = time.perf_counter()
        self._start()
        self._slicer.click(ui.segmentButton)
        click_s = time.perf_counter() - started
        self._slicer.wait_until(lambda: ui.segmentButton.text == "Segment" or "publish" in steps, timeout_s=600)
        total_s = time.perf_counter() - started
        self._timer.stop()
        mrml.publish, module.panel.run._finish = publish, finish
        # The last interval contains the publishing, which is listed separately.
        gaps, busy = sorted(gap for gap, _ in self._beats[:-1]), sorted(busy for _, busy in self._beats[:-1])
        print(
            f"{title}: click {1000 * click_s:.0f} ms, result after {total_s:.2f} s; main thread at most "
            f"{1000 * busy[-1]:.0f} ms busy, {1000 * gaps[-1]:.0f} ms gap; "
            + ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in steps.items())
        )
        self._slicer.process_events()

    def change_box(self, times: int) -> None:
        """Drag a side of a box and wait for the new labels; the first time loads the model for boxes."""
        import slicer

        from ICHSegmentationLib import mrml

        ui, part = self._module.ui, self._module.panel.lesions
        ui.lesionsSection.collapsed = False
        node = ui.segmentationSelector.currentNode()
        self._slicer.wait_until(lambda: bool(mrml.rois_of(node)), timeout_s=60)
        roi = max(mrml.rois_of(node).values(), key=lambda one: one.GetSize()[0])
        for number in range(times):
            roi.InvokeCustomModifiedEvent(slicer.vtkMRMLMarkupsNode.PointStartInteractionEvent)
            roi.SetSize(*(side + grown for side, grown in zip(roi.GetSize(), (2.0, 2.0, 0.0), strict=True)))
            started = time.perf_counter()
            roi.InvokeCustomModifiedEvent(slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent)
            asked = part.changes.is_running
            self._slicer.wait_until(lambda: not part.changes.is_running, timeout_s=60)
            seconds = time.perf_counter() - started
            said = part.widgets.message or ("segmented again" if asked else "nothing was asked")
            print(f"box {number + 1}, {roi.GetSize()[0]:.0f} mm wide: {1000 * seconds:.0f} ms, {said}")

    def correct(self) -> None:
        """Paint, and wait for the table to update."""
        from slicer_harness.editing import paint

        from ICHSegmentationLib import mrml

        ui, corrections = self._module.ui, self._module.panel.corrections
        ui.correctSection.collapsed = False
        lesion = mrml.largest_lesion(ui.segmentationSelector.currentNode())
        editor = corrections._editor.widget
        editor.setCurrentSegmentID(lesion.subtype)
        for number in range(3):
            started, busy = time.perf_counter(), time.thread_time()
            paint(editor, lesion.ras_mm, 15.0 + number)
            print(
                f"stroke {number + 1}: {1000 * (time.perf_counter() - started):.0f} ms, "
                f"{1000 * (time.thread_time() - busy):.0f} ms busy, with the table's update"
            )

    def close(self) -> None:
        """Close the panel and the harness."""
        print("\n".join(self._slicer.end()) or "no leftovers")

    def _start(self) -> None:
        self._beats: list[tuple[float, float]] = []
        self._last = time.perf_counter(), time.thread_time()
        self._timer.start(2)

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self._beats.append((now[0] - self._last[0], now[1] - self._last[1]))
        self._last = now


def _timed(function: Any, steps: dict[str, float], name: str) -> Any:
    def call(*arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            steps[name] = time.perf_counter() - started

    return call


if __name__ == "__main__":
    sys.exit(main())
