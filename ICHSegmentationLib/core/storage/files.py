# SPDX-License-Identifier: Apache-2.0
"""Atomic writing of files: a failed or killed run leaves no partial file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ICHSegmentationLib.core.errors import DiskFullError, ICHSegmentationError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.temporary import final_path, remove_left, temporary_path

_DOUBLE_SUFFIXES = (".nii.gz", ".seg.nrrd")
_SEEN: set[Path] = set()
"""Folders in which this process has removed what killed ones left, so that writing many files lists a folder once."""


def write_error(path: Path, error: OSError) -> ICHSegmentationError:
    """Convert an OSError of writing to an error with a message for users."""
    return _disk_full(path, error) or _refused(final_path(path), error)


def _disk_full(path: Path, error: BaseException) -> DiskFullError | None:
    """Return the error of a full disk if that is the cause, also where a library raised an error of its own for it."""
    cause: BaseException | None = error
    path = final_path(path)
    while cause is not None:
        match getattr(cause, "errno", None):
            case errno.ENOSPC:
                return DiskFullError(message("core.disk_full", path=path))
            case errno.EDQUOT:
                return DiskFullError(message("core.quota_used_up", path=path))
        cause = cause.__cause__ or cause.__context__
    return None


def _refused(path: Path, error: OSError) -> ICHSegmentationError:
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

    The temporary name keeps the suffix, because some writers choose the format by it. It is hidden and random, so that
    two runs into one folder do not meet, and holds nothing of the name, which may be a patient's. If the process is
    killed, a later one that writes into the folder removes it.

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
    if final.parent not in _SEEN:
        _SEEN.add(final.parent)
        remove_left(final.parent)
    try:
        with temporary_path(final.parent, _suffix(final)) as temporary:
            yield temporary
            _flush(temporary)
            temporary.replace(final)
    except OSError as error:
        raise write_error(final, error) from error
    except Exception as error:
        full = _disk_full(final, error)
        if full is None or isinstance(error, DiskFullError):
            raise
        raise full from error


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file atomically; see :func:`atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path | str, content: str) -> None:
    """Write UTF-8 text with Unix line ends atomically; see :func:`atomic_path`."""
    write_bytes(path, content.encode())


def flush_folder(path: Path) -> None:
    """Bring the names in a folder to the disk, where the system offers that."""
    if hasattr(os, "O_DIRECTORY"):
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network and FAT file systems
                raise
        finally:
            os.close(number)


def _suffix(path: Path) -> str:
    doubled = next((suffix for suffix in _DOUBLE_SUFFIXES if path.name.lower().endswith(suffix)), None)
    return path.suffix if doubled is None else path.name[-len(doubled) :]


def _flush(path: Path) -> None:
    """Flush a closed file to disk, so that a power cut after the rename cannot lose its content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
