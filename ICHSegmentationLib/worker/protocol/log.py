# SPDX-License-Identifier: Apache-2.0
"""The last lines that a worker wrote, kept for the user to copy."""

from __future__ import annotations

import re
import threading
from collections import deque

_MOST_LINES = 500
_LONGEST_LINE = 2000
# Absolute paths of POSIX and Windows, but not of a URL: the folders, then the name, as far as it can go.
_PATH = re.compile(
    r"(?<![\w.:/\\])(?:[A-Za-z]:[\\/]|\\\\|/)(?P<folders>(?:[^\\/:*?\"'<>|\[\]\r\n]+[\\/])+)"
    r"(?P<name>[^\\/:*?\"'<>|\[\](),;\r\n]*)"
)
# A name ends at its suffix; without one it goes on to the next sign that no name has.
_NAME = re.compile(r"(?P<stem>.*?)(?P<suffix>\.\w{1,6})?(?P<rest>(?(suffix)(?:\s.*)?))$", re.DOTALL)
_PROGRAM = re.compile(r"python.*|.*\.(py|pyd|pyc|so|dll|dylib|exe)(\.\d+)*", re.IGNORECASE)
_OURS = ("ICHSegmentationLib", "site-packages")
_EXCEPTION = re.compile(r"[\w.]+(Error|Exception|Interrupt|Exit)(:|$)")
_LAUNCHER_SAW_A_SIGNAL = "exit abnormally"
"""What Slicer's launcher of its Python prints when a signal ended that; its own exit status is a plain 1."""
_FAULT = "Fatal Python error"
"""What Python prints first of all at signals of the process's own making, as SIGSEGV, but not at SIGKILL."""


class WorkerLog:
    """The last 500 lines of a worker's standard error, and of its output what is no message.

    It holds times, versions, devices, timings of stages and tracebacks. A worker is never given a name, a date or an
    identifier of a patient but in the paths of an export, so paths are left out when a line is taken, see
    `without_paths`. Lines may come from several threads.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._rest = b""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines, the oldest first."""
        with self._lock:
            return tuple(self._lines)

    def feed(self, data: bytes) -> None:
        """Take bytes of a stream as they come; a line that is not yet complete waits for its rest."""
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        for line in whole:
            self.append(line)

    def finish(self) -> None:
        """Take what came without a line end, the stream being at its end."""
        rest, self._rest = self._rest, b""
        self.append(rest)

    def append(self, line: bytes | str) -> None:
        """Take one line; an empty one is left out."""
        text = line.decode(errors="replace") if isinstance(line, bytes) else line
        text = without_paths(text.rstrip()[:_LONGEST_LINE])
        if text:
            with self._lock:
                self._lines.append(text)

    @property
    def last_error(self) -> str | None:
        """The line that says best why the worker did not start: of the last exception, else the last of all."""
        lines = [line.strip() for line in reversed(self.lines) if line.strip()]
        return next(filter(_EXCEPTION.match, lines), lines[0] if lines else None)

    @property
    def tells_of_a_kill(self) -> bool:
        """Whether a launcher between client and worker saw the worker end by a signal from outside."""
        lines = self.lines
        return any(_LAUNCHER_SAW_A_SIGNAL in line for line in lines) and not any(_FAULT in line for line in lines)


def without_paths(text: str) -> str:
    r"""Leave of each absolute path what cannot name a patient: a program's name, a file's type.

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
