# SPDX-License-Identifier: Apache-2.0
"""Atomic writing of files: a failed or killed run leaves no partial file."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ICHSegmentationLib.core.errors import DiskFullError, ICHSegmentationError
from ICHSegmentationLib.core.messages import message


def write_error(path: Path, error: OSError) -> ICHSegmentationError:
    """Convert an OSError of writing to an error with a message for users."""
    if error.errno == errno.ENOSPC:
        return DiskFullError(message("core.disk_full", path=path))
    if error.errno == errno.EDQUOT:
        return DiskFullError(message("core.quota_used_up", path=path))
    match error.errno:
        case errno.EACCES | errno.EPERM:
            sentence = message("core.write_forbidden", path=path)
        case errno.EROFS:
            sentence = message("core.disk_read_only", path=path)
        case errno.ENOENT | errno.ENOTDIR:
            sentence = message("core.folder_missing", path=path)
        case errno.EISDIR:
            sentence = message("core.folder_in_the_way", path=path)
        case _:
            sentence = message("core.cannot_write", path=path, reason=error.strerror or str(error))
    return ICHSegmentationError(sentence)


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path that replaces ``path`` on success and is removed on failure.

    The temporary file is in the same folder and is flushed to disk before it is renamed. Its name is random and hidden,
    so that two runs that write to one folder do not collide, and keeps all suffixes, from which some writers choose the
    format.

    Parameters
    ----------
    path : Path or str
        Final path. An existing file is replaced in one step.

    Yields
    ------
    Path
        Path to write to.

    Raises
    ------
    ICHSegmentationError
        If the file cannot be written.
    """
    final = Path(path)
    temporary = final.with_name(f".{secrets.token_hex(6)}.{final.name}")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(final)
    except OSError as error:
        raise write_error(final, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file atomically; see :func:`atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path | str, content: str) -> None:
    """Write UTF-8 text with Unix line ends atomically; see :func:`atomic_path`."""
    write_bytes(path, content.encode())


def _flush(path: Path) -> None:
    """Flush a closed file to disk, so that a power cut after the rename cannot lose its content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
