# SPDX-License-Identifier: Apache-2.0
"""Qt's event loop, as the `ApplicationLoop` of the library."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import qt

from ICHSegmentationPanel.process.qt_process import QtProcess

if TYPE_CHECKING:
    from ICHSegmentationLib.worker.client.application_loop import ProcessListener

_CHECK_MS = 15
_YIELD_S = 0.005
_JOIN_S = 5.0


class QtLoop:
    """Qt's event loop on the main thread.

    A single timer is used and never deleted: deleting a timer or process inside its own signal crashes Slicer.
    """

    def __init__(self) -> None:
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._tasks: list[_Task] = []
        self._processes: list[QtProcess] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._ring)

    def start(self, command: Sequence[str], environment: Mapping[str, str], listener: ProcessListener) -> QtProcess:
        """See `ApplicationLoop`."""
        process = QtProcess(command, environment, listener, self.call_later)
        self._discard_ended()
        self._processes.append(process)
        return process

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """See `ApplicationLoop`."""
        heapq.heappush(self._calls, (time.monotonic() + delay_s, next(self._order), callback))
        self._arm()

    def run_in_background(self, work: Callable[[], Any], done: Callable[[Any, Exception | None], None]) -> None:
        """See `ApplicationLoop`."""
        self._tasks.append(_Task(work, done))
        self._arm()

    def close(self) -> None:
        """See `ApplicationLoop`."""
        self._timer.stop()
        self._calls.clear()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.join(_JOIN_S)
        self._discard_ended()

    def _discard_ended(self) -> None:
        for process in tuple(self._processes):
            if not process.is_running:
                self._processes.remove(process)
                process.discard()

    def _arm(self) -> None:
        waits_ms = [_CHECK_MS] if self._tasks else []
        if self._calls:
            waits_ms.append(max(0, round(1000 * (self._calls[0][0] - time.monotonic()))))
        if waits_ms:
            self._timer.start(min(waits_ms))

    def _ring(self) -> None:
        for task in tuple(self._tasks):
            if task.join(_YIELD_S):
                self._tasks.remove(task)
                self.call_later(0, task.tell)
        is_due = bool(self._calls) and self._calls[0][0] <= time.monotonic()
        callback = heapq.heappop(self._calls)[2] if is_due else None
        # Restart the timer before the call, which may raise an error or show a dialog.
        self._arm()
        if callback is not None:
            callback()


class _Task:
    """Work in a Python thread.

    The main thread checks it often and releases Python's global lock each time: inside Slicer, other threads may run
    only while the main thread releases the lock.
    """

    def __init__(self, work: Callable[[], Any], done: Callable[[Any, Exception | None], None]) -> None:
        self._work = work
        self._done = done
        self._result: Any = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait at most ``timeout_s``; return whether the work is done."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def tell(self) -> None:
        """Call back."""
        self._done(self._result, self._error)

    def _run(self) -> None:
        try:
            self._result = self._work()
        except Exception as error:
            self._error = error
