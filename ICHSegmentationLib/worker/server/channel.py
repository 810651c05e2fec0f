# SPDX-License-Identifier: Apache-2.0
"""The worker's standard input and output, reserved for messages."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from ICHSegmentationLib.worker.protocol.lines import LONGEST_LINE

if TYPE_CHECKING:
    from ICHSegmentationLib.worker.protocol.messages import Message


class Channel:
    """Exchange of lines with the client.

    Parameters
    ----------
    requests, responses : binary file
        Streams of the lines.
    """

    def __init__(self, requests: IO[bytes], responses: IO[bytes]) -> None:
        self._requests = requests
        self._responses = responses
        self._lock = threading.Lock()

    @classmethod
    def take_standard_streams(cls) -> Channel:
        """Reserve standard input and output for messages.

        Output of libraries, also from C, is redirected to standard error, and nothing else can read standard input.
        """
        channel = cls(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return channel

    def lines(self) -> Iterator[bytes | None]:
        """Yield the lines of the client until it closes its end or dies; None in place of one that is too long."""
        while line := self._requests.readline(LONGEST_LINE + 1):
            if len(line) <= LONGEST_LINE:
                yield line
                continue
            while not line.endswith(b"\n") and (line := self._requests.readline(LONGEST_LINE)):
                pass
            yield None

    def send(self, message: Message) -> None:
        """Send a message from any thread; does nothing if the client has ended, which `lines` reports."""
        with self._lock:
            try:
                self._responses.write(message.to_line())
                self._responses.flush()
            except OSError:
                return
