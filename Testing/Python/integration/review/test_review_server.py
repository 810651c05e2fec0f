# SPDX-License-Identifier: Apache-2.0
"""The server of the review pages: saves from a real browser, and refuses all else."""

from __future__ import annotations

import http.client
import json
import shutil
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from builders.browser import NO_WEBGL, Opened

from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.review.server import ReviewServer


@pytest.fixture
def a_server(a_result, tmp_path) -> Iterator[ReviewServer]:
    shutil.copytree(a_result.folder, tmp_path / "cases" / "one")
    with ReviewServer(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: ReviewServer, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_correction_and_a_verdict_are_saved_in_place(a_browser, a_server):
    folder = a_server.cases["cases/one"]
    page = Opened(a_browser, f"{a_server.address}cases/one/review.html", NO_WEBGL)
    page.page.locator("#lesions .delete").first.click()
    page.page.click("#save-labels")
    page.page.get_by_text("Saved as labels-corrected.nii.gz").wait_for()
    page.page.locator("#slice").focus()
    page.page.keyboard.press("c")
    page.page.click("#save-verdict")
    page.page.get_by_text("Saved as review.json").wait_for()
    complaints = page.complaints
    page.close()

    volumes_ml = measure(read_labels(folder / "labels-corrected.nii.gz").label_map).volumes_ml
    assert volumes_ml["IPH"] == 0
    assert volumes_ml["IVH"] > 1
    assert json.loads((folder / "review.json").read_text())["corrected"] == ["IPH"]
    assert "cases/one" in (a_server.folder / "verdicts.csv").read_text()
    assert ",corrected," in (a_server.folder / "verdicts.csv").read_text()
    assert complaints == []
    index = Opened(a_browser, a_server.address, NO_WEBGL)
    assert index.page.locator("#cases .verdict").all_inner_texts() == ["corrected"]
    index.close()
    token = f"/{a_server.token}/cases/one/labels-corrected.nii.gz"
    before = (folder / "labels-corrected.nii.gz").read_bytes()
    assert ask(a_server, "PUT", token, before)[0] == 409
    assert ask(a_server, "PUT", token, before, X_Replace="yes")[0] == 204


def test_what_it_does_not_show_or_take_is_refused(a_server):
    token, folder = f"/{a_server.token}", a_server.cases["cases/one"]
    files = sorted(folder.iterdir())
    assert ask(a_server, "GET", f"{token}/")[0] == 200
    for path in ("/", "/wrong/", f"{token}x/", f"{token}/cases/one/measurements.json", f"{token}/../../etc/passwd",
                 f"{token}/cases/%2e%2e/one/review.html", f"{token}/cases/two/review.html"):  # fmt: skip
        assert ask(a_server, "GET", path) == (404, b""), path
    assert ask(a_server, "GET", f"{token}/", Host="elsewhere.example")[0] == 404
    assert ask(a_server, "POST", f"{token}/cases/one/review.json", b"{}")[0] == 501
    assert ask(a_server, "PUT", f"{token}/cases/one/measurements.json", b"{}")[0] == 404
    assert ask(a_server, "PUT", f"{token}/cases/one/review.json", b"{}")[0] == 422
    assert ask(a_server, "PUT", f"{token}/cases/one/labels-corrected.nii.gz", b"no labels")[0] == 422
    assert ask(a_server, "PUT", f"{token}/cases/one/review.json", None, Content_Length=str(1 << 30))[0] == 413
    assert sorted(folder.iterdir()) == files


def test_it_listens_on_this_computer_alone(a_server):
    assert a_server.server_address[0] == "127.0.0.1"
    assert urlsplit(a_server.address).hostname == "127.0.0.1"
    assert len(a_server.token) >= 32
