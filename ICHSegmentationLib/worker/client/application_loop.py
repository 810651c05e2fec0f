# SPDX-License-Identifier: Apache-2.0
"""Interface of an application's event loop, such as Qt's, as `EventClient` needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class ProcessListener(Protocol):
    """Receiver of a process's output and end, called from the loop; `LoopProcess.finish` reports the end directly."""

    def take_output(self, data: bytes) -> None:
        """Receive bytes of standard output."""

    def take_errors(self, data: bytes) -> None:
        """Receive bytes of standard error."""

    def take_end(self, code: int | None, problem: str = "") -> None:
        """Receive the end of the process.

        Parameters
        ----------
        code : int or None
            Exit code, or the negative number of a signal; None if the process was never started.
        problem : str
            Why it was not started; empty if it was.
        """


class LoopProcess(Protocol):
    """A process that an `ApplicationLoop` started."""

    def write(self, data: bytes) -> None:
        """Write to standard input without waiting; do nothing if the process is gone."""

    def kill(self) -> None:
        """Kill the process and its children without waiting; the listener is notified of the end."""

    def finish(self, grace_s: float) -> None:
        """Close standard input, wait up to ``grace_s`` for the end, then kill the process and wait."""


class ApplicationLoop(Protocol):
    """Event loop; callbacks come on the thread that requested them."""

    def start(self, command: Sequence[str], environment: Mapping[str, str], listener: ProcessListener) -> LoopProcess:
        """Start a process without waiting."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call a function once after a delay."""

    def run_in_background(self, work: Callable[[], T], done: Callable[[T | None, Exception | None], None]) -> None:
        """Run a function in another thread, then call back with its result or its exception."""

    def close(self) -> None:
        """Wait for background work, and drop all pending callbacks."""
