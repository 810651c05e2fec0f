# SPDX-License-Identifier: Apache-2.0
"""Split a worker's standard output into messages."""

from __future__ import annotations

from pydantic import ValidationError

from ICHSegmentationLib.worker.protocol.log import WorkerLog
from ICHSegmentationLib.worker.protocol.messages import Response, parse_response

LONGEST_LINE = 10_000_000
"""Limit of a line in bytes; a result with a thousand lesions takes a tenth of it."""


class ResponseReader:
    """Parser of a stream of bytes into messages.

    Parameters
    ----------
    log : WorkerLog
        Receives lines that are not messages, such as the output of a launcher before the worker starts.
    """

    def __init__(self, log: WorkerLog) -> None:
        self._log = log
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Response]:
        """Return the messages that are complete with these bytes."""
        self._rest += data
        *whole, self._rest = self._rest.split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole.append(self._rest)
            self._rest = bytearray()
        return [message for line in whole if (message := self._parse(bytes(line))) is not None]

    def finish(self) -> None:
        """Pass an incomplete last line to the log at the end of the stream."""
        self._log.append(bytes(self._rest))
        self._rest.clear()

    def _parse(self, line: bytes) -> Response | None:
        try:
            return parse_response(line)
        except ValidationError:
            self._log.append(line)
            return None
