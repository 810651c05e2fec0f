# SPDX-License-Identifier: Apache-2.0
"""A host with an event loop gets one answer to each request, whatever the worker does, and leaves no file behind."""

from __future__ import annotations

import errno
import json
import os
import shutil

import numpy as np
import pytest
from builders.fake_loop import FakeLoop

from ICHSegmentationLib.core import errors
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.record import RunRecord
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.user_items import Proposals
from ICHSegmentationLib.models import Device, RuntimeInfo, load_manifest, output_subtypes
from ICHSegmentationLib.segmentation.boxes.segmentation import BoxEdit
from ICHSegmentationLib.worker.client.event_client import EventClient
from ICHSegmentationLib.worker.protocol import exchange
from ICHSegmentationLib.worker.protocol.exchange import (
    LABELS_NAME,
    read_case,
    read_labels,
    read_volume,
    write_labels,
    write_picture,
)
from ICHSegmentationLib.worker.protocol.failures import FailureKind
from ICHSegmentationLib.worker.protocol.messages import (
    ComparedMessage,
    DevicesMessage,
    ErrorMessage,
    ExportedMessage,
    HelloMessage,
    LesionMessage,
    ModelsMessage,
    ProgressMessage,
    ProposedMessage,
    ResultMessage,
    parse_request,
)
from ICHSegmentationLib.worker.server.jobs import run_propose

HELLO = HelloMessage(pid=1)


class Host:
    """A client, its loop, and what it was told."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.loop = FakeLoop()
        self.client = EventClient(self.loop, lambda: "PythonSlicer", lambda: {"A": "b"}, lambda: folder)
        self.progress = []
        self.finished = []
        self.failed = []

    def segment(self, volume, **options) -> None:
        self.client.segment(
            volume,
            progress=lambda stage, fraction: self.progress.append((stage, fraction)),
            finished=self.finished.append,
            failed=self.failed.append,
            **options,
        )

    def segment_until_at_work(self, volume) -> dict:
        """Ask for a segmentation, greet, and return the request as the worker reads it."""
        self.segment(volume)
        self.loop.run()
        if b"segment" not in self.loop.process.written:
            self.loop.process.say(HELLO)
        return self.requests()[-1]

    def requests(self) -> list[dict]:
        """What was sent to the last worker."""
        return [json.loads(line) for line in self.loop.process.written.splitlines()]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob("*"))

    def failure(self) -> Exception:
        """The one failure; there is nothing else."""
        (failure,) = self.failed
        assert self.finished == []
        return failure


@pytest.fixture
def a_host(tmp_path) -> Host:
    """A host whose worker is not yet started."""
    return Host(tmp_path)


def result_of(request, volume) -> ResultMessage:
    """A worker's result: the voxels above 60 HU are IPH."""
    label_map = LabelMap((volume.hu > 60).astype(np.uint8) * 4, volume.grid)
    path = write_labels(_folder_of(request), label_map)
    return ResultMessage(
        id=request["id"],
        labels=path,
        model=load_manifest().get(),
        further_models=(),
        subtypes=output_subtypes(load_manifest().get()),
        runtime=RuntimeInfo("cpu", "openvino", 1, "f32"),
        measurements=measure(label_map, volume),
        warnings=("Said by the worker.",),
        timings_s={"total": 1.0},
    )


def _folder_of(request):
    from pathlib import Path

    return Path(request["folder"])


def test_a_volume_goes_there_and_its_labels_come_back(a_host, a_head):
    request = a_host.segment_until_at_work(a_head)
    assert {name: request[name] for name in ("type", "model", "device", "force")} == {
        "type": "segment",
        "model": "default",
        "device": "auto",
        "force": False,
    }
    np.testing.assert_array_equal(read_volume(_folder_of(request)).hu, a_head.hu)
    process = a_host.loop.process
    process.say(ProgressMessage(id=request["id"], stage="infer", fraction=0.5), result_of(request, a_head))
    assert a_host.finished == []
    assert a_host.client.is_busy
    a_host.loop.run()
    (result,) = a_host.finished
    np.testing.assert_array_equal(result.segmentation.label_map.labels == 4, a_head.hu > 60)
    assert result.segmentation.volume is a_head
    assert result.segmentation.warnings == ("Said by the worker.",)
    assert a_host.progress == [("start", 0.0), ("infer", 0.5)]
    assert not a_host.client.is_busy
    assert [name for name in a_host.files() if not name.startswith("ichseg-worker-")] == []


def test_options_are_passed_on(a_host, a_head):
    a_host.segment(a_head, model="large", device="cuda:1", force=True)
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    (request,) = a_host.requests()
    assert (request["model"], request["device"], request["force"]) == ("large", "cuda:1", True)


def test_the_worker_s_command_and_environment(a_host):
    a_host.client.prepare()
    a_host.loop.run()
    process = a_host.loop.process
    assert process.command[:2] == ["PythonSlicer", "-P"]
    (folder,) = a_host.folder.iterdir()
    assert process.command[-2:] == ["--folder", str(folder)]
    assert process.environment["A"] == "b"
    assert process.environment["TMPDIR"] == str(folder)


def test_nothing_is_called_back_before_the_call_has_returned(a_host, a_head):
    a_host.segment(a_head)
    a_host.client.models(a_host.finished.append, a_host.failed.append)
    assert a_host.client.is_busy
    assert (a_host.loop.processes, a_host.progress) == ([], [])


def test_the_volume_is_sent_when_it_is_written_and_the_worker_has_greeted(a_host, a_head):
    a_host.loop.holds_background = True
    a_host.segment(a_head)
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    assert a_host.requests() == []
    a_host.loop.holds_background = False
    a_host.loop.run()
    assert [request["type"] for request in a_host.requests()] == ["segment"]


def test_one_worker_serves_several_requests(a_host, a_head):
    for _ in range(2):
        request = a_host.segment_until_at_work(a_head)
        a_host.loop.process.say(result_of(request, a_head))
        a_host.loop.run()
    assert len(a_host.finished) == 2
    assert len(a_host.loop.processes) == 1


def test_two_segmentations_at_once_are_refused(a_host, a_head):
    a_host.segment(a_head)
    with pytest.raises(RuntimeError, match="at work"):
        a_host.segment(a_head)


def test_models_and_devices_are_listed_also_during_a_segmentation(a_host, a_head):
    a_host.segment_until_at_work(a_head)
    a_host.client.models(a_host.finished.append, a_host.failed.append)
    a_host.client.devices(a_host.finished.append, a_host.failed.append)
    a_host.loop.run()
    models, devices = a_host.requests()[1:]
    manifest = load_manifest()
    a_host.loop.process.say(ModelsMessage(id=models["id"], default=manifest.default, models=manifest.models))
    a_host.loop.process.say(DevicesMessage(id=devices["id"], devices=(Device("cpu"),)))
    a_host.loop.run()
    assert a_host.finished[0].model_dump() == manifest.model_dump()
    assert a_host.finished[1] == (Device("cpu"),)
    assert a_host.client.is_busy


def test_an_error_of_the_worker_comes_through_and_the_worker_lives(a_host, a_head):
    request = a_host.segment_until_at_work(a_head)
    a_host.loop.process.say(ErrorMessage(id=request["id"], kind=FailureKind.NOT_A_HEAD, message="No head."))
    a_host.loop.run()
    assert type(a_host.failure()) is errors.NotAHeadError
    assert not a_host.loop.process.is_killed
    assert [name for name in a_host.files() if not name.startswith("ichseg-worker-")] == []


# Exporting


@pytest.fixture
def a_job(tmp_path) -> ExportJob:
    """A table of measurements for a folder."""
    return ExportJob(
        folder=tmp_path.parent / "exported", formats=("csv",), scan=ScanFiles(), run=RunRecord.of_attributes({})
    )


def export_until_at_work(host, volume, job, **options) -> dict:
    labels = LabelMap((volume.hu > 60).astype(np.uint8), volume.grid)
    callbacks = {"finished": host.finished.append, "failed": host.failed.append}
    host.client.export(volume, labels, job, progress=lambda *_: None, **callbacks, **options)
    host.loop.run()
    host.loop.process.say(HELLO)
    return host.requests()[-1]


def test_an_export_hands_over_volume_and_labels_and_gets_files(a_host, a_head, a_job):
    request = export_until_at_work(a_host, a_head, a_job)
    folder = _folder_of(request)
    np.testing.assert_array_equal(read_labels(folder / LABELS_NAME, a_head.grid).labels, a_head.hu > 60)
    np.testing.assert_array_equal(read_volume(folder).hu, a_head.hu)
    assert ExportJob.model_validate(request["job"]) == a_job
    with pytest.raises(RuntimeError, match="at work"):
        a_host.segment(a_head)
    a_host.loop.process.say(ExportedMessage(id=request["id"], files=(a_job.folder / "measurements.csv",)))
    a_host.loop.run()
    assert a_host.finished == [(a_job.folder / "measurements.csv",)]
    assert not folder.exists()
    assert not a_host.client.is_busy


def test_an_export_is_given_ten_seconds_to_stop_for_it_would_leave_half_made_files(a_host, a_head, a_job):
    export_until_at_work(a_host, a_head, a_job)
    a_host.client.cancel()
    a_host.loop.run(9.9)
    assert not a_host.loop.process.is_killed
    a_host.loop.run(0.2)
    assert a_host.loop.process.is_killed
    assert type(a_host.failure()) is errors.CancelledError


def test_an_export_goes_on_when_the_scene_is_closed(a_host, a_head, a_job):
    request = export_until_at_work(a_host, a_head, a_job)
    a_host.client.abandon()
    assert not a_host.loop.process.is_killed
    a_host.loop.process.say(ExportedMessage(id=request["id"], files=()))
    a_host.loop.run()
    assert a_host.finished == [()]


# Comparing and proposing


def test_two_scans_go_there_and_their_comparison_comes_back_with_its_picture(a_host, a_head):
    labels = LabelMap((a_head.hu > 60).astype(np.uint8) * 4, a_head.grid)
    a_host.client.compare(
        (a_head, labels),
        (a_head, LabelMap(labels.labels * 0, a_head.grid)),
        ("Baseline: doubt.",),
        progress=lambda stage, fraction: a_host.progress.append((stage, fraction)),
        finished=a_host.finished.append,
        failed=a_host.failed.append,
    )
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    (request,) = a_host.requests()
    folder = _folder_of(request)
    assert (request["type"], request["warnings"], request["baseline"]["kind"]) == (
        "compare", ["Baseline: doubt."], "array",
    )  # fmt: skip
    first, second = read_case(folder / "baseline"), read_case(folder / "followup")
    np.testing.assert_array_equal(first[1].labels, labels.labels)
    assert not second[1].labels.any()
    np.testing.assert_array_equal(second[0].hu, a_head.hu)
    measured = measure(labels)
    growth = Comparison.of(compare_volumes(measured, measured), None, ())
    a_host.loop.process.say(
        ProgressMessage(id=request["id"], stage="register", fraction=0.5),
        ComparedMessage(id=request["id"], comparison=growth, picture=write_picture(folder, b"PNG")),
    )
    a_host.loop.run()
    (result,) = a_host.finished
    assert (result.comparison, result.picture) == (growth, b"PNG")
    assert a_host.progress == [("start", 0.0), ("register", 0.5)]
    assert not folder.exists()
    assert not a_host.client.is_busy


def test_a_comparison_is_given_up_with_the_scene(a_host, a_head):
    case = a_head, LabelMap(np.zeros(a_head.hu.shape, np.uint8), a_head.grid)
    callbacks = {"finished": a_host.finished.append, "failed": a_host.failed.append}
    a_host.client.compare(case, case, progress=lambda *_: None, **callbacks)
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    a_host.client.abandon()
    assert a_host.loop.process.is_killed
    assert not a_host.client.is_busy
    assert (a_host.finished, a_host.failed) == ([], [])


def test_labels_go_there_and_what_they_propose_comes_back(a_host, a_head):
    labels = LabelMap((a_head.hu > 60).astype(np.uint8) * 4, a_head.grid)
    a_host.client.propose(a_head, labels, finished=a_host.finished.append, failed=a_host.failed.append)
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    (request,) = a_host.requests()
    np.testing.assert_array_equal(read_case(_folder_of(request))[1].labels, labels.labels)
    proposals = run_propose(parse_request(a_host.loop.process.written.splitlines()[-1])).proposals
    assert proposals == Proposals.of(measure(labels, a_head))
    a_host.loop.process.say(ProposedMessage(id=request["id"], proposals=proposals))
    a_host.loop.run()
    assert a_host.finished == [proposals]


# One lesion again


def test_a_changed_box_goes_there_and_new_labels_come_back(a_host, a_head):
    labels = LabelMap((a_head.hu > 60).astype(np.uint8), a_head.grid)
    edit = BoxEdit(before=LesionBox(subtype="EDH", from_lps_mm=(0, 0, 0), to_lps_mm=(9, 9, 9), slices=(1, 2)))
    a_host.client.resegment_lesion(
        a_head, labels, edit, "em", finished=a_host.finished.append, failed=a_host.failed.append
    )
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    (request,) = a_host.requests()
    folder = _folder_of(request)
    assert (request["type"], request["model"], BoxEdit.model_validate(request["edit"])) == ("lesion", "em", edit)
    np.testing.assert_array_equal(read_labels(folder / LABELS_NAME, a_head.grid).labels, labels.labels)
    np.testing.assert_array_equal(read_volume(folder).hu, a_head.hu)
    empty = LabelMap(labels.labels * 0, a_head.grid)
    a_host.loop.process.say(LesionMessage(id=request["id"], labels=write_labels(folder, empty), seconds=0.1))
    a_host.loop.run()
    (result,) = a_host.finished
    assert not result.labels.any()
    assert result.grid is a_head.grid
    assert not folder.exists()
    assert not a_host.client.is_busy


def test_a_cancelled_box_leaves_the_labels_and_the_files(a_host, a_head):
    labels = LabelMap(np.zeros(a_head.hu.shape, np.uint8), a_head.grid)
    a_host.client.resegment_lesion(
        a_head, labels, BoxEdit(), "em", finished=a_host.finished.append, failed=a_host.failed.append
    )
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    a_host.client.cancel()
    a_host.loop.run(0.5)
    assert type(a_host.failure()) is errors.CancelledError
    assert a_host.loop.process.is_killed  # it did not answer
    assert a_host.finished == []


# Cancelling


def test_before_the_worker_has_greeted_a_cancel_takes_no_time_and_the_worker_goes_on_starting(a_host, a_head):
    a_host.segment(a_head)
    a_host.loop.run()
    a_host.client.cancel()
    a_host.loop.run()
    assert type(a_host.failure()) is errors.CancelledError
    a_host.loop.process.say(HELLO)
    assert a_host.requests() == []
    assert not a_host.loop.process.is_killed


def test_a_cancel_while_the_volume_is_written_leaves_no_file(a_host, a_head):
    a_host.loop.holds_background = True
    a_host.segment(a_head)
    a_host.loop.run()
    a_host.client.cancel()
    a_host.loop.run()
    assert type(a_host.failure()) is errors.CancelledError
    a_host.loop.holds_background = False
    a_host.loop.run()
    assert [name for name in a_host.files() if not name.startswith("ichseg-worker-")] == []


def test_a_worker_that_listens_is_not_killed(a_host, a_head):
    request = a_host.segment_until_at_work(a_head)
    a_host.client.cancel()
    a_host.client.cancel()
    assert a_host.requests()[1:] == [{"type": "cancel", "request": request["id"]}]
    assert a_host.failed == []
    a_host.loop.process.say(ErrorMessage(id=request["id"], kind=FailureKind.CANCELLED, message="Cancelled."))
    a_host.loop.run()
    assert type(a_host.failure()) is errors.CancelledError
    a_host.loop.run(1.0)
    assert not a_host.loop.process.is_killed
    assert len(a_host.failed) == 1


def test_a_worker_that_does_not_listen_is_killed_after_400_ms_and_replaced(a_host, a_head):
    a_host.segment_until_at_work(a_head)
    first = a_host.loop.process
    a_host.client.cancel()
    a_host.loop.run(0.39)
    assert (first.is_killed, a_host.failed) == (False, [])
    a_host.loop.run(0.02)
    assert first.is_killed
    assert type(a_host.failure()) is errors.CancelledError
    first.listener.take_end(-9)
    assert a_host.files() == []
    a_host.failed.clear()
    request = a_host.segment_until_at_work(a_head)
    assert a_host.loop.process is not first
    a_host.loop.process.say(result_of(request, a_head))
    a_host.loop.run()
    assert (len(a_host.finished), a_host.failed) == (1, [])


def test_what_else_was_asked_of_a_killed_worker_is_asked_of_the_next(a_host, a_head):
    a_host.segment_until_at_work(a_head)
    a_host.client.devices(a_host.finished.append, a_host.failed.append)
    a_host.loop.run()
    a_host.client.cancel()
    a_host.loop.run(0.5)
    a_host.loop.process.say(HELLO)
    assert [request["type"] for request in a_host.requests()] == ["devices"]
    a_host.loop.process.say(DevicesMessage(id=a_host.requests()[0]["id"], devices=(Device("cpu"),)))
    a_host.loop.run()
    assert a_host.finished == [(Device("cpu"),)]


def test_a_result_that_comes_after_the_cancel_is_not_wanted(a_host, a_head):
    request = a_host.segment_until_at_work(a_head)
    a_host.client.cancel()
    a_host.loop.process.say(result_of(request, a_head))
    a_host.loop.run(1.0)
    assert type(a_host.failure()) is errors.CancelledError
    assert not a_host.loop.process.is_killed


def test_a_cancel_while_the_labels_are_read_is_a_cancel(a_host, a_head):
    request = a_host.segment_until_at_work(a_head)
    a_host.loop.holds_background = True
    a_host.loop.process.say(result_of(request, a_head))
    a_host.client.cancel()
    a_host.loop.run()
    a_host.loop.holds_background = False
    a_host.loop.run()
    assert type(a_host.failure()) is errors.CancelledError
    assert [name for name in a_host.files() if not name.startswith("ichseg-worker-")] == []


# Abandoning and closing


def test_an_abandoned_segmentation_calls_nobody_and_its_worker_is_killed(a_host, a_head):
    request = a_host.segment_until_at_work(a_head)
    first = a_host.loop.process
    a_host.progress.clear()
    a_host.client.abandon()
    assert not a_host.client.is_busy
    assert first.is_killed
    first.say(ProgressMessage(id=request["id"], stage="infer", fraction=0.5))
    first.listener.take_end(-9)
    a_host.loop.run(200.0)
    assert (a_host.progress, a_host.finished, a_host.failed) == ([], [], [])
    assert a_host.files() == []
    assert len(a_host.loop.processes) == 1


def test_a_segmentation_that_has_not_begun_is_abandoned_without_a_kill(a_host, a_head):
    a_host.segment(a_head)
    a_host.client.abandon()
    a_host.loop.run()
    assert a_host.loop.processes == []
    a_host.segment(a_head)
    a_host.loop.run()
    a_host.client.abandon()
    a_host.loop.process.say(HELLO)
    assert a_host.requests() == []
    assert not a_host.loop.process.is_killed


def test_closing_ends_the_worker_removes_its_files_and_calls_nobody(a_host, a_head):
    a_host.segment_until_at_work(a_head)
    a_host.client.close()
    assert a_host.loop.process.finished_with_s == 0.5
    assert a_host.files() == []
    a_host.loop.run(200.0)
    assert (a_host.finished, a_host.failed) == ([], [])
    assert not a_host.client.is_busy


def test_closing_while_the_volume_is_written_leaves_no_file(a_host, a_head):
    a_host.loop.holds_background = True
    a_host.segment(a_head)
    a_host.loop.run()
    a_host.client.close()
    assert a_host.files() == []


def test_a_killed_worker_that_has_not_ended_yet_is_waited_for_at_the_close(a_host, a_head):
    a_host.segment_until_at_work(a_head)
    first = a_host.loop.process
    a_host.client.abandon()
    a_host.client.close()
    assert first.finished_with_s is not None
    assert a_host.files() == []


def test_after_the_close_the_next_request_starts_afresh(a_host, a_head):
    a_host.segment_until_at_work(a_head)
    a_host.client.close()
    a_host.segment_until_at_work(a_head)
    assert len(a_host.loop.processes) == 2


# Deaths


@pytest.mark.parametrize(
    ("code", "log", "error", "sentence"),
    [
        (-9, b"", errors.WorkerKilledError, "The system killed the segmentation"),
        (
            1,
            b"error: [/opt/slicer/bin/./python-real] exit abnormally - Report the problem.\n",
            errors.WorkerKilledError,
            "The system killed the segmentation",
        ),
        (-11, b"Fatal Python error: Segmentation fault\n", errors.WorkerCrashedError, r"unexpectedly \(SIGSEGV\)"),
    ],
)
def test_a_worker_that_dies_at_work_is_told_and_replaced(a_host, a_head, code, log, error, sentence):
    a_host.segment_until_at_work(a_head)
    a_host.loop.process.listener.take_errors(log)
    a_host.loop.process.listener.take_end(code)
    a_host.loop.run()
    assert type(a_host.failure()) is error
    with pytest.raises(error, match=sentence):
        raise a_host.failure()
    assert a_host.files() == []
    assert "\n".join(a_host.client.log) == log.decode().strip().replace("/opt/slicer/bin/./", "")
    a_host.segment_until_at_work(a_head)
    assert len(a_host.loop.processes) == 2


def test_a_worker_that_cannot_import_the_library_says_which_import_failed(a_host, a_head):
    a_host.segment(a_head)
    a_host.loop.run()
    listener = a_host.loop.process.listener
    listener.take_errors(b'Traceback (most recent call last):\n  File "/opt/x.py", line 1\n')
    listener.take_errors(b"ImportError: DLL load failed while importing _pyopenvino")
    listener.take_end(1)
    a_host.loop.run()
    with pytest.raises(errors.WorkerCrashedError, match="could not start: ImportError: DLL load failed while import"):
        raise a_host.failure()


def test_every_request_is_told_of_the_death_once(a_host, a_head):
    a_host.segment_until_at_work(a_head)
    a_host.client.models(a_host.finished.append, a_host.failed.append)
    a_host.loop.run()
    a_host.loop.process.listener.take_end(-9)
    a_host.client.cancel()
    a_host.loop.run(1.0)
    assert len(a_host.failed) == 2


def test_a_worker_that_died_while_it_waited_is_replaced_without_a_word(a_host, a_head):
    a_host.client.prepare()
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    a_host.loop.process.listener.take_end(-9)
    a_host.segment_until_at_work(a_head)
    assert len(a_host.loop.processes) == 2
    assert a_host.failed == []


def test_a_worker_whose_folder_was_cleaned_away_is_replaced(a_host, a_head):
    a_host.client.prepare()
    a_host.loop.run()
    first = a_host.loop.process
    shutil.rmtree(next(a_host.folder.iterdir()))
    a_host.segment_until_at_work(a_head)
    assert first.is_killed
    assert len(a_host.loop.processes) == 2


def test_what_was_asked_of_a_worker_whose_folder_was_cleaned_away_is_asked_of_the_next(a_host, a_head):
    a_host.client.devices(a_host.finished.append, a_host.failed.append)
    a_host.loop.run()
    a_host.loop.process.say(HELLO)
    shutil.rmtree(next(a_host.folder.iterdir()))
    a_host.segment_until_at_work(a_head)
    a_host.loop.run()
    assert [request["type"] for request in a_host.requests()] == ["devices", "segment"]


def test_files_that_are_written_after_the_worker_s_death_are_removed(a_host, a_head):
    a_host.loop.holds_background = True
    a_host.segment(a_head)
    a_host.loop.run()
    folder = next(a_host.folder.iterdir())
    a_host.loop.process.listener.take_end(-9)
    # As if the other thread had made it just after the folder was looked through.
    folder.mkdir()
    a_host.loop.holds_background = False
    a_host.loop.run()
    assert type(a_host.failure()) is errors.WorkerKilledError
    assert a_host.files() == []


def test_a_folder_that_cannot_be_removed_at_once_is_removed_later(a_host, monkeypatch):
    # As on Windows, where a launcher can be gone a moment before its child.
    a_host.client.prepare()
    a_host.loop.run()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        a_host.loop.process.listener.take_end(-9)
    assert a_host.files() != []
    a_host.loop.run(2.5)
    assert a_host.files() == []


def test_a_worker_of_another_version_is_refused(a_host, a_head):
    a_host.segment(a_head)
    a_host.loop.run()
    process = a_host.loop.process
    process.say(HelloMessage(version="9.9.9", pid=1))
    assert process.is_killed
    process.listener.take_end(-9)
    a_host.loop.run()
    with pytest.raises(errors.WorkerCrashedError, match=r"The worker is of version 9\.9\.9"):
        raise a_host.failure()


def test_a_worker_that_never_greets_is_given_up(a_host, a_head):
    a_host.segment(a_head)
    a_host.loop.run(119.0)
    assert not a_host.loop.process.is_killed
    a_host.loop.run(2.0)
    assert a_host.loop.process.is_killed
    a_host.loop.process.listener.take_end(-9)
    a_host.loop.run()
    with pytest.raises(errors.WorkerCrashedError, match="did not start within 120 s"):
        raise a_host.failure()


def test_an_interpreter_that_cannot_be_started_is_told(a_host, a_head):
    a_host.segment(a_head)
    a_host.loop.run()
    a_host.loop.process.listener.take_end(None, "execve: Permission denied")
    a_host.loop.run()
    with pytest.raises(errors.WorkerCrashedError, match="could not be started: execve: Permission denied"):
        raise a_host.failure()
    assert a_host.files() == []


def test_an_interpreter_that_is_not_found_is_told(a_host, a_head, monkeypatch):
    def missing():
        raise FileNotFoundError(2, "PythonSlicer was not found")

    monkeypatch.setattr(a_host.client, "_python", missing)
    a_host.segment(a_head)
    a_host.client.prepare()
    a_host.loop.run()
    assert isinstance(a_host.failure(), FileNotFoundError)
    assert a_host.files() == []


def test_a_full_disk_is_told_and_leaves_no_half_file(a_host, a_head, monkeypatch):
    def full(path, *_, **__):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(exchange.np, "save", full)
    a_host.segment(a_head)
    a_host.loop.run()
    assert type(a_host.failure()) is errors.DiskFullError
    assert [name for name in a_host.files() if not name.startswith("ichseg-worker-")] == []
    assert not a_host.client.is_busy
