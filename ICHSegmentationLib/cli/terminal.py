# SPDX-License-Identifier: Apache-2.0
"""Output of a command: progress bar and warnings on stderr, results on stdout."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ICHSegmentationLib.cli.parts import Parts
from ICHSegmentationLib.core.errors import CancelledError, ICHSegmentationError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rich.progress import Progress, TaskID


class Terminal:
    """Progress, warnings and results of one command.

    Use it as a context manager around the work; the bar is shown if stderr is a terminal. Warnings of the loggers of
    the library and those passed to :meth:`warn` are shown once each when the work is done.

    Parameters
    ----------
    parts : mapping of str to float
        Relative time of each part of the work, for the bar; without them there is no bar.
    quiet : bool
        Show errors only.
    as_json : bool
        Print only JSON on stdout.
    """

    def __init__(self, parts: Mapping[str, float] | None = None, *, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self._parts = Parts(parts or {})
        self._has_bar = bool(parts) and not quiet
        self._warnings: dict[str, None] = {}
        self._handler = _Collector(self._warnings)
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Start the bar and collect warnings of the loggers of the library."""
        logger = logging.getLogger("ICHSegmentationLib")
        logger.addHandler(self._handler)
        logger.propagate = False
        # Warnings of other libraries can quote header values and are not shown.
        logging.captureWarnings(capture=True)
        logging.getLogger().addHandler(logging.NullHandler())
        if self._has_bar and sys.stderr.isatty():
            self._start_bar()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Remove the bar and show the warnings.

        Raises
        ------
        CancelledError
            Instead of an interrupt, which typer would suppress silently.
        """
        if self._bar is not None:
            self._bar.stop()
        logger = logging.getLogger("ICHSegmentationLib")
        logger.removeHandler(self._handler)
        logger.propagate = True
        logging.captureWarnings(capture=False)
        if not self.quiet:
            for text in self._warnings:
                with suppress(OSError):  # standard error is full or closed: the results matter more
                    print(f"warning: {text}", file=sys.stderr, flush=True)
        if kind is KeyboardInterrupt:
            raise CancelledError from error

    def progress(self, part: str) -> Callable[[str, float], None]:
        """Start a part of the work; return its progress callback."""

        def report(stage: str, fraction: float) -> None:
            done = self._parts.advance(part, fraction)
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=done, description=stage)

        report(part, 0.0)
        return report

    def line(self, text: str) -> None:
        """Show a line immediately, above the bar if there is one."""
        if self.quiet:
            return
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            with suppress(OSError):
                print(text, file=sys.stderr, flush=True)

    def warn(self, texts: Iterable[str]) -> None:
        """Add warnings to show when the work is done."""
        self._warnings.update(dict.fromkeys(texts))

    def show(self, content: dict[str, Any] | list[Any], text: str) -> None:
        """Print the result: ``content`` as JSON, else ``text`` unless quiet.

        Raises
        ------
        ICHSegmentationError
            If standard output takes nothing.
        """
        if self.as_json:
            print_result(json.dumps(content, indent=2))
        elif not self.quiet:
            print_result(text)

    def _start_bar(self) -> None:
        from rich.console import Console  # a tenth of a second, only where there is a terminal
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<12}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("start", total=1.0)
        self._bar.start()


def print_result(text: str) -> None:
    """Print on standard output.

    Raises
    ------
    ICHSegmentationError
        If it takes nothing, as a full disk. A reader that has ended, as ``head``, is no error.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        # What is left in the buffer would fail again at the end of the process.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        if isinstance(error, BrokenPipeError):
            return
        raise ICHSegmentationError(message("cli.not_printed", reason=error.strerror or str(error))) from error


class _Collector(logging.Handler):
    """Handler that collects warnings, each once."""

    def __init__(self, messages: dict[str, None]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """Collect a message."""
        self._messages[record.getMessage()] = None
