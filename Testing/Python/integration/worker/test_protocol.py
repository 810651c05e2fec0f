# SPDX-License-Identifier: Apache-2.0
"""The lines that a worker takes and gives, as a client in any language meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.label_maps import labelled

import ICHSegmentationLib
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.worker.protocol.exchange import write_labels, write_volume


class RawWorker:
    """A worker and its two pipes."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        root = str(Path(ICHSegmentationLib.__file__).parents[1])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ICHSegmentationLib.worker", "--folder", str(folder)],
            env=environment | {"PYTHONPATH": root},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def write(self, *lines: bytes | dict) -> None:
        for line in lines:
            self.process.stdin.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def open(self, scan: str, folder: Path, volume: CTVolume) -> None:
        write_volume(folder / scan, volume)
        self.write({"type": "open", "id": 100, "scan": scan, "folder": str(folder / scan)})
        assert self.read() == {"type": "opened", "id": 100}

    def read_until(self, *types: str) -> dict:
        while (message := self.read())["type"] not in types:
            pass
        return message


def segment(number: int, scan: str, folder: Path) -> dict:
    return {"type": "segment", "id": number, "scan": scan, "folder": str(folder), "options": {"threads": 1}}


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    """Private folder of the client."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    return folder


@pytest.fixture
def a_worker(an_environment: dict[str, str], a_folder: Path) -> Iterator[RawWorker]:
    """A worker that has just been started."""
    worker = RawWorker(an_environment, a_folder)
    with worker.process:
        yield worker
        worker.process.stdin.close()
        worker.process.wait(20)


def test_the_first_line_greets(a_worker):
    assert a_worker.read() == {
        "type": "hello",
        "protocol": 9,
        "version": ICHSegmentationLib.__version__,
        "pid": a_worker.process.pid,
    }


def test_lines_that_are_no_requests_are_refused_one_by_one_and_the_worker_lives(a_worker):
    a_worker.read()
    cases = [
        (b"nonsense", None, "Invalid JSON"),
        (b"\xff\xfe", None, "Invalid JSON"),
        (b"[" * 100_000, None, "Invalid JSON"),
        (b'{"id": 7}', 7, "type"),
        (b'{"type": "fly", "id": 8}', 8, "'fly'"),
        (b'{"type": "segment", "id": 9, "scan": "a"}', 9, "segment.folder"),
        (
            b'{"type": "segment", "id": 10, "scan": "a", "folder": "x", "options": {"threads": 0}}',
            10,
            "segment.options.threads",
        ),
        (b'{"type": "ping", "id": 11, "extra": 1}', 11, "ping.extra"),
    ]
    for line, number, reason in cases:
        a_worker.write(line)
        answer = a_worker.read()
        assert {name: answer[name] for name in ("type", "id", "kind")} == {
            "type": "error",
            "id": number,
            "kind": "bad_input",
        }
        assert answer["code"] == "worker.request_not_understood"
        assert any(reason in value for value in answer["parameters"].values())
    a_worker.write({"type": "ping", "id": 12})
    assert a_worker.read() == {"type": "pong", "id": 12}


def test_a_request_names_files_in_its_folder_and_so_does_its_answer(a_worker, a_folder, a_head):
    a_worker.read()
    a_worker.open("a", a_folder, a_head)
    a_worker.write(segment(1, "a", a_folder))
    first = a_worker.read()
    assert first == {"type": "progress", "id": 1, "stage": "load", "fraction": 0.0}
    result = a_worker.read_until("result", "error")
    assert result["labels"] == str(a_folder / "labels.npy")
    assert (result["runtime"]["backend"], result["runtime"]["threads"]) == ("openvino", 1)
    assert result["model"]["name"] == "tiny"
    assert set(result["measurements"]["volumes_ml"]) == {"EDH", "SDH", "SAH", "IPH", "IVH", "total"}


@pytest.mark.parametrize("name", ["volume.npy", "geometry.json"])
def test_a_missing_or_damaged_file_is_bad_input(a_worker, a_folder, a_head, name):
    a_worker.read()
    write_volume(a_folder / "a", a_head)
    (a_folder / "a" / name).write_bytes(b"\x93NUMPY broken")
    a_worker.write({"type": "open", "id": 1, "scan": "a", "folder": str(a_folder / "a")})
    answer = a_worker.read()
    assert (answer["type"], answer["kind"]) == ("error", "bad_input")
    a_worker.write({"type": "open", "id": 2, "scan": "b", "folder": str(a_folder / "none")})
    answer = a_worker.read()
    assert (answer["type"], answer["id"], answer["kind"]) == ("error", 2, "bad_input")


def test_the_two_scans_that_were_used_last_are_kept(a_worker, a_folder, a_head):
    a_worker.read()
    write_labels(a_folder, labelled(a_head.grid))

    def answer_about(scan: str) -> tuple[str, str | None]:
        a_worker.write({"type": "propose", "id": 9, "scan": scan, "folder": str(a_folder)})
        answer = a_worker.read()
        return answer["type"], answer.get("kind")

    assert answer_about("a") == ("error", "unknown_scan")
    for scan in "ab":
        a_worker.open(scan, a_folder, a_head)
    assert answer_about("a") == ("proposed", None)
    a_worker.open("c", a_folder, a_head)
    assert [answer_about(scan)[0] for scan in "abc"] == ["proposed", "error", "proposed"]


def test_a_ping_is_answered_during_work_and_a_waiting_request_can_be_cancelled(a_worker, a_folder, a_head):
    a_worker.read()
    a_worker.open("a", a_folder, a_head)
    a_worker.write(
        segment(1, "a", a_folder),
        segment(2, "a", a_folder),
        segment(2, "a", a_folder),
        {"type": "cancel", "request": 2},
        {"type": "cancel", "request": 77},
        {"type": "ping", "id": 3},
    )
    answers = [a_worker.read_until("pong", "result", "error") for _ in range(4)]
    assert [(answer["type"], answer["id"]) for answer in answers] == [
        ("error", None),
        ("pong", 3),
        ("result", 1),
        ("error", 2),
    ]
    assert (answers[0]["code"], answers[0]["parameters"]) == ("worker.number_in_use", {"number": 2})
    assert answers[3]["kind"] == "cancelled"


def test_shutdown_ends_the_worker(a_worker, a_folder):
    a_worker.read()
    a_worker.write({"type": "shutdown"})
    assert a_worker.process.wait(20) == 0
    assert a_worker.process.stdout.read() == b""
    assert not a_folder.exists()


def test_the_end_of_the_input_stops_work_and_ends_the_worker(a_worker, a_folder, a_head):
    a_worker.read()
    a_worker.open("a", a_folder, a_head)
    a_worker.write(segment(1, "a", a_folder))
    a_worker.read()
    a_worker.process.stdin.close()
    assert a_worker.process.wait(20) == 0
    assert b'"result"' not in a_worker.process.stdout.read()
    assert not a_folder.exists()


def test_work_that_never_looks_up_does_not_outlive_the_client(a_folder):
    code = """
import sys, time
from pathlib import Path
from ICHSegmentationLib.worker.server import loop
from ICHSegmentationLib.worker.server.channel import Channel
loop.run_segment = lambda *_: time.sleep(1000)
loop.Worker(Channel.take_standard_streams(), Path(sys.argv[1])).run()
"""
    request = b'{"type": "segment", "id": 1, "scan": "a", "folder": "."}\n'
    done = subprocess.run([sys.executable, "-c", code, str(a_folder)], input=request, timeout=60, check=False)
    assert done.returncode == 0
    assert not a_folder.exists()


def test_whatever_prints_does_not_reach_the_client():
    code = """
import os
from ICHSegmentationLib.worker.server.channel import Channel
from ICHSegmentationLib.worker.protocol.messages import PongMessage
channel = Channel.take_standard_streams()
print("from python", flush=True)
os.write(1, b"from native code\\n")
os.system("echo from a child")
assert os.read(0, 10) == b"", "another reader sees no requests"
channel.send(PongMessage(id=1))
assert list(channel.lines()) == [b"a request\\n"]
"""
    done = subprocess.run([sys.executable, "-c", code], input=b"a request\n", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b'{"type":"pong","id":1}\n'
    assert done.stderr.split(b"\n")[:3] == [b"from python", b"from native code", b"from a child"]
