# SPDX-License-Identifier: Apache-2.0
"""How soon the Slicer panel's process answers and stops, and for how long it blocks the main thread.

Figures, not a test. The event loop is Qt's, `qt` and PythonSlicer are stand-ins. "longest gap" is the longest time
between two beats of a timer of 2 ms, and "of it busy" the processor time of the main thread in its busiest gap: on a
machine with other work the gap is longer than what the panel asks of it. A cancel is sent at the start of each stage.
"box", "scores" and "export" are asked for after a result, each with a new copy of the scan, as the panel reads it from
the scene; the first of each is not counted.

    python Testing/Benchmarks/bench_panel_process.py [CT] [--model NAME] [--repeats N] [--slices N]

Without CT the GE series of ``../shared/data`` is used, or a generated head if it is missing. ``--slices`` sends so many
slices of 512 x 512 instead, and cancels when the worker has received them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(ROOT / "Testing" / "SlicerHarness"),
    str(ROOT / "ICHSegmentation"),
    str(ROOT / "Testing" / "Python"),
]
GE_SERIES = ROOT.parent / "shared" / "data" / "ge-head-ct"
STAGES = ("start", "load", "preprocess", "infer", "postprocess")


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ct", nargs="?", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--slices", type=int)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ichseg-bench-") as name:
        bench = Bench(Path(name), wanted.model)
        bench.volume = _big_volume(wanted.slices) if wanted.slices else _read(wanted.ct, Path(name))
        print(f"{bench.volume.hu.shape} voxels")
        if wanted.slices:
            for _ in range(wanted.repeats):
                bench.print_run("handed over", cancel_at="load")
        else:
            bench.print_run("first request")
            for _ in range(wanted.repeats):
                bench.print_run("later request")
            bench.print_edits(wanted.repeats)
            for stage in STAGES:
                for _ in range(wanted.repeats):
                    bench.print_run(f"cancelled at {stage}", cancel_at=stage)
        started = time.perf_counter()
        bench.process.close()
        print(f"close {time.perf_counter() - started:.3f} s; left: {list(bench.temporary.iterdir())}")


class Bench:
    """The panel's process on Qt's event loop."""

    def __init__(self, folder: Path, model: str) -> None:
        self._gap_s = self._busy_s = 0.0
        from slicer_harness.qt_facade.module import make_qt_module

        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._qt = sys.modules["qt"] = make_qt_module()
        self._application = self._qt.QCoreApplication([])
        _install_slicer(folder, self.temporary)
        from ICHSegmentationPanel.process import SegmentationProcess

        self._model = model
        self.process = SegmentationProcess()
        self._timer = self._qt.QTimer()
        self._timer.connect("timeout()", self._beat)

    def print_run(self, title: str, cancel_at: str | None = None) -> None:
        """Segment once, cancel at a stage if given, and print the times."""
        self._loop = self._qt.QEventLoop()
        self._gap_s = self._busy_s = 0.0
        self._cancel_at, self._cancelled = cancel_at, 0.0
        self._seen: dict[str, float] = {}
        self._started = time.perf_counter()
        self._last = self._started, time.thread_time()
        self.process.segment(
            self.volume, model=self._model, progress=self._progress, finished=self._end, failed=self._end
        )
        returned_s = time.perf_counter() - self._started
        self._timer.start(2)
        self._loop.exec()
        self._timer.stop()
        stages = " ".join(f"{stage} {seconds:.3f}" for stage, seconds in self._seen.items())
        end_s = self._over - self._started
        cancel = f"; over {self._over - self._cancelled:.3f} s after the cancel" if self._cancelled else ""
        print(
            f"{title:<24} returned {1000 * returned_s:.0f} ms; {stages} end {end_s:.3f} s{cancel}; "
            f"longest gap {1000 * self._gap_s:.0f} ms, of it busy {1000 * self._busy_s:.0f} ms"
        )

    def print_edits(self, repeats: int) -> None:
        """Change a box, propose scores and export, as the panel does after a result; print the median seconds."""
        import numpy as np
        from bench_resegmentation import _middle_box

        from ICHSegmentationLib.core.label_map import LabelMap
        from ICHSegmentationLib.core.lesion_boxes import BoxEdit
        from ICHSegmentationLib.export.job import ExportJob, ScanFiles
        from ICHSegmentationLib.export.record import RunRecord

        grid = self.volume.grid
        edit = BoxEdit(after=_middle_box(grid))
        target = self.temporary.parent / "exported"
        labels = self._wait(
            lambda volume, told: self.process.resegment_lesion(
                volume, LabelMap(np.zeros(grid.shape, np.uint8), grid), edit, model="em", device="auto", **told
            )
        )

        def export(formats):
            job = ExportJob(
                folder=target,
                formats=formats,
                scan=ScanFiles.of(self.volume.source),
                run=RunRecord.of_attributes({"model": "em"}),
                overwrite=True,
            )
            return lambda volume, told: self.process.export(volume, labels, job, progress=lambda *_: None, **told)

        works = {
            "box": lambda volume, told: self.process.resegment_lesion(
                volume, labels, edit, model="em", device="auto", **told
            ),
            "scores": lambda volume, told: self.process.propose(volume, labels, **told),
            "export of a table": export(("csv",)),
            "export of DICOM": export(("dicom-seg", "dicom-sr")),
            "export of a report": export(("csv", "json", "pdf")),
        }
        for name, work in works.items():
            seconds = []
            for _ in range(repeats + 1):
                self._wait(work)
                seconds.append(self._over - self._started)
            print(f"{name:<24} median {statistics.median(seconds[1:]):.3f} s, longest {max(seconds[1:]):.3f} s")

    def _wait(self, work):
        """Ask for work on a copy of the scan, as the panel reads it from the scene; return what came of it."""
        from ICHSegmentationLib.core.scan.volume import CTVolume

        outcomes = []

        def take(outcome: object) -> None:
            outcomes.append(outcome)
            self._end(outcome)

        self._loop = self._qt.QEventLoop()
        self._cancelled = 0.0
        volume = CTVolume(self.volume.hu.copy(), self.volume.grid, self.volume.source)
        self._started = time.perf_counter()
        self._last = self._started, time.thread_time()
        work(volume, {"finished": take, "failed": take})
        self._loop.exec()
        return outcomes[0]

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self._gap_s = max(self._gap_s, now[0] - self._last[0])
        self._busy_s = max(self._busy_s, now[1] - self._last[1])
        self._last = now

    def _progress(self, stage: str, _fraction: float) -> None:
        self._seen.setdefault(stage, time.perf_counter() - self._started)
        if stage == self._cancel_at and not self._cancelled:
            self._cancelled = time.perf_counter()
            self.process.cancel()

    def _end(self, outcome: object) -> None:
        self._over = time.perf_counter()
        kind = getattr(outcome, "kind", "")
        if kind and not (self._cancelled and kind == "cancelled"):
            print(outcome)
        self._beat()
        self._loop.quit()


def _install_slicer(folder: Path, temporary: Path) -> None:
    """Install the parts of Slicer that the panel's process needs."""
    import pytest
    from builders.python_slicer import put_on_path

    put_on_path(folder / "bin", pytest.MonkeyPatch())
    slicer = types.ModuleType("slicer")
    sys.modules |= {"slicer": slicer, "slicer.i18n": types.SimpleNamespace(tr=str)}
    ignore = types.SimpleNamespace(connect=lambda *_: None, disconnect=lambda *_: None, temporaryPath=str(temporary))
    slicer.app = ignore


def _read(path: Path | None, folder: Path):
    from ICHSegmentationLib import read_ct

    if path is None and not GE_SERIES.is_dir():
        from ICHSegmentationLib.cli.commands.demo import SCAN_NAME, generate

        generate(folder, seed=1)
        path = folder / SCAN_NAME
    return read_ct(path or GE_SERIES)


def _big_volume(slices: int):
    import numpy as np
    from builders.label_maps import head_grid

    from ICHSegmentationLib.core.scan.volume import CTVolume

    grid = head_grid([1.0] * (slices - 1), tilt_deg=0, rows=512, columns=512, spacing_mm=(0.5, 0.5))
    return CTVolume(np.random.default_rng(0).integers(-1000, 1000, grid.shape, dtype=np.int16), grid)


if __name__ == "__main__":
    sys.exit(main())
