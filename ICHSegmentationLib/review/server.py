# SPDX-License-Identifier: Apache-2.0
"""Server of the review pages for one user on one computer; it saves verdicts and corrections only."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_bytes
from ICHSegmentationLib.core.storage.temporary import temporary_path
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.review import parse_review
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.review.cases import REVIEW_NAME, find_cases
from ICHSegmentationLib.review.index import INDEX_NAME, write_index

HOST = "127.0.0.1"
CORRECTED_NAME = "labels-corrected.nii.gz"
_SHOWN = {
    ExportFormat.html.file_name: "text/html; charset=utf-8",
    ExportFormat.pdf.file_name: "application/pdf",
}
_LIMITS = {REVIEW_NAME: 4 << 20, CORRECTED_NAME: 64 << 20}
"""Files that are taken, and how many bytes of them."""
_SAME_MM = 0.1
_TIMEOUT_S = 30
_AT_ONCE = 8
_POLICY = (b"connect-src data:;", b"connect-src data: &#x27;self&#x27;;")
"""The page may save in place where this server shows it."""
_POLICY_BYTES = 4096


class ReviewServer(ThreadingHTTPServer):
    """Server on this computer alone, whose addresses begin with a secret token.

    Parameters
    ----------
    folder : Path
        Folder of the results; its index is written.
    port : int
        Port; 0 chooses a free one.

    Raises
    ------
    InputError
        If the folder holds no result or the port is in use.
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(24)
        self.saving = threading.Lock()
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        cases = find_cases(folder)
        write_index(folder, cases)
        self.cases = {case.id: case.folder for case in cases}
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise InputError(message("review.port_in_use", port=port)) from error

    @property
    def address(self) -> str:
        """Address of the index."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread; beyond the limit the connection is closed."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and free the place of the thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore connections that end early."""

    def save(self, case: str, name: str, content: bytes, *, replace: bool) -> None:
        """Check and write a verdict or a correction.

        Raises
        ------
        FileExistsError
            If there is a correction and ``replace`` is False.
        InputError
            If the content is not valid or belongs to other slices.
        """
        path = self.cases[case] / name
        grid = read_labels(self.cases[case] / ExportFormat.seg_nrrd.file_name).label_map.grid
        if name == REVIEW_NAME:
            found = parse_review(content)
            if found is None:
                raise InputError(message("export.no_review", path=name))
            if not found.grid.grid().matches(grid, tolerance_mm=_SAME_MM):
                raise InputError(message("export.review_of_other_slices", path=name))
        else:
            if path.exists() and not replace:
                raise FileExistsError
            with temporary_path(path.parent, ".nii.gz") as received:
                received.write_bytes(content)
                read_labels(received, grid)
        with self.saving:
            write_bytes(path, content)
            if name == REVIEW_NAME:
                write_index(self.folder, find_cases(self.folder))


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    server_version = "ICHSegmentation"
    sys_version = ""
    timeout = _TIMEOUT_S

    def do_GET(self) -> None:
        """Show the index or a file of a case."""
        self._answer(self._show)

    def do_PUT(self) -> None:
        """Save a verdict or a correction."""
        self._answer(self._save)

    def log_message(self, *_: Any) -> None:
        """Log nothing: an address holds the token and the name of a case."""

    def _answer(self, work: Callable[[str], None]) -> None:
        allowed = {f"{host}:{self.server.server_port}" for host in (HOST, "localhost")}
        token, _, rest = self.path.lstrip("/").partition("/")
        # Another host name would be a page elsewhere that points its name at this computer.
        if self.headers.get("Host") not in allowed or not hmac.compare_digest(
            token.encode(), self.server.token.encode()
        ):
            self._send(HTTPStatus.NOT_FOUND)
            return
        try:
            work(unquote(rest))
        except InputError as error:
            self._send(HTTPStatus.UNPROCESSABLE_ENTITY, str(error).encode())
        except ICHSegmentationError as error:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, str(error).encode())
        except TimeoutError:
            self.close_connection = True

    def _show(self, path: str) -> None:
        case, _, name = path.rpartition("/")
        if path in ("", INDEX_NAME):
            self._send_file(self.server.folder / INDEX_NAME, _SHOWN[ExportFormat.html.file_name])
        elif case in self.server.cases and name in _SHOWN:
            self._send_file(self.server.cases[case] / name, _SHOWN[name])
        else:
            self._send(HTTPStatus.NOT_FOUND)

    def _save(self, path: str) -> None:
        case, _, name = path.rpartition("/")
        length = self.headers.get("Content-Length", "")
        if case not in self.server.cases or name not in _LIMITS:
            self._send(HTTPStatus.NOT_FOUND)
        elif not length.isdecimal():
            self._send(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > _LIMITS[name]:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            content = self.rfile.read(int(length))
            replace = self.headers.get("X-Replace") == "yes"
            try:
                self.server.save(case, name, content, replace=replace)
            except FileExistsError:
                self._send(HTTPStatus.CONFLICT)
            else:
                self._send(HTTPStatus.NO_CONTENT)

    def _send_file(self, path: Path, kind: str) -> None:
        try:
            content = path.read_bytes()
        except OSError:
            self._send(HTTPStatus.NOT_FOUND)
            return
        start = content[:_POLICY_BYTES].replace(*_POLICY)
        self._send(HTTPStatus.OK, start + content[_POLICY_BYTES:], kind)

    def _send(self, status: HTTPStatus, content: bytes = b"", kind: str = "text/plain; charset=utf-8") -> None:
        # An unread body would be taken for the next request.
        self.close_connection |= status >= HTTPStatus.BAD_REQUEST
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
        ):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
