# SPDX-License-Identifier: Apache-2.0
"""A client with an event loop gets one answer to each request, whatever the worker does, and leaves no file behind."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builders.errors import raises
from builders.fake_loop import FakeLoop
from builders.open_scans import open_scans

from ICHSegmentationLib.core import errors
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.record import RunRecord
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.measurement.user_items import Proposals
from ICHSegmentationLib.models import Device, RuntimeInfo, load_manifest, output_subtypes
from ICHSegmentationLib.worker.client.event_client import EventClient
from ICHSegmentationLib.worker.protocol import exchange
from ICHSegmentationLib.worker.protocol.exchange import (
    LABELS_NAME,
    read_labels,
    read_volume,
    write_labels,
    write_picture,
)
from ICHSegmentationLib.worker.protocol.failures import FailureKind, UnknownScanError
from ICHSegmentationLib.worker.protocol.messages import (
    ComparedMessage,
    DevicesMessage,
    ErrorMessage,
    ExportedMessage,
    HelloMessage,
    LesionMessage,
    ModelsMessage,
    OpenedMessage,
    ProgressMessage,
    ProposedMessage,
    ResultMessage,
    parse_request,
)
from ICHSegmentationLib.worker.server.jobs import run_propose

HELLO = HelloMessage(pid=1)
EM = SegmentOptions(model="em")


class Application:
    """A client, its loop, and what it was told."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.loop = FakeLoop()
        self.client = EventClient(self.loop, lambda: "PythonSlicer", lambda: {"A": "b"}, lambda: folder)
        self.progress = []
        self.finished = []
        self.failed = []
        self.scans = {}

    def segment(self, volume, **options) -> None:
        self.client.segment(
            volume,
            SegmentOptions(**options),
            progress=lambda stage, fraction: self.progress.append((stage, fraction)),
            finished=self.finished.append,
            failed=self.failed.append,
        )

    def segment_until_at_work(self, volume) -> dict:
        """Ask for a segmentation, greet, and return the request as the worker reads it."""
        self.segment(volume)
        self.loop.run()
        return self.request_at_work()

    def request_at_work(self) -> dict:
        """Greet, take the scans that are handed over, and return the request that comes after them."""
        if not self.loop.process.written:
            self.loop.process.say(HELLO)
        while (request := self.requests()[-1])["type"] == "open":
            self.scans[request["scan"]] = read_volume(_folder_of(request))
            self.loop.process.say(OpenedMessage(id=request["id"]))
            self.loop.run()
        return request

    def requests(self) -> list[dict]:
        """All that was sent to the last worker."""
        return [json.loads(line) for line in self.loop.process.written.splitlines()]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob("*"))

    def failure(self) -> Exception:
        """The one failure; there is nothing else."""
        (failure,) = self.failed
        assert self.finished == []
        return failure


@pytest.fixture
def an_application(tmp_path) -> Application:
    """A client whose worker is not yet started."""
    return Application(tmp_path)


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
    return Path(request["folder"])


def test_a_volume_goes_there_and_its_labels_come_back(an_application, a_head):
    request = an_application.segment_until_at_work(a_head)
    assert (request["type"], request["options"]) == ("segment", SegmentOptions().arguments())
    np.testing.assert_array_equal(an_application.scans[request["scan"]].hu, a_head.hu)
    process = an_application.loop.process
    process.say(ProgressMessage(id=request["id"], stage="infer", fraction=0.5), result_of(request, a_head))
    assert an_application.finished == []
    assert an_application.client.is_busy
    an_application.loop.run()
    (result,) = an_application.finished
    np.testing.assert_array_equal(result.segmentation.label_map.labels == 4, a_head.hu > 60)
    assert result.segmentation.volume is a_head
    assert result.segmentation.warnings == ("Said by the worker.",)
    assert an_application.progress == [("start", 0.0), ("infer", 0.5)]
    assert not an_application.client.is_busy
    assert [name for name in an_application.files() if not name.startswith("ichseg-worker-")] == []


def test_options_are_passed_on(an_application, a_head):
    an_application.segment(a_head, model="large", device="cuda:1", force=True)
    an_application.loop.run()
    options = an_application.request_at_work()["options"]
    assert (options["model"], options["device"], options["force"]) == ("large", "cuda:1", True)


def test_the_worker_s_command_and_environment(an_application):
    an_application.client.prepare()
    an_application.loop.run()
    process = an_application.loop.process
    assert process.command[:2] == ["PythonSlicer", "-P"]
    (folder,) = an_application.folder.iterdir()
    assert process.command[-2:] == ["--folder", str(folder)]
    assert process.environment["A"] == "b"
    assert process.environment["TMPDIR"] == str(folder)


def test_nothing_is_called_back_before_the_call_has_returned(an_application, a_head):
    an_application.segment(a_head)
    an_application.client.models(an_application.finished.append, an_application.failed.append)
    assert an_application.client.is_busy
    assert (an_application.loop.processes, an_application.progress) == ([], [])


def test_the_volume_is_sent_when_it_is_written_and_the_worker_has_greeted(an_application, a_head):
    an_application.loop.holds_background = True
    an_application.segment(a_head)
    an_application.loop.run()
    an_application.loop.process.say(HELLO)
    assert an_application.requests() == []
    an_application.loop.holds_background = False
    an_application.loop.run()
    an_application.request_at_work()
    assert [request["type"] for request in an_application.requests()] == ["open", "segment"]


def test_one_worker_serves_several_requests(an_application, a_head):
    for _ in range(2):
        request = an_application.segment_until_at_work(a_head)
        an_application.loop.process.say(result_of(request, a_head))
        an_application.loop.run()
    assert len(an_application.finished) == 2
    assert len(an_application.loop.processes) == 1
    assert [request["type"] for request in an_application.requests()] == ["open", "segment", "segment"]


def test_a_scan_that_the_worker_has_dropped_is_handed_over_again_by_itself(an_application, a_head):
    lost = ErrorMessage.of(None, FailureKind.UNKNOWN_SCAN, message("worker.unknown_scan"))
    request = an_application.segment_until_at_work(a_head)
    an_application.loop.process.say(lost.model_copy(update={"id": request["id"]}))
    an_application.loop.run()
    again = an_application.request_at_work()
    assert [request["type"] for request in an_application.requests()] == ["open", "segment", "open", "segment"]
    assert again == request | {"id": again["id"]}
    an_application.loop.process.say(result_of(again, a_head))
    an_application.loop.run()
    assert (len(an_application.finished), an_application.failed) == (1, [])


def test_a_scan_that_the_worker_drops_again_is_a_failure(an_application, a_head):
    request = an_application.segment_until_at_work(a_head)
    for _ in range(2):
        lost = ErrorMessage.of(request["id"], FailureKind.UNKNOWN_SCAN, message("worker.unknown_scan"))
        an_application.loop.process.say(lost)
        an_application.loop.run()
        request = an_application.request_at_work()
    with raises(UnknownScanError, "worker.unknown_scan"):
        raise an_application.failure()
    assert [name for name in an_application.files() if not name.startswith("ichseg-worker-")] == []


def test_a_scan_that_the_worker_cannot_read_is_a_failure(an_application, a_head):
    an_application.segment(a_head)
    an_application.loop.run()
    an_application.loop.process.say(HELLO)
    (request,) = an_application.requests()
    problem = message("worker.unusable_geometry")
    an_application.loop.process.say(ErrorMessage.of(request["id"], FailureKind.BAD_INPUT, problem))
    an_application.loop.run()
    with raises(errors.InputError, "worker.unusable_geometry"):
        raise an_application.failure()
    assert an_application.segment_until_at_work(a_head)["type"] == "segment"


def test_two_segmentations_at_once_are_refused(an_application, a_head):
    an_application.segment(a_head)
    with raises(RuntimeError, "worker.busy"):
        an_application.segment(a_head)


def test_models_and_devices_are_listed_also_during_a_segmentation(an_application, a_head):
    an_application.segment_until_at_work(a_head)
    an_application.client.models(an_application.finished.append, an_application.failed.append)
    an_application.client.devices(an_application.finished.append, an_application.failed.append)
    an_application.loop.run()
    models, devices = an_application.requests()[2:]
    manifest = load_manifest()
    an_application.loop.process.say(ModelsMessage(id=models["id"], default=manifest.default, models=manifest.models))
    an_application.loop.process.say(DevicesMessage(id=devices["id"], devices=(Device("cpu"),)))
    an_application.loop.run()
    assert an_application.finished[0].model_dump() == manifest.model_dump()
    assert an_application.finished[1] == (Device("cpu"),)
    assert an_application.client.is_busy


def test_an_error_of_the_worker_comes_through_and_the_worker_lives(an_application, a_head):
    request = an_application.segment_until_at_work(a_head)
    an_application.loop.process.say(ErrorMessage(id=request["id"], kind=FailureKind.NOT_A_HEAD, message="No head."))
    an_application.loop.run()
    assert type(an_application.failure()) is errors.NotAHeadError
    assert not an_application.loop.process.is_killed
    assert [name for name in an_application.files() if not name.startswith("ichseg-worker-")] == []


# Exporting


@pytest.fixture
def a_job(tmp_path) -> ExportJob:
    """A table of measurements for a folder."""
    return ExportJob(
        folder=tmp_path.parent / "exported", formats=("csv",), scan=ScanFiles(), run=RunRecord.of_attributes({})
    )


def export_until_at_work(application, volume, job, **options) -> dict:
    labels = LabelMap((volume.hu > 60).astype(np.uint8), volume.grid)
    callbacks = {"finished": application.finished.append, "failed": application.failed.append}
    application.client.export(volume, labels, job, progress=lambda *_: None, **callbacks, **options)
    application.loop.run()
    return application.request_at_work()


def test_an_export_hands_over_volume_and_labels_and_gets_files(an_application, a_head, a_job):
    request = export_until_at_work(an_application, a_head, a_job)
    folder = _folder_of(request)
    np.testing.assert_array_equal(read_labels(folder / LABELS_NAME, a_head.grid).labels, a_head.hu > 60)
    np.testing.assert_array_equal(an_application.scans[request["scan"]].hu, a_head.hu)
    assert ExportJob.model_validate(request["job"]) == a_job
    with raises(RuntimeError, "worker.busy"):
        an_application.segment(a_head)
    an_application.loop.process.say(ExportedMessage(id=request["id"], files=(a_job.folder / "measurements.csv",)))
    an_application.loop.run()
    assert an_application.finished == [(a_job.folder / "measurements.csv",)]
    assert not folder.exists()
    assert not an_application.client.is_busy


def test_an_export_is_given_ten_seconds_to_stop_for_it_would_leave_half_made_files(an_application, a_head, a_job):
    export_until_at_work(an_application, a_head, a_job)
    an_application.client.cancel()
    an_application.loop.run(9.9)
    assert not an_application.loop.process.is_killed
    an_application.loop.run(0.2)
    assert an_application.loop.process.is_killed
    assert type(an_application.failure()) is errors.CancelledError


def test_an_export_goes_on_when_the_scene_is_closed(an_application, a_head, a_job):
    request = export_until_at_work(an_application, a_head, a_job)
    an_application.client.abandon()
    assert not an_application.loop.process.is_killed
    an_application.loop.process.say(ExportedMessage(id=request["id"], files=()))
    an_application.loop.run()
    assert an_application.finished == [()]


# Comparing and proposing


def test_two_scans_go_there_and_their_comparison_comes_back_with_its_picture(an_application, a_head):
    labels = LabelMap((a_head.hu > 60).astype(np.uint8) * 4, a_head.grid)
    other = CTVolume(a_head.hu + np.int16(1), a_head.grid)
    an_application.client.compare(
        (a_head, labels),
        (other, LabelMap(labels.labels * 0, a_head.grid)),
        ("Baseline: doubt.",),
        progress=lambda stage, fraction: an_application.progress.append((stage, fraction)),
        finished=an_application.finished.append,
        failed=an_application.failed.append,
    )
    an_application.loop.run()
    request = an_application.request_at_work()
    folder = _folder_of(request)
    assert (request["type"], request["warnings"], request["baseline"]["kind"]) == (
        "compare", ["Baseline: doubt."], "array",
    )  # fmt: skip
    first, second = (read_labels(folder / f"{name}_labels.npy", a_head.grid) for name in ("baseline", "followup"))
    np.testing.assert_array_equal(first.labels, labels.labels)
    assert not second.labels.any()
    np.testing.assert_array_equal(an_application.scans[request["baseline_scan"]].hu, a_head.hu)
    np.testing.assert_array_equal(an_application.scans[request["followup_scan"]].hu, other.hu)
    measured = measure(labels)
    growth = Comparison.of(compare_volumes(measured, measured), None, ())
    an_application.loop.process.say(
        ProgressMessage(id=request["id"], stage="register", fraction=0.5),
        ComparedMessage(id=request["id"], comparison=growth, picture=write_picture(folder, b"PNG")),
    )
    an_application.loop.run()
    (result,) = an_application.finished
    assert (result.comparison, result.picture) == (growth, b"PNG")
    assert an_application.progress == [("start", 0.0), ("register", 0.5)]
    assert not folder.exists()
    assert not an_application.client.is_busy


def test_a_comparison_is_given_up_with_the_scene(an_application, a_head):
    case = a_head, LabelMap(np.zeros(a_head.hu.shape, np.uint8), a_head.grid)
    callbacks = {"finished": an_application.finished.append, "failed": an_application.failed.append}
    an_application.client.compare(case, case, progress=lambda *_: None, **callbacks)
    an_application.loop.run()
    an_application.request_at_work()
    an_application.client.abandon()
    assert an_application.loop.process.is_killed
    assert not an_application.client.is_busy
    assert (an_application.finished, an_application.failed) == ([], [])


def test_labels_go_there_and_what_they_propose_comes_back(an_application, a_head, tmp_path_factory):
    labels = LabelMap((a_head.hu > 60).astype(np.uint8) * 4, a_head.grid)
    an_application.client.propose(
        a_head, labels, finished=an_application.finished.append, failed=an_application.failed.append
    )
    an_application.loop.run()
    request = an_application.request_at_work()
    scans = open_scans(tmp_path_factory.mktemp("scans"), **{request["scan"]: a_head})
    proposals = run_propose(parse_request(an_application.loop.process.written.splitlines()[-1]), scans).proposals
    assert proposals == Proposals.of(measure(labels, a_head))
    an_application.loop.process.say(ProposedMessage(id=request["id"], proposals=proposals))
    an_application.loop.run()
    assert an_application.finished == [proposals]


# One lesion again


def test_a_changed_box_goes_there_and_new_labels_come_back(an_application, a_head):
    labels = LabelMap((a_head.hu > 60).astype(np.uint8), a_head.grid)
    edit = BoxEdit(before=LesionBox(subtype="EDH", from_lps_mm=(0, 0, 0), to_lps_mm=(9, 9, 9), slices=(1, 2)))
    an_application.client.resegment_lesion(
        a_head, labels, edit, EM, finished=an_application.finished.append, failed=an_application.failed.append
    )
    an_application.loop.run()
    request = an_application.request_at_work()
    folder = _folder_of(request)
    assert (request["type"], request["options"]["model"]) == ("lesion", "em")
    assert BoxEdit.model_validate(request["edit"]) == edit
    np.testing.assert_array_equal(read_labels(folder / LABELS_NAME, a_head.grid).labels, labels.labels)
    np.testing.assert_array_equal(an_application.scans[request["scan"]].hu, a_head.hu)
    empty = LabelMap(labels.labels * 0, a_head.grid)
    an_application.loop.process.say(LesionMessage(id=request["id"], labels=write_labels(folder, empty), seconds=0.1))
    an_application.loop.run()
    (result,) = an_application.finished
    assert not result.labels.any()
    assert result.grid is a_head.grid
    assert not folder.exists()
    assert not an_application.client.is_busy


def test_a_cancelled_box_leaves_the_labels_and_the_files(an_application, a_head):
    labels = LabelMap(np.zeros(a_head.hu.shape, np.uint8), a_head.grid)
    an_application.client.resegment_lesion(
        a_head, labels, BoxEdit(), EM, finished=an_application.finished.append, failed=an_application.failed.append
    )
    an_application.loop.run()
    an_application.request_at_work()
    an_application.client.cancel()
    an_application.loop.run(0.5)
    assert type(an_application.failure()) is errors.CancelledError
    assert an_application.loop.process.is_killed  # it did not answer
    assert an_application.finished == []


# Cancelling


def test_before_the_worker_has_greeted_a_cancel_takes_no_time_and_the_worker_goes_on_starting(an_application, a_head):
    an_application.segment(a_head)
    an_application.loop.run()
    an_application.client.cancel()
    an_application.loop.run()
    assert type(an_application.failure()) is errors.CancelledError
    an_application.loop.process.say(HELLO)
    assert an_application.requests() == []
    assert not an_application.loop.process.is_killed


def test_a_cancel_while_the_volume_is_written_leaves_no_file(an_application, a_head):
    an_application.loop.holds_background = True
    an_application.segment(a_head)
    an_application.loop.run()
    an_application.client.cancel()
    an_application.loop.run()
    assert type(an_application.failure()) is errors.CancelledError
    an_application.loop.holds_background = False
    an_application.loop.run()
    assert [name for name in an_application.files() if not name.startswith("ichseg-worker-")] == []


def test_a_worker_that_listens_is_not_killed(an_application, a_head):
    request = an_application.segment_until_at_work(a_head)
    an_application.client.cancel()
    an_application.client.cancel()
    assert an_application.requests()[2:] == [{"type": "cancel", "request": request["id"]}]
    assert an_application.failed == []
    an_application.loop.process.say(ErrorMessage(id=request["id"], kind=FailureKind.CANCELLED, message="Cancelled."))
    an_application.loop.run()
    assert type(an_application.failure()) is errors.CancelledError
    an_application.loop.run(1.0)
    assert not an_application.loop.process.is_killed
    assert len(an_application.failed) == 1


def test_a_worker_that_does_not_listen_is_killed_after_400_ms_and_replaced(an_application, a_head):
    an_application.segment_until_at_work(a_head)
    first = an_application.loop.process
    an_application.client.cancel()
    an_application.loop.run(0.39)
    assert (first.is_killed, an_application.failed) == (False, [])
    an_application.loop.run(0.02)
    assert first.is_killed
    assert type(an_application.failure()) is errors.CancelledError
    first.listener.take_end(-9)
    assert an_application.files() == []
    an_application.failed.clear()
    request = an_application.segment_until_at_work(a_head)
    assert an_application.loop.process is not first
    an_application.loop.process.say(result_of(request, a_head))
    an_application.loop.run()
    assert (len(an_application.finished), an_application.failed) == (1, [])


def test_the_user_is_told_before_the_kill_which_may_take_long(an_application, a_head):
    killed = []
    an_application.failed = SimpleNamespace(append=lambda _: killed.append(first.is_killed))
    an_application.segment_until_at_work(a_head)
    first = an_application.loop.process
    an_application.client.cancel()
    an_application.loop.run(0.5)
    assert killed == [False]
    assert first.is_killed


def test_work_that_is_asked_for_at_a_cancel_gets_the_next_worker(an_application, a_head):
    def ask_again(_):
        an_application.failed = []
        an_application.segment(a_head)

    an_application.failed = SimpleNamespace(append=ask_again)
    an_application.segment_until_at_work(a_head)
    first = an_application.loop.process
    an_application.client.cancel()
    an_application.loop.run(0.5)
    assert first.is_killed
    request = an_application.request_at_work()
    assert an_application.loop.process is not first
    an_application.loop.process.say(result_of(request, a_head))
    an_application.loop.run()
    assert (len(an_application.finished), an_application.failed) == (1, [])


def test_what_else_was_asked_of_a_killed_worker_is_asked_of_the_next(an_application, a_head):
    an_application.segment_until_at_work(a_head)
    an_application.client.devices(an_application.finished.append, an_application.failed.append)
    an_application.loop.run()
    an_application.client.cancel()
    an_application.loop.run(0.5)
    an_application.loop.process.say(HELLO)
    assert [request["type"] for request in an_application.requests()] == ["devices"]
    an_application.loop.process.say(DevicesMessage(id=an_application.requests()[0]["id"], devices=(Device("cpu"),)))
    an_application.loop.run()
    assert an_application.finished == [(Device("cpu"),)]


def test_a_result_that_comes_after_the_cancel_is_not_wanted(an_application, a_head):
    request = an_application.segment_until_at_work(a_head)
    an_application.client.cancel()
    an_application.loop.process.say(result_of(request, a_head))
    an_application.loop.run(1.0)
    assert type(an_application.failure()) is errors.CancelledError
    assert not an_application.loop.process.is_killed


def test_a_cancel_while_the_labels_are_read_is_a_cancel(an_application, a_head):
    request = an_application.segment_until_at_work(a_head)
    an_application.loop.holds_background = True
    an_application.loop.process.say(result_of(request, a_head))
    an_application.client.cancel()
    an_application.loop.run()
    an_application.loop.holds_background = False
    an_application.loop.run()
    assert type(an_application.failure()) is errors.CancelledError
    assert [name for name in an_application.files() if not name.startswith("ichseg-worker-")] == []


# Abandoning and closing


def test_an_abandoned_segmentation_calls_nobody_and_its_worker_is_killed(an_application, a_head):
    request = an_application.segment_until_at_work(a_head)
    first = an_application.loop.process
    an_application.progress.clear()
    an_application.client.abandon()
    assert not an_application.client.is_busy
    assert first.is_killed
    first.say(ProgressMessage(id=request["id"], stage="infer", fraction=0.5))
    first.listener.take_end(-9)
    an_application.loop.run(200.0)
    assert (an_application.progress, an_application.finished, an_application.failed) == ([], [], [])
    assert an_application.files() == []
    assert len(an_application.loop.processes) == 1


def test_a_segmentation_that_has_not_begun_is_abandoned_without_a_kill(an_application, a_head):
    an_application.segment(a_head)
    an_application.client.abandon()
    an_application.loop.run()
    assert an_application.loop.processes == []
    an_application.segment(a_head)
    an_application.loop.run()
    an_application.client.abandon()
    an_application.loop.process.say(HELLO)
    assert an_application.requests() == []
    assert not an_application.loop.process.is_killed


def test_closing_ends_the_worker_removes_its_files_and_calls_nobody(an_application, a_head):
    an_application.segment_until_at_work(a_head)
    an_application.client.close()
    assert an_application.loop.process.finished_with_s == 0.5
    assert an_application.files() == []
    an_application.loop.run(200.0)
    assert (an_application.finished, an_application.failed) == ([], [])
    assert not an_application.client.is_busy


def test_closing_while_the_volume_is_written_leaves_no_file(an_application, a_head):
    an_application.loop.holds_background = True
    an_application.segment(a_head)
    an_application.loop.run()
    an_application.client.close()
    assert an_application.files() == []


def test_a_killed_worker_that_has_not_ended_yet_is_waited_for_at_the_close(an_application, a_head):
    an_application.segment_until_at_work(a_head)
    first = an_application.loop.process
    an_application.client.abandon()
    an_application.client.close()
    assert first.finished_with_s is not None
    assert an_application.files() == []


def test_after_the_close_the_next_request_starts_afresh(an_application, a_head):
    an_application.segment_until_at_work(a_head)
    an_application.client.close()
    an_application.segment_until_at_work(a_head)
    assert len(an_application.loop.processes) == 2


# Deaths


@pytest.mark.parametrize(
    ("code", "log", "error", "sentence"),
    [
        (-9, b"", errors.WorkerKilledError, message("worker.killed")),
        (
            1,
            b"error: [/opt/slicer/bin/./python-real] exit abnormally - Report the problem.\n",
            errors.WorkerKilledError,
            message("worker.killed"),
        ),
        (
            -11,
            b"Fatal Python error: Segmentation fault\n",
            errors.WorkerCrashedError,
            message("worker.crashed", how="SIGSEGV"),
        ),
    ],
)
def test_a_worker_that_dies_at_work_is_told_and_replaced(an_application, a_head, code, log, error, sentence):
    an_application.segment_until_at_work(a_head)
    an_application.loop.process.listener.take_errors(log)
    an_application.loop.process.listener.take_end(code)
    an_application.loop.run()
    with raises(error, sentence.code, **sentence.parameters):
        raise an_application.failure()
    assert an_application.files() == []
    assert "\n".join(an_application.client.log) == log.decode().strip().replace("/opt/slicer/bin/./", "")
    an_application.segment_until_at_work(a_head)
    assert len(an_application.loop.processes) == 2


def test_a_worker_that_cannot_import_the_library_says_which_import_failed(an_application, a_head):
    an_application.segment(a_head)
    an_application.loop.run()
    listener = an_application.loop.process.listener
    listener.take_errors(b'Traceback (most recent call last):\n  File "/opt/x.py", line 1\n')
    listener.take_errors(b"ImportError: DLL load failed while importing _pyopenvino")
    listener.take_end(1)
    an_application.loop.run()
    reason = "ImportError: DLL load failed while importing _pyopenvino"
    with raises(errors.WorkerCrashedError, "worker.not_started", reason=reason):
        raise an_application.failure()


def test_every_request_is_told_of_the_death_once(an_application, a_head):
    an_application.segment_until_at_work(a_head)
    an_application.client.models(an_application.finished.append, an_application.failed.append)
    an_application.loop.run()
    an_application.loop.process.listener.take_end(-9)
    an_application.client.cancel()
    an_application.loop.run(1.0)
    assert len(an_application.failed) == 2


def test_a_worker_that_died_while_it_waited_is_replaced_without_a_word(an_application, a_head):
    an_application.client.prepare()
    an_application.loop.run()
    an_application.loop.process.say(HELLO)
    an_application.loop.process.listener.take_end(-9)
    an_application.segment_until_at_work(a_head)
    assert len(an_application.loop.processes) == 2
    assert an_application.failed == []


def test_a_worker_whose_folder_was_cleaned_away_is_replaced(an_application, a_head):
    an_application.client.prepare()
    an_application.loop.run()
    first = an_application.loop.process
    shutil.rmtree(next(an_application.folder.iterdir()))
    an_application.segment_until_at_work(a_head)
    assert first.is_killed
    assert len(an_application.loop.processes) == 2


def test_what_was_asked_of_a_worker_whose_folder_was_cleaned_away_is_asked_of_the_next(an_application, a_head):
    an_application.client.devices(an_application.finished.append, an_application.failed.append)
    an_application.loop.run()
    an_application.loop.process.say(HELLO)
    shutil.rmtree(next(an_application.folder.iterdir()))
    an_application.segment_until_at_work(a_head)
    an_application.loop.run()
    assert [request["type"] for request in an_application.requests()] == ["devices", "open", "segment"]


def test_files_that_are_written_after_the_worker_s_death_are_removed(an_application, a_head):
    an_application.loop.holds_background = True
    an_application.segment(a_head)
    an_application.loop.run()
    folder = next(an_application.folder.iterdir())
    an_application.loop.process.listener.take_end(-9)
    # As if the other thread had made it just after the folder was looked through.
    folder.mkdir()
    an_application.loop.holds_background = False
    an_application.loop.run()
    assert type(an_application.failure()) is errors.WorkerKilledError
    assert an_application.files() == []


def test_a_folder_that_cannot_be_removed_at_once_is_removed_later(an_application, monkeypatch):
    # As on Windows, where a launcher can be gone a moment before its child.
    an_application.client.prepare()
    an_application.loop.run()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        an_application.loop.process.listener.take_end(-9)
    assert an_application.files() != []
    an_application.loop.run(2.5)
    assert an_application.files() == []


def test_a_worker_of_another_version_is_refused(an_application, a_head):
    an_application.segment(a_head)
    an_application.loop.run()
    process = an_application.loop.process
    process.say(HelloMessage(version="9.9.9", pid=1))
    assert process.is_killed
    process.listener.take_end(-9)
    an_application.loop.run()
    with raises(errors.WorkerCrashedError, "worker.other_version", worker="9.9.9"):
        raise an_application.failure()


def test_a_worker_that_never_greets_is_given_up(an_application, a_head):
    an_application.segment(a_head)
    an_application.loop.run(119.0)
    assert not an_application.loop.process.is_killed
    an_application.loop.run(2.0)
    assert an_application.loop.process.is_killed
    an_application.loop.process.listener.take_end(-9)
    an_application.loop.run()
    with raises(errors.WorkerCrashedError, "worker.no_greeting", seconds=120.0):
        raise an_application.failure()


def test_an_interpreter_that_cannot_be_started_is_told(an_application, a_head):
    an_application.segment(a_head)
    an_application.loop.run()
    an_application.loop.process.listener.take_end(None, "execve: Permission denied")
    an_application.loop.run()
    with raises(errors.WorkerCrashedError, "worker.not_started", reason="execve: Permission denied"):
        raise an_application.failure()
    assert an_application.files() == []


def test_an_interpreter_that_is_not_found_is_told(an_application, a_head, monkeypatch):
    def missing():
        raise FileNotFoundError(2, "PythonSlicer was not found")

    monkeypatch.setattr(an_application.client, "_python", missing)
    an_application.segment(a_head)
    an_application.client.prepare()
    an_application.loop.run()
    assert isinstance(an_application.failure(), FileNotFoundError)
    assert an_application.files() == []


def test_a_full_disk_is_told_and_leaves_no_half_file(an_application, a_head, monkeypatch):
    def full(file, *_):
        file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(exchange, "_write_array", full)
    an_application.segment(a_head)
    an_application.loop.run()
    assert type(an_application.failure()) is errors.DiskFullError
    assert [name for name in an_application.files() if not name.startswith("ichseg-worker-")] == []
    assert not an_application.client.is_busy
