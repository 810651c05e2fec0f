# SPDX-License-Identifier: Apache-2.0
"""Log of a worker, which the user can copy."""

from __future__ import annotations

import re
import threading
from collections import deque

_MAX_LINES = 500
_MAX_LENGTH = 2000
# Absolute paths of POSIX and Windows, but not the path of a URL: the folders, then the longest possible file name.
_PATH = re.compile(
    r"(?<![\w.:/\\])(?:[A-Za-z]:[\\/]|\\\\|/)(?P<folders>(?:[^\\/:*?\"'<>|\[\]\r\n]+[\\/])+)"
    r"(?P<name>[^\\/:*?\"'<>|\[\](),;\r\n]*)"
)
# A file name ends at its suffix; without one, before the next character that file names do not contain.
_NAME = re.compile(r"(?P<stem>.*?)(?P<suffix>\.\w{1,6})?(?P<rest>(?(suffix)(?:\s.*)?))$", re.DOTALL)
_PROGRAM = re.compile(r"python.*|.*\.(py|pyd|pyc|so|dll|dylib|exe)(\.\d+)*", re.IGNORECASE)
_OURS = ("ICHSegmentationLib", "site-packages")
_EXCEPTION = re.compile(r"[\w.]+(Error|Exception|Interrupt|Exit)(:|$)")
_LAUNCHER_SAW_A_SIGNAL = "exit abnormally"
"""Output of Slicer's Python launcher if a signal ended Python; the launcher's exit code is then 1."""
_FAULT = "Fatal Python error"
"""Start of Python's output at signals that the process itself caused, such as SIGSEGV, but not at SIGKILL."""


class WorkerLog:
    """Last 500 lines of a worker's standard error, and lines of its output that are not messages.

    It contains times, versions, devices, timings of stages and tracebacks. A worker receives no name, date or
    identifier of a patient except in the paths of an export, so paths are removed from every line, see
    `without_paths`. Thread-safe.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_MAX_LINES)
        self._rest = b""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines, oldest first."""
        with self._lock:
            return tuple(self._lines)

    def feed(self, data: bytes) -> None:
        """Append bytes of a stream; an incomplete line is kept until the rest arrives."""
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_MAX_LENGTH:]
        for line in whole:
            self.append(line)

    def finish(self) -> None:
        """Append an incomplete last line at the end of the stream."""
        rest, self._rest = self._rest, b""
        self.append(rest)

    def append(self, line: bytes | str) -> None:
        """Append a line unless it is empty."""
        text = line.decode(errors="replace") if isinstance(line, bytes) else line
        text = without_paths(text.rstrip()[:_MAX_LENGTH])
        if text:
            with self._lock:
                self._lines.append(text)

    @property
    def last_error(self) -> str | None:
        """Line that best explains a failed start: that of the last exception, else the last line."""
        lines = [line.strip() for line in reversed(self.lines) if line.strip()]
        return next(filter(_EXCEPTION.match, lines), lines[0] if lines else None)

    @property
    def tells_of_a_kill(self) -> bool:
        """Whether a launcher reported that an external signal ended the worker."""
        lines = self.lines
        return any(_LAUNCHER_SAW_A_SIGNAL in line for line in lines) and not any(_FAULT in line for line in lines)


def without_paths(text: str) -> str:
    r"""Remove from absolute paths everything that could name a patient; keep program names and file types.

    Examples
    --------
    >>> without_paths('File "/opt/x/site-packages/numpy/core.py", line 7')
    'File "numpy/core.py", line 7'
    >>> without_paths(r"Cannot write C:\Users\Smith\Smith John.nii: no space")
    'Cannot write (path).nii: no space'
    """
    return _PATH.sub(_shorten, text)


def _shorten(path: re.Match[str]) -> str:
    folders = re.split(r"[\\/]", path["folders"])
    for ours in _OURS:
        if ours in folders:
            start = len(folders) - 1 - folders[::-1].index(ours)
            return "/".join(folders[start + (ours == "site-packages") :]) + path["name"]
    parts = _NAME.match(path["name"])
    assert parts is not None
    suffix = parts["suffix"] or ""
    is_program = _PROGRAM.fullmatch(parts["stem"] + suffix)
    return (parts["stem"] if is_program else "(path)") + suffix + parts["rest"]
