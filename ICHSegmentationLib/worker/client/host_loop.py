# SPDX-License-Identifier: Apache-2.0
"""What `EventClient` needs of the host's event loop, as Qt's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class ProcessListener(Protocol):
    """Is told what a process does; always from the loop, but for the end, which `HostProcess.finish` tells as well."""

    def take_output(self, data: bytes) -> None:
        """Take what came on standard output."""

    def take_errors(self, data: bytes) -> None:
        """Take what came on standard error."""

    def take_end(self, code: int | None, problem: str = "") -> None:
        """Take note of the end.

        Parameters
        ----------
        code : int or None
            Exit code; a signal's number below zero; None if the process was never started.
        problem : str
            Why it was not started.
        """


class HostProcess(Protocol):
    """A process that a `HostLoop` started."""

    def write(self, data: bytes) -> None:
        """Write to standard input without waiting; does nothing if the process is gone."""

    def kill(self) -> None:
        """Kill it with all that it started, without waiting; the listener is told of its end."""

    def finish(self, grace_s: float) -> None:
        """Close its input, wait so long for its end, then kill it and wait."""


class HostLoop(Protocol):
    """Calls back later, on the thread that asked."""

    def start(self, command: Sequence[str], environment: Mapping[str, str], listener: ProcessListener) -> HostProcess:
        """Start a process without waiting."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back once."""

    def run_in_background(self, work: Callable[[], T], done: Callable[[T | None, Exception | None], None]) -> None:
        """Work in another thread, then call back with what was returned or raised."""

    def close(self) -> None:
        """Wait for the work in the background; nothing is called back any more."""
