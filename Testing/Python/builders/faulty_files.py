# SPDX-License-Identifier: Apache-2.0
"""A layer under all file calls of Python that stops, fills the disk or refuses a call where a test says so."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from nibabel.openers import ImageOpener, Opener

_CALLS = ("mkdir", "replace", "rename", "unlink", "rmdir", "open", "close", "fsync")


class StoppedError(BaseException):
    """The process is killed: no call does anything any more."""


class FaultyFiles:
    """Counts the calls that change files and can make them fail.

    Attributes
    ----------
    calls : list of str
        Calls so far, by name; "write" is what reaches the file.
    stop_at : int or None
        Index of the call before which the process is killed.
    space : int or None
        Bytes that can still be written.
    refuse : callable
        Called with the name of each call; returns the number of an error, or 0.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.stop_at: int | None = None
        self.space: int | None = None
        self.refuse: Callable[[str], int] = lambda _: 0
        self._descriptors: set[int] = set()
        self._files: list[io.FileIO] = []

    def note(self, name: str) -> None:
        """Count a call, and fail if it is to."""
        if self.stop_at is not None and len(self.calls) >= self.stop_at:
            raise StoppedError(name)
        self.calls.append(name)
        number = self.refuse(name)
        if number:
            raise OSError(number, os.strerror(number))

    def opened(self, descriptor: int) -> int:
        """Remember a descriptor, which the end of a process closes."""
        self._descriptors.add(descriptor)
        return descriptor

    def closed(self, descriptor: int) -> None:
        """Forget a descriptor."""
        self._descriptors.discard(descriptor)

    def end_process(self, close: Callable[[int], None]) -> None:
        """Close what a killed process leaves open, which releases its locks."""
        for descriptor in self._descriptors:
            close(descriptor)
        self._descriptors.clear()
        for file in self._files:
            io.FileIO.close(file)

    def raw(self, path: Any, mode: str, **options: Any) -> io.FileIO:
        """Open a file without a buffer; writing needs space."""
        self.note("open")
        file = _RawFile(path, mode, **options)
        file.layer = self
        self._files.append(file)
        return file


class _RawFile(io.FileIO):
    layer: FaultyFiles

    def write(self, data: Any) -> int:
        layer, size = self.layer, memoryview(data).nbytes
        layer.note("write")
        if layer.space is None:
            return super().write(data)
        if layer.space == 0 and size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = super().write(memoryview(data).cast("B")[: layer.space])
        layer.space -= written
        return written

    def close(self) -> None:
        was_open = not self.closed
        super().close()
        if was_open and hasattr(self, "layer"):
            self.layer.note("close")


@contextmanager
def faulty_files() -> Iterator[FaultyFiles]:
    """Lay the layer under the calls of this process."""
    layer, plain_open, close = FaultyFiles(), builtins.open, os.close

    def opened(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None, newline: Any = None,
        closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        if not set(mode) & set("wax+"):
            return plain_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        plain_mode = mode.replace("b", "").replace("t", "")
        raw = layer.raw(file, plain_mode, closefd=closefd, opener=opener)
        if buffering == 0:
            return raw
        buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding or "utf-8", errors, newline)

    def wrapped(name: str) -> Callable[..., Any]:
        plain = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            layer.note(name)
            if name == "fsync":
                return None  # tests need not wait for a disk
            result = plain(*arguments, **options)
            if name == "open":
                layer.opened(result)
            if name == "close":
                layer.closed(arguments[0])
            return result

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in _CALLS:
            patch.setattr(os, name, wrapped(name))
        for module in (builtins, io):
            patch.setattr(module, "open", opened)
        # nibabel keeps the function that it found when it was imported.
        for opener in (Opener, ImageOpener):
            patch.setitem(opener.compress_ext_map, None, (opened, ("mode", "buffering")))
        try:
            yield layer
        finally:
            patch.undo()
            layer.end_process(close)
