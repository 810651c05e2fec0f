# SPDX-License-Identifier: Apache-2.0
"""Interface of the event loop of an application, as Qt's, that `EventClient` needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class ProcessListener(Protocol):
    """Receives what a process does, always from the loop; `LoopProcess.finish` reports the end itself."""

    def take_output(self, data: bytes) -> None:
        """Take bytes of standard output."""

    def take_errors(self, data: bytes) -> None:
        """Take bytes of standard error."""

    def take_end(self, code: int | None, problem: str = "") -> None:
        """Take note of the end.

        Parameters
        ----------
        code : int or None
            Exit code; minus the number of a signal; None if the process was never started.
        problem : str
            Why it was not started.
        """


class LoopProcess(Protocol):
    """A process that an `ApplicationLoop` started."""

    def write(self, data: bytes) -> None:
        """Write to standard input without waiting; do nothing if the process is gone."""

    def kill(self) -> None:
        """Kill it with all that it started, without waiting; the listener is told of its end."""

    def finish(self, grace_s: float) -> None:
        """Close its input, wait up to ``grace_s`` for its end, then kill it and wait."""


class ApplicationLoop(Protocol):
    """Calls back later, on the thread that asked."""

    def start(self, command: Sequence[str], environment: Mapping[str, str], listener: ProcessListener) -> LoopProcess:
        """Start a process without waiting."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back once."""

    def run_in_background(self, work: Callable[[], T], done: Callable[[T | None, Exception | None], None]) -> None:
        """Work in another thread, then call back with what was returned or raised."""

    def close(self) -> None:
        """Wait for the work in the background; call nobody back any more."""
