# SPDX-License-Identifier: Apache-2.0
"""Errors as one line on stderr and an exit code; tracebacks go to a log file only."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

from ICHSegmentationLib.core.errors import CancelledError, ICHSegmentationError, InputError, SeveralSeriesError

FAILURE = 1
BAD_INPUT = 2
INTERRUPTED = 130


def exit_code_of(error: BaseException) -> int:
    """Print an error and return its exit code.

    Parameters
    ----------
    error : BaseException
        Error that ended the command.

    Returns
    -------
    int
        2 for invalid input, 130 for an interrupt, else 1.
    """
    if isinstance(error, KeyboardInterrupt | CancelledError):
        _tell("Cancelled.")
        return INTERRUPTED
    if isinstance(error, InputError):
        # The list of series keeps its lines.
        _tell(f"error: {error if isinstance(error, SeveralSeriesError) else _one_line(error)}")
        return BAD_INPUT
    # The text of other exceptions may contain header values and goes to the private log only.
    what = _one_line(error) if isinstance(error, ICHSegmentationError) else f"Unexpected {type(error).__name__}."
    log = _write_log(error)
    _tell(f"error: {what}" + ("" if log is None else f" (details: {log})"))
    return FAILURE


def _tell(line: str) -> None:
    # The exit code is left where standard error is closed or full.
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _write_log(error: BaseException) -> str | None:
    """Write the traceback to a file that only this user may read; return None where there is no place for it."""
    try:
        handle, path = tempfile.mkstemp(prefix="ichseg-", suffix=".log")
    except OSError:
        return None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(traceback.format_exception(error))
    except OSError:
        with suppress(OSError):
            Path(path).unlink()
        return None
    return path
