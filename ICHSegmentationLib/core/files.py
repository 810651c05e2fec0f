# SPDX-License-Identifier: Apache-2.0
"""Writing of files so that a killed run, a full disk or a refused folder leaves no half file."""

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
    """Return the error that tells a user why a file could not be written, and what to do."""
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
    """Give a temporary path beside ``path``; on success it is flushed to disk and renamed, else it is removed.

    The temporary name keeps all suffixes, because some writers choose the format by them, and is hidden and random, so
    that two runs into one folder do not meet.

    Parameters
    ----------
    path : Path or str
        The final name. A file of that name is replaced at once, when the new one is complete.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    ICHSegmentationError
        If the system refuses the file; the message names it and says what to do.
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
    """Write a file at once and completely; see :func:`atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path | str, content: str) -> None:
    """Write UTF-8 text with Unix line ends at once and completely; see :func:`atomic_path`."""
    write_bytes(path, content.encode())


def _flush(path: Path) -> None:
    """Bring a closed file to the disk, so that the rename cannot outrun its content in a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
