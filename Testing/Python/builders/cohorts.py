# SPDX-License-Identifier: Apache-2.0
"""Workers whose cases are fakes that end at once or misbehave, for runs of a cohort."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np

from builders.grids import make_grid
from builders.simple_head import model_entry
from ICHSegmentationLib.cohort.jobs import Case, Job, Outcome
from ICHSegmentationLib.cohort.limited_worker import LimitedWorker
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.record import MeasurementRecord, make_record
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.segmentation.result import SegmentationResult

# Read by Python at the start of each worker. What a case does is the content of its file.
_FAKE = """
import errno, os, shutil, signal, time
from pathlib import Path

from ICHSegmentationLib.core.errors import DiskFullError, InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.record import read_record
from ICHSegmentationLib.worker.protocol.messages import CaseMessage
from ICHSegmentationLib.worker.server import loop

RECORD = Path(__file__).with_name("record.json")


def run_case(request, loaded, progress, cancel):
    path = request.paths[0]
    word, _, value = (path.read_text() if path.suffix == ".txt" else "ok").partition(" ")
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif word == "hang":
        while True:
            time.sleep(60)
    elif word == "fill":
        filled = []
        while True:
            filled.append(b"x" * (16 << 20))
    elif word == "refuse":
        raise InputError(message("io.unknown_file", path=path))
    elif word == "full":
        raise DiskFullError(message("core.disk_full", path=path))
    elif word == "sleep":
        time.sleep(float(value))
    request.folder.mkdir(parents=True)
    shutil.copy(RECORD, request.folder / "measurements.json")
    if path.suffix == ".dcm":
        shutil.copy(path, request.folder / "segmentation.dcm")
    with Path(__file__).with_name("done.txt").open("a") as log:
        log.write(f"{path.stem}\\\\n")
    record = read_record(RECORD)
    return CaseMessage(id=request.id, model=record.model, warnings=record.input.warnings, timings_s={"read": 0.5})


loop.run_case = run_case
""".replace("\\\\n", "\\n")


def a_record(*, iph_ml: float = 12.34) -> MeasurementRecord:
    """The record of a scan with one lesion."""
    grid = make_grid(rows=20, columns=20, steps_mm=[5.0] * 3)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[1:3, 5:10, 5:10] = 4
    label_map = LabelMap(labels, grid)
    measurements = measure(label_map)
    measurements = measurements.model_copy(
        update={"volumes_ml": measurements.volumes_ml | {"IPH": iph_ml, "total": iph_ml}}
    )
    volume = CTVolume(np.zeros(grid.shape, dtype=np.int16), grid)
    runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
    result = SegmentationResult(volume, label_map, model_entry(), runtime, {}, ())
    return make_record(replace(result, warnings=("The slices are tilted.",)), measurements)


def fake_environment(folder: Path) -> dict[str, str]:
    """Return the variables of workers whose cases are fakes."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_FAKE)
    (folder / "record.json").write_text(a_record().to_json())
    return {"PYTHONPATH": str(folder)}


def fake_case(folder: Path, name: str, action: str = "ok") -> Case:
    """Return a case that does something: crash, hang, fill, refuse, full, sleep S, or end at once."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_text(action)
    return Case(name, (path,))


class OneWorker:
    """Engine that does jobs in a worker of the test, at once; the worker goes on after the run."""

    slots = 1

    def __init__(self, worker: LimitedWorker) -> None:
        self._worker = worker

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, job: Job) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        future.set_result(self._worker.run(job))
        return future

    def stop(self) -> None:
        pass
