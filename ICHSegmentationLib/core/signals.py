# SPDX-License-Identifier: Apache-2.0
"""Ending of a process by a signal, in which temporary files are removed as after any error."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
_received: list[int] = []
_RETRY_S = 0.05


def exit_on_signals() -> None:
    """Raise SystemExit in the main thread at signals that ask the process to end: SIGTERM, SIGHUP, Windows' SIGBREAK.

    The exit code is that of a shell, 128 and the number of the signal. An import is finished before. A signal that is
    ignored, as SIGHUP under ``nohup``, stays ignored.
    """
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def exit_code_of_signal() -> int | None:
    """Return the exit code of the signal that asked this process to end, or None.

    The SystemExit may come out as another error: a C extension whose initialization it interrupts raises ImportError.
    """
    return 128 + _received[0] if _received else None


def _exit(number: int, frame: FrameType | None) -> None:
    if _is_import(frame):
        # An exception in the initialization of a C extension can crash the process (VTK), which then removes nothing.
        retry = threading.Timer(_RETRY_S, _send, [number])
        retry.daemon = True
        retry.start()
        return
    # A second signal would interrupt the removal of temporary files.
    signal.signal(number, signal.SIG_IGN)
    _received.append(number)
    raise SystemExit(128 + number)


def _send(number: int) -> None:
    if sys.platform == "win32":
        _thread.interrupt_main(number)
    else:
        # To the thread itself, so that a call that waits is interrupted.
        signal.pthread_kill(threading.main_thread().ident or 0, number)


def _is_import(frame: FrameType | None) -> bool:
    """Return whether a frame is within an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
