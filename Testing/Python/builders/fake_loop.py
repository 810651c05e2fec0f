# SPDX-License-Identifier: Apache-2.0
"""Event loop with a simulated clock, and processes that the test controls."""

from __future__ import annotations

import heapq
import itertools


class FakeProcess:
    """Worker process whose messages the test sends."""

    def __init__(self, command, environment, listener) -> None:
        self.command = command
        self.environment = environment
        self.listener = listener
        self.written = b""
        self.is_killed = False
        self.finished_with_s = None

    def write(self, data: bytes) -> None:
        self.written += data

    def kill(self) -> None:
        self.is_killed = True

    def finish(self, grace_s: float) -> None:
        self.finished_with_s = grace_s
        self.listener.take_end(0)

    def say(self, *messages) -> None:
        """Send messages to the client."""
        for message in messages:
            self.listener.take_output(message.to_line())


class FakeLoop:
    """Event loop that runs due callbacks as the test advances time; background work is done at once."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.processes: list[FakeProcess] = []
        self.holds_background = False
        self._calls = []
        self._order = itertools.count()
        self._background = []

    @property
    def process(self) -> FakeProcess:
        """Return the process that was started last."""
        return self.processes[-1]

    def start(self, command, environment, listener) -> FakeProcess:
        self.processes.append(FakeProcess(command, environment, listener))
        return self.process

    def call_later(self, delay_s, callback) -> None:
        heapq.heappush(self._calls, (self.now_s + delay_s, next(self._order), callback))

    def run_in_background(self, work, done) -> None:
        self._background.append((work, done))

    def close(self) -> None:
        self._calls.clear()
        for work, _ in self._background:
            work()
        self._background.clear()

    def run(self, seconds: float = 0.0) -> None:
        """Advance the time."""
        end_s = self.now_s + seconds
        while True:
            if self._background and not self.holds_background:
                self._do_background()
            elif self._calls and self._calls[0][0] <= end_s:
                self.now_s, _, callback = heapq.heappop(self._calls)
                callback()
            else:
                break
        self.now_s = end_s

    def _do_background(self) -> None:
        work, done = self._background.pop(0)
        result = error = None
        try:
            result = work()
        except Exception as raised:
            error = raised
        done(result, error)
