# SPDX-License-Identifier: Apache-2.0
"""Temporary files and folders beside results, which a later run removes if the process that made them was killed.

Each has a lock file of the same name. The operating system releases the lock when its process ends in whatever way, so
that nothing of a living process is ever removed.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PREFIX, _LOCK = ".ichseg-", ".lock"
_NAME_LENGTH = len(_PREFIX) + 12
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_LEFT_AFTER_S = 24 * 3600.0
"""Longer than any run: what is older and has no lock was left, where locks are not supported, by a killed one."""


def final_path(path: Path) -> Path:
    """Return where a file that is written into a temporary folder will lie, for messages; any other path as it is."""
    for folder in path.parents:
        if folder.name.startswith(_PREFIX) and len(folder.name) == _NAME_LENGTH:
            return folder.parent / path.name
    return path


@contextmanager
def temporary_path(folder: Path, suffix: str = "", keep: Callable[[Path], bool] = lambda _: False) -> Iterator[Path]:
    """Give an unused hidden path in a folder; what lies there at the end is removed.

    Parameters
    ----------
    folder : Path
        An existing folder.
    suffix : str
        End of the name.
    keep : callable, optional
        Asked at the end whether the path is to be left to a later run instead.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written.
    """
    while True:
        name = f"{_PREFIX}{secrets.token_hex(6)}"
        lock = folder / f"{name}{_LOCK}"
        number = _lock(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        if number is not None:
            break
    path = folder / f"{name}{suffix}"
    try:
        yield path
    finally:
        try:
            _end(path, lock, number, keep)
        except BaseException:  # a signal that asks the process to end, during the removal
            _end(path, lock, number, keep)
            raise


def _end(path: Path, lock: Path, number: int, keep: Callable[[Path], bool]) -> None:
    """Remove a temporary path unless it is to be kept, and its lock."""
    with suppress(OSError):
        if not keep(path):
            _remove(path)
    _unlock(lock, number, keep=os.path.lexists(path))


def remove_left(folder: Path, finish: Callable[[Path], None] | None = None) -> None:
    """Remove the temporary files and folders that killed processes left in a folder.

    What belongs to a living process stays, and what cannot be removed is left to a later run.

    Parameters
    ----------
    folder : Path
        Need not exist.
    finish : callable, optional
        Called with each path before it is removed; an OSError of it leaves the path as it is.
    """
    try:
        found = [entry.name for entry in os.scandir(folder) if entry.name.startswith(_PREFIX)]
    except OSError:
        return
    for name in {entry[:_NAME_LENGTH] for entry in found}:
        lock = folder / f"{name}{_LOCK}"
        paths = [folder / entry for entry in found if entry.startswith(name) and entry != lock.name]
        if lock.name not in found:
            _remove_all([path for path in paths if _is_old(path)], finish)
            continue
        number = _lock_existing(lock)
        if number is not None:
            _remove_all(paths, finish)
            _unlock(lock, number, keep=any(map(os.path.lexists, paths)))


def _remove_all(paths: list[Path], finish: Callable[[Path], None] | None) -> None:
    for path in paths:
        with suppress(OSError):
            if finish is not None:
                finish(path)
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > _LEFT_AFTER_S
    return False


def _lock_existing(path: Path) -> int | None:
    for flags in (os.O_RDWR, os.O_RDONLY):  # in a read-only folder the second
        with suppress(OSError):
            return _lock(path, flags)
    return None


def _lock(path: Path, flags: int) -> int | None:
    """Open and lock a file; return its descriptor, or None if another process has locked or removed it.

    Where locks are not supported a new file is not locked.
    """
    number = os.open(path, flags, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between opening and locking another process may have removed the file.
            if not os.path.samestat(os.fstat(number), path.stat()):
                raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    except OSError as error:
        if flags & os.O_EXCL and error.errno not in (*_HELD, errno.ENOENT):
            path.unlink()  # never mistaken for that of a process that has ended
            return number
        os.close(number)
        return None
    return number


def _unlock(path: Path, number: int, *, keep: bool) -> None:
    """Release a lock and remove its file, unless it is to be kept for a later run."""
    with suppress(OSError):
        if sys.platform == "win32":
            os.close(number)  # an open file cannot be removed there
            if not keep:
                path.unlink()
            return
        try:
            if not keep:
                path.unlink()
        finally:
            os.close(number)
