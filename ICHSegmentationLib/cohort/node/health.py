# SPDX-License-Identifier: Apache-2.0
"""Health page of the node, for this computer only."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ICHSegmentationLib.cohort.node.service import Health


class HealthPage:
    """Page ``http://127.0.0.1:PORT/`` with queue and last errors as JSON.

    Parameters
    ----------
    port : int
        Port; 0 takes a free one.
    """

    def __init__(self, port: int) -> None:
        page = self
        self.content = b"{}\n"

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(page.content)

            def log_message(self, *_arguments: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def show(self, health: Health) -> None:
        """Replace the content."""
        self.content = json.dumps(asdict(health), indent=2).encode() + b"\n"

    def close(self) -> None:
        """End the page."""
        self._server.shutdown()
        self._server.server_close()
