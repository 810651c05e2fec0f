# SPDX-License-Identifier: Apache-2.0
"""C-STORE to real archives on the loopback; every failure is one clear sentence and keeps the files."""

from __future__ import annotations

import io
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pynetdicom
import pytest
from builders.archives import free_port, orthanc, silent_server, stored_in_orthanc, storescp
from builders.dicom import write_series
from builders.errors import raises
from builders.grids import make_grid
from pydicom.uid import EncapsulatedPDFStorage, SegmentationStorage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.dicom.pdf import write_dicom_pdf
from ICHSegmentationLib.export.dicom.seg import write_dicom_seg
from ICHSegmentationLib.export.dicom.sr import write_dicom_sr
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.sending import PacsNode, SendError, send_files

GRID = make_grid(rows=64, columns=64, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5)


@pytest.fixture(scope="module")
def three_files(tmp_path_factory) -> tuple[Path, ...]:
    """A segmentation, a structured report and a report in a DICOM file, of a tilted, uneven scan."""
    folder = tmp_path_factory.mktemp("results")
    write_series(folder / "ct", np.zeros(GRID.shape, dtype=np.int16), GRID)
    volume = read_ct(folder / "ct")
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[3:6, 20:40, 20:42] = Subtype.IPH
    label_map = LabelMap(labels, volume.grid)
    paths = tuple(folder / name for name in ("segmentation.dcm", "measurements.dcm", "report.dcm"))
    datasets = load_source_datasets(volume)
    segmentation = write_dicom_seg(paths[0], label_map, volume.source, datasets, model=None)
    write_dicom_sr(paths[1], measure(label_map), volume.source, datasets, segmentation)
    write_dicom_pdf(paths[2], b"%PDF-1.4" + bytes(300_000), volume.source, datasets, shows_patient=False)
    return paths


@pytest.fixture(autouse=True)
def files_are_kept(three_files):
    """Whatever a test does, the files are the same afterwards."""
    before = [path.read_bytes() for path in three_files]
    yield
    assert [path.read_bytes() for path in three_files] == before


def node(port: int, **changes) -> PacsNode:
    values = {"enabled": True, "host": "127.0.0.1", "port": port, "called_ae_title": "ORTHANC", "timeout_s": 60.0}
    return PacsNode(**values | changes)


def failure(paths, to: PacsNode) -> SendError:
    with pytest.raises(SendError) as caught:
        send_files(paths, to)
    assert caught.value.code in ("sending.failed", "sending.failed_midway")
    assert "\n" not in str(caught.value)
    return caught.value


def reason(error: SendError) -> tuple[str, dict]:
    """Return code and parameters of the reason that an error gives."""
    sentence = error.parameters["reason"]
    return sentence.code, dict(sentence.parameters)


SILENT = ("sending.silent", {"seconds": 0.5})


@contextmanager
def a_store(answer: Callable[[pynetdicom.events.Event], int], *kinds: str, **settings) -> Iterator[int]:
    """Run an archive of pynetdicom's that answers each file as it is told, and give its port."""
    entity = pynetdicom.AE(ae_title="ORTHANC")
    for name, value in settings.items():
        setattr(entity, name, value)
    for kind in kinds or (context.abstract_syntax for context in pynetdicom.AllStoragePresentationContexts):
        entity.add_supported_context(kind)
    handlers = [(pynetdicom.evt.EVT_C_STORE, answer)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()


@pytest.mark.slow
def test_orthanc_holds_the_same_files(three_files, tmp_path):
    with orthanc(tmp_path) as (dicom, http):
        done = []
        assert send_files(three_files, node(dicom), progress=lambda _, share: done.append(round(share, 2))) == ()
        assert done == [0.33, 0.67, 1.0]
        stored = stored_in_orthanc(http)

        assert len(stored) == 3
        for path in three_files:
            ours = pydicom.dcmread(path)
            theirs = pydicom.dcmread(io.BytesIO(stored[ours.SOPInstanceUID]))
            assert theirs == ours

        refused = failure(three_files, node(dicom, called_ae_title="SOMEONE"))
        assert refused.parameters["node"].startswith("SOMEONE at 127.0.0.1:")
        assert reason(refused) == ("sending.unknown_called_title", {"title": "SOMEONE"})
        assert refused.sent == ()
        assert len(stored_in_orthanc(http)) == 3


def test_storescp_holds_the_same_files(three_files, tmp_path):
    with storescp(tmp_path / "archive") as (port, _):
        send_files(three_files, node(port))
    stored = [pydicom.dcmread(path) for path in (tmp_path / "archive").iterdir()]
    ours = {pydicom.dcmread(path).SOPInstanceUID: pydicom.dcmread(path) for path in three_files}
    assert {dataset.SOPInstanceUID: dataset for dataset in stored} == ours


@pytest.mark.parametrize(
    ("option", "timeout_s", "code", "parameters"),
    [
        (("--refuse",), 60, "sending.rejected", {}),
        (("--sleep-during", "3"), 1, "sending.silent", {"seconds": 1}),
        (("--abort-during",), 60, "sending.dropped", {}),
        (("--abort-after",), 60, "sending.dropped", {}),
    ],
)
def test_storescp_refuses_is_slow_or_drops(three_files, tmp_path, option, timeout_s, code, parameters):
    with storescp(tmp_path / "archive", *option) as (port, _):
        assert reason(failure(three_files, node(port, timeout_s=timeout_s))) == (code, parameters)


def test_an_archive_that_is_not_running(three_files):
    assert reason(failure(three_files, node(free_port()))) == ("sending.connection_refused", {})


def test_an_unknown_host(three_files):
    error = failure(three_files, node(104, host="no-such-archive.invalid"))
    assert reason(error) == ("sending.unknown_host", {"host": "no-such-archive.invalid"})


def test_an_archive_that_says_nothing(three_files):
    with silent_server() as port:
        started = time.monotonic()
        error = failure(three_files, node(port, timeout_s=0.5))
        assert reason(error) == SILENT
        assert time.monotonic() - started < 5


def test_an_archive_that_hangs(three_files, tmp_path):
    """storescp is stopped by a signal: the system still takes its connections, and nobody answers."""
    with storescp(tmp_path / "archive") as (port, process):
        os.kill(process.pid, signal.SIGSTOP)
        assert reason(failure(three_files, node(port, timeout_s=0.5))) == SILENT


def test_something_that_is_no_archive(three_files):
    with silent_server(hang_up=True) as port:
        assert reason(failure(three_files, node(port))) == ("sending.dropped", {})


def test_an_archive_that_is_slow_to_store(three_files):
    with a_store(lambda _: time.sleep(1.5) or 0x0000) as port:
        error = failure(three_files, node(port, timeout_s=0.5))
    assert reason(error) == SILENT


def test_a_connection_that_drops_between_two_files(three_files):
    received = []

    def answer(event):
        received.append(event.request.AffectedSOPInstanceUID)
        if len(received) == 2:
            event.assoc.abort()
        return 0x0000

    with a_store(answer) as port:
        error = failure(three_files, node(port))
    assert error.code == "sending.failed_midway"
    assert (error.parameters["names"], error.parameters["sent"]) == ("measurements.dcm, report.dcm", "segmentation.dcm")
    assert error.parameters["node"].startswith("ORTHANC at ")
    assert reason(error) == ("sending.dropped", {})
    assert error.sent == three_files[:1]


def test_an_archive_that_does_not_take_this_kind(three_files):
    with a_store(lambda _: 0x0000, EncapsulatedPDFStorage) as port:
        error = failure(three_files, node(port))
    assert reason(error) == ("sending.kind_not_accepted", {"kind": "Segmentation Storage"})


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (0xA700, "sending.out_of_resources"),
        (0xC123, "sending.not_stored"),
        (0x0124, "sending.not_allowed"),
    ],
)
def test_an_archive_that_fails_to_store(three_files, status, meaning):
    with a_store(lambda _: status, SegmentationStorage) as port:
        code, parameters = reason(failure(three_files[:1], node(port)))
    assert (code, parameters["status"], parameters["meaning"].code) == ("sending.status", status, meaning)


def test_a_warning_of_the_archive_is_passed_on(three_files):
    with a_store(lambda _: 0xB000, SegmentationStorage) as port:
        remarks = send_files(three_files[:1], node(port))
    (remark,) = remarks
    assert remark.code == "sending.taken_with_warning"
    assert remark.parameters == {"name": "segmentation.dcm", "status": 0xB000}


def test_an_archive_that_does_not_know_us(three_files):
    with a_store(lambda _: 0x0000, require_calling_aet=["OTHER"]) as port:
        error = failure(three_files, node(port, calling_ae_title="ME"))
    assert reason(error) == ("sending.unknown_calling_title", {"title": "ME"})


def test_a_rejection_that_comes_before_the_connection_is_noticed(three_files, monkeypatch):
    """On a busy computer the thread of the connection can be done before the one that waits for it goes on."""
    ask = pynetdicom.acse.ACSE.send_request

    def ask_and_fall_behind(negotiation):
        ask(negotiation)
        negotiation.assoc.dul.join()

    monkeypatch.setattr(pynetdicom.acse.ACSE, "send_request", ask_and_fall_behind)
    with a_store(lambda _: 0x0000, require_called_aet=True) as port:
        error = failure(three_files, node(port, called_ae_title="SOMEONE"))
    assert reason(error) == ("sending.unknown_called_title", {"title": "SOMEONE"})


def test_only_dicom_files_are_sent(tmp_path):
    (tmp_path / "notes.txt").write_text("text")
    with raises(InputError, "io.no_sop_class", path=tmp_path / "notes.txt"):
        send_files([tmp_path / "notes.txt"], node(104))
    with raises(InputError, "sending.no_file"):
        send_files([], node(104))


def test_nothing_of_the_patient_is_logged(three_files, caplog):
    with caplog.at_level(logging.DEBUG), a_store(lambda _: 0x0000) as port:
        send_files(three_files, node(port))
        failure(three_files, node(free_port()))
    assert "secret" not in caplog.text.lower()
