# SPDX-License-Identifier: Apache-2.0
"""The node receives studies, segments each revision once, sends the results and deletes the images."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.archives import free_port, storescp
from builders.cohorts import OneWorker, fake_environment
from builders.dicom import write_series
from builders.errors import raises
from builders.grids import make_grid
from builders.requirements import require_program
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from ICHSegmentationLib.cohort.jobs import State
from ICHSegmentationLib.cohort.limited_worker import LimitedWorker, Limits, WorkerSettings
from ICHSegmentationLib.cohort.node import receiver
from ICHSegmentationLib.cohort.node.config import NodeConfig, Rule, Sender, Tls, read_config
from ICHSegmentationLib.cohort.node.health import HealthPage
from ICHSegmentationLib.cohort.node.inbox import Inbox
from ICHSegmentationLib.cohort.node.service import Node
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.sending.node import PacsNode

pytestmark = pytest.mark.slow

GRID = make_grid(rows=8, columns=6, steps_mm=[5.0] * 3)
HERE = Sender(ae_title="SCANNER", address="127.0.0.1")


@pytest.fixture(scope="module")
def a_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LimitedWorker]:
    environment = fake_environment(tmp_path_factory.mktemp("fake") / "path")
    worker = LimitedWorker(WorkerSettings(SegmentOptions(threads=1), Limits(300.0), environment))
    yield worker
    worker.close()


def config(folder: Path, **changes) -> NodeConfig:
    values = {
        "enabled": True,
        "port": free_port(),
        "folder": folder,
        "senders": (HERE,),
        "quiet_s": 1e-3,
        "free_mib": 0.0,
        "options": SegmentOptions(model="em", threads=1),
    }
    return NodeConfig(**values | changes)


def a_study(folder: Path, study: str, **tags: object) -> list[pydicom.Dataset]:
    def edit(dataset, _index):
        dataset.StudyInstanceUID = study
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)

    paths = write_series(folder, np.zeros((4, 8, 6), dtype=np.int16), GRID, series_uid=f"{study}.1", edit=edit)
    return [pydicom.dcmread(path) for path in paths]


def send(settings: NodeConfig, datasets: list[pydicom.Dataset], title: str = "SCANNER") -> list[int] | None:
    """Return the status of each image; None if the association was rejected."""
    entity = AE(ae_title=title)
    entity.add_requested_context(CTImageStorage)
    association = entity.associate("127.0.0.1", settings.port, ae_title=settings.ae_title)
    if not association.is_established:
        return None
    statuses = [association.send_c_store(dataset).Status for dataset in datasets]
    association.release()
    return statuses


@contextmanager
def receiving(settings: NodeConfig, inbox: Inbox) -> Iterator[None]:
    server = receiver.receive(settings, inbox)
    try:
        yield
    finally:
        server.shutdown()


@contextmanager
def running(settings: NodeConfig, worker: LimitedWorker) -> Iterator[Node]:
    node = Node(settings, lambda: OneWorker(worker))
    try:
        with receiving(settings, node.inbox):
            yield node
    finally:
        node.close()


def states(node: Node) -> list[tuple[State, str]]:
    return [(entry.outcome.state, entry.outcome.code) for entry in node.ledger.entries()]


def test_each_revision_of_a_study_is_segmented_once(tmp_path, a_worker):
    images = a_study(tmp_path / "ct", "1.1")
    with running(config(tmp_path / "node"), a_worker) as node:
        assert send(node._config, images[:3]) == [0, 0, 0]
        node.step()
        node.step()
        assert states(node) == [(State.DONE, "")]
        assert send(node._config, images[:1]) == [0]  # repeated
        node.step()
        assert len(states(node)) == 1
        assert send(node._config, images[3:]) == [0]  # late
        node.step()
        assert states(node) == [(State.DONE, ""), (State.DONE, "")]
        assert [len(entry.case.paths) for entry in node.ledger.entries()] == [3, 4]
    assert stat.S_IMODE((tmp_path / "node").stat().st_mode) == 0o700


def test_a_study_that_still_arrives_waits(tmp_path, a_worker):
    with running(config(tmp_path / "node", quiet_s=3600.0), a_worker) as node:
        send(node._config, a_study(tmp_path / "ct", "1.1"))
        node.step()
        assert states(node) == []


def test_rules_choose_the_series(tmp_path, a_worker):
    rules = (Rule(description="head.*plain", kernel="^H"),)
    with running(config(tmp_path / "node", rules=rules), a_worker) as node:
        send(
            node._config, a_study(tmp_path / "a", "1.1", SeriesDescription="Head 5 mm Plain", ConvolutionKernel="H30s")
        )
        send(node._config, a_study(tmp_path / "b", "1.2", SeriesDescription="Neck", ConvolutionKernel="H30s"))
        node.step()
        assert sorted(states(node)) == [(State.DONE, ""), (State.FAILED, "cohort.study_without_series")]
        assert "1.2" not in node.health().errors[0]


def test_only_the_named_senders_may_send(tmp_path):
    elsewhere = Sender(ae_title="SCANNER", address="192.0.2.1")
    settings = config(tmp_path / "node", senders=(elsewhere,))
    inbox = Inbox(tmp_path / "inbox")
    images = a_study(tmp_path / "ct", "1.1")
    with receiving(settings, inbox):
        assert send(settings, images, title="STRANGER") is None
        assert send(settings, images) == [receiver.NOT_ALLOWED] * 4
    assert list(inbox.studies()) == []


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Return a self-made certificate and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_over_tls_only_senders_with_a_known_certificate_are_heard(tmp_path):
    require_program("storescu", "dcmtk")
    require_program("openssl", "openssl")
    (server, server_key), (known, known_key), (other, other_key) = (
        a_certificate(tmp_path, name) for name in ("node", "scanner", "stranger")
    )
    settings = config(tmp_path / "node", tls=Tls(certificate=server, key=server_key, ca=known))
    inbox = Inbox(tmp_path / "inbox")
    a_study(tmp_path / "ct", "1.1")
    images = sorted(str(path) for path in (tmp_path / "ct").iterdir())
    ways = {
        "known": ["+tls", str(known_key), str(known), "+cf", str(server)],
        "stranger": ["+tls", str(other_key), str(other), "+cf", str(server)],
        "no certificate": ["+tla", "+cf", str(server)],
        "no TLS": [],
    }
    received = {}
    with receiving(settings, inbox):
        for name, options in reversed(ways.items()):
            command = ["storescu", "-to", "5", *options, "-aet", "SCANNER", "-aec", "ICHSEG", "127.0.0.1"]
            done = subprocess.run([*command, str(settings.port), *images], capture_output=True, timeout=60, check=False)
            received[name] = (done.returncode == 0, sum(len(study.files) for study in inbox.studies()))
    assert received == {"no TLS": (False, 0), "no certificate": (False, 0), "stranger": (False, 0), "known": (True, 4)}


def test_an_image_that_arrives_while_a_study_is_deleted_stays(tmp_path):
    settings, inbox = config(tmp_path / "node"), Inbox(tmp_path / "inbox")
    images = a_study(tmp_path / "ct", "1.1")
    with receiving(settings, inbox):
        send(settings, images[:3])
        (study,) = inbox.studies()
        send(settings, images[3:])
        inbox.delete(study)
    (left,) = inbox.studies()
    assert (len(left.files), left.deleted) == (1, 3)


def test_another_image_with_a_known_uid_is_refused(tmp_path):
    settings, inbox = config(tmp_path / "node"), Inbox(tmp_path / "inbox")
    images = a_study(tmp_path / "ct", "1.1")
    with receiving(settings, inbox):
        assert send(settings, images) == [0] * 4
        revision = next(inbox.studies()).revision
        images[0].PixelData = b"\1" * len(images[0].PixelData)
        assert send(settings, images) == [receiver.DUPLICATE, 0, 0, 0]
    assert next(inbox.studies()).revision == revision


@pytest.mark.parametrize("limits", [{"free_mib": 1e12}, {"image_mib": 1e-4}])
def test_an_image_beyond_the_limits_is_refused(tmp_path, limits):
    settings, inbox = config(tmp_path / "node", **limits), Inbox(tmp_path / "inbox")
    with receiving(settings, inbox):
        assert send(settings, a_study(tmp_path / "ct", "1.1")) == [receiver.OUT_OF_RESOURCES] * 4
    assert list(inbox.studies()) == []


def test_a_full_disk_is_told_to_the_sender_and_leaves_no_partial_image(tmp_path, monkeypatch):
    settings, inbox = config(tmp_path / "node"), Inbox(tmp_path / "inbox")

    def no_space(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ICHSegmentationLib.cohort.node.inbox.os.fsync", no_space)
    with receiving(settings, inbox):
        assert send(settings, a_study(tmp_path / "ct", "1.1")) == [receiver.OUT_OF_RESOURCES] * 4
    assert [path for path in inbox.folder.rglob("*") if path.is_file()] == []


def test_results_are_sent_and_the_images_deleted(tmp_path, a_worker):
    images = a_study(tmp_path / "ct", "1.1")
    with storescp(tmp_path / "archive") as (port, _):
        archive = PacsNode(enabled=True, host="127.0.0.1", port=port, called_ae_title="ARCHIVE")
        with running(config(tmp_path / "node", archive=archive), a_worker) as node:
            send(node._config, images)
            node.step()
            assert node.health().unsent == 0
            assert list(node.inbox.studies()) == []
            assert len(list((tmp_path / "archive").iterdir())) == 1
            # A late image must not become a study of one image.
            late = images[0]
            late.SOPInstanceUID = late.file_meta.MediaStorageSOPInstanceUID = "1.2.3.99"
            send(node._config, [late])
            node.step()
            assert states(node) == [(State.DONE, ""), (State.FAILED, "cohort.study_incomplete")]


def test_an_archive_that_does_not_answer_keeps_everything(tmp_path, a_worker):
    archive = PacsNode(enabled=True, host="127.0.0.1", port=free_port(), called_ae_title="ARCHIVE", timeout_s=1.0)
    with running(config(tmp_path / "node", archive=archive), a_worker) as node:
        send(node._config, a_study(tmp_path / "ct", "1.1"))
        node.step()
        health = node.health()
        assert (health.counts["done"], health.unsent, len(health.errors)) == (1, 1, 1)
        assert len(list(node.inbox.studies())) == 1


def test_old_images_are_deleted_without_an_archive(tmp_path, a_worker):
    with running(config(tmp_path / "node", keep_days=1.0), a_worker) as node:
        send(node._config, a_study(tmp_path / "ct", "1.1"))
        node.step()
        (study,) = node.inbox.studies()
        for path in study.folder.glob("*.dcm"):
            os.utime(path, (1e9, 1e9))
        node.step()
        assert list(node.inbox.studies()) == []
        node.step()
        assert states(node) == [(State.DONE, "")]


def test_the_health_page_shows_the_queue(tmp_path, a_worker):
    page = HealthPage(0)
    with running(config(tmp_path / "node"), a_worker) as node:
        page.show(node.health())
        with urllib.request.urlopen(f"http://127.0.0.1:{page.port}/", timeout=10) as answer:
            shown = json.loads(answer.read())
    page.close()
    assert shown == {
        "counts": {"waiting": 0, "running": 0, "done": 0, "failed": 0},
        "unsent": 0,
        "errors": [],
    }


RECEIVER = """
import sys, time
from pathlib import Path
from ICHSegmentationLib.cohort.node.config import NodeConfig
from ICHSegmentationLib.cohort.node.inbox import Inbox
from ICHSegmentationLib.cohort.node.receiver import receive
config = NodeConfig.model_validate_json(sys.argv[1])
server = receive(config, Inbox(Path(sys.argv[2])))
print("ready", flush=True)
time.sleep(600)
"""


def test_what_was_acknowledged_is_on_the_disk_after_a_kill(tmp_path):
    settings = config(tmp_path / "node")
    folder = tmp_path / "inbox"
    command = [sys.executable, "-c", RECEIVER, settings.model_dump_json(), str(folder)]
    studies = [a_study(tmp_path / f"ct{number}", f"1.{number}") for number in range(1, 6)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    acknowledged = []
    for number, images in enumerate(studies):
        if number == 3:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            break
        assert send(settings, images) == [0] * 4
        acknowledged += images
    assert sum(len(list(study.folder.glob("*.dcm"))) for study in Inbox(folder).studies()) == len(acknowledged)

    inbox = Inbox(folder)
    with receiving(settings, inbox):
        for images in studies:
            assert send(settings, images) == [0] * 4
    assert [len(list(study.folder.glob("*.dcm"))) for study in inbox.studies()] == [4] * 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("folder: /x\nsenders: [{ae_title: A, address: 127.0.0.1}]\n", "cohort.node_off"),
        ("enabled: true\nfolder: /x\nsenders: []\n", "cohort.node_not_valid"),
        ("enabled: true\nfolder: /x\nsenders: [{ae_title: A, address: host}]\n", "cohort.node_not_valid"),
        ("enabled: true\nfolder: /x\nother: 1\n", "cohort.node_not_valid"),
        ("enabled: [\n", "cohort.node_unreadable"),
    ],
)
def test_settings_that_are_off_or_wrong_are_refused(tmp_path, text, code):
    path = tmp_path / "node.yaml"
    path.write_text(text)
    with raises(InputError, code):
        read_config(path)
