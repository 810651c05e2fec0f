# SPDX-License-Identifier: Apache-2.0
"""Ending of a process by a signal, in which temporary files are removed as after any error."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

_NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
_received: list[int] = []


def exit_on_signals() -> None:
    """Raise SystemExit in the main thread at signals that ask the process to end: SIGTERM, SIGHUP, Windows' SIGBREAK.

    The exit code is that of a shell, 128 and the number of the signal. A signal that is ignored, as SIGHUP under
    ``nohup``, stays ignored.
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


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    # A second signal would interrupt the removal of temporary files.
    signal.signal(number, signal.SIG_IGN)
    _received.append(number)
    raise SystemExit(128 + number)
