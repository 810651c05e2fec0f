# SPDX-License-Identifier: Apache-2.0
"""DICOM archives on the loopback interface: Orthanc, DCMTK's storescp, and ports where nobody answers."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builders.requirements import SYSTEM_FOLDERS, require_program

_START_S = 60.0


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def storescp(folder: Path, *options: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run DCMTK's archive, which writes what it receives to a folder; yield its port and its process."""
    # pynetdicom installs a program of the same name into the environment.
    program = require_program("storescp", "dcmtk", path=SYSTEM_FOLDERS)
    port = free_port()
    folder.mkdir(exist_ok=True)
    with _running([program, *options, "--output-directory", folder, port]) as process:
        _wait(lambda: _answers(port))
        yield port, process


@contextmanager
def orthanc(folder: Path) -> Iterator[tuple[int, int]]:
    """Run Orthanc, which answers to the AE title ORTHANC only; yield its DICOM and its HTTP port."""
    program = require_program("Orthanc", "orthanc", path=SYSTEM_FOLDERS)
    dicom, http = free_port(), free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "DicomAet": "ORTHANC",
        "DicomPort": dicom,
        "DicomCheckCalledAet": True,
        "HttpPort": http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [],
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(settings), encoding="utf-8")
    with _running([program, file]):
        _wait(lambda: _answers(http) and _answers(dicom))
        yield dicom, http


def stored_in_orthanc(http: int) -> dict[str, bytes]:
    """Return the files that Orthanc holds, by SOP Instance UID."""

    def get(path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{http}{path}", timeout=10) as answer:
            return bytes(answer.read())

    found = {}
    for number in json.loads(get("/instances")):
        uid = json.loads(get(f"/instances/{number}"))["MainDicomTags"]["SOPInstanceUID"]
        found[uid] = get(f"/instances/{number}/file")
    return found


@contextmanager
def silent_server(*, hang_up: bool = False) -> Iterator[int]:
    """Accept connections without ever answering, or close each at once; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        if hang_up:

            def serve() -> None:
                try:
                    while True:
                        server.accept()[0].close()
                except OSError:
                    return

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            yield port
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
        else:
            yield port


@contextmanager
def _running(command: list[object]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        # A test may have suspended it.
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + _START_S
    while not condition():
        assert time.monotonic() < give_up_at, "the archive did not start"
        time.sleep(0.05)
