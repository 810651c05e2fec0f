# SPDX-License-Identifier: Apache-2.0
"""A worker's standard output, cut into messages."""

from __future__ import annotations

from pydantic import ValidationError

from ICHSegmentationLib.worker.protocol.log import WorkerLog
from ICHSegmentationLib.worker.protocol.messages import Response, parse_response

LONGEST_LINE = 10_000_000
"""A result with a thousand lesions takes a tenth of it; more without a line end comes from no worker."""


class ResponseReader:
    """Takes bytes as they come and gives whole messages.

    Parameters
    ----------
    log : WorkerLog
        Takes what is no message: what was printed before the worker took the stream, as by a launcher.
    """

    def __init__(self, log: WorkerLog) -> None:
        self._log = log
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Response]:
        """Return the messages that these bytes complete."""
        self._rest += data
        *whole, self._rest = self._rest.split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole.append(self._rest)
            self._rest = bytearray()
        return [message for line in whole if (message := self._parse(bytes(line))) is not None]

    def finish(self) -> None:
        """Give the log what came without a line end, the stream being at its end."""
        self._log.append(bytes(self._rest))
        self._rest.clear()

    def _parse(self, line: bytes) -> Response | None:
        try:
            return parse_response(line)
        except ValidationError:
            self._log.append(line)
            return None
