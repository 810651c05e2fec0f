# SPDX-License-Identifier: Apache-2.0
"""Replacement of the files in a folder: all of them, or none, also where the process is killed in between.

The new files are written into a temporary folder inside the folder. A journal in it, written last, makes them valid:
from then on a later run finishes the replacement, before that it drops the new files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import flush_folder, write_error, write_text
from ICHSegmentationLib.core.storage.temporary import remove_left, temporary_path

_NEW, _OLD, _JOURNAL = "new", "old", "journal.json"


@contextmanager
def replacing_files(directory: Path, instead_of: Collection[str] = ()) -> Iterator[Path]:
    """Give an empty folder to write into; on success its content moves to ``directory``, on failure nothing changes.

    A run that fails, is cancelled or killed, or fills the disk leaves an earlier result as it was, and files of two
    scans never lie side by side. What killed runs left in ``directory`` is finished or removed first.

    Parameters
    ----------
    directory : Path
        Folder of the results, created if necessary.
    instead_of : collection of str
        Names of files and folders of an earlier result, which are removed on success.

    Yields
    ------
    Path
        A hidden folder inside ``directory``, so that moving its files is a rename.

    Raises
    ------
    ICHSegmentationError
        If the folder cannot be created or a file cannot be replaced.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        finish_replacing(directory)
        with temporary_path(directory, keep=_has_journal) as staging:
            for folder in (staging, staging / _NEW, staging / _OLD):
                folder.mkdir(mode=0o700)
            yield staging / _NEW
            _replace(staging, instead_of)
    except OSError as error:
        raise write_error(directory, error) from error


def finish_replacing(directory: Path) -> None:
    """Finish the replacements that killed processes had begun in a folder, and remove their temporary files.

    To be called before files are read that belong together.

    Raises
    ------
    ICHSegmentationError
        If a replacement cannot be finished: the folder then lacks files.
    """
    problems: list[OSError] = []

    def finish(path: Path) -> None:
        try:
            if _has_journal(path):
                _roll_forward(path)
                (path / _JOURNAL).unlink()
        except OSError as error:
            problems.append(error)
            raise

    remove_left(directory, finish)
    if problems:
        reason = problems[0].strerror or str(problems[0])
        raise ICHSegmentationError(message("core.unfinished_replacement", folder=directory, reason=reason))


def _replace(staging: Path, instead_of: Collection[str]) -> None:
    names = sorted(path.name for path in (staging / _NEW).iterdir())
    flush_folder(staging / _NEW)
    write_text(staging / _JOURNAL, json.dumps({"new": names, "old": sorted({*names, *instead_of})}))
    flush_folder(staging)
    flush_folder(staging.parent)
    try:
        _roll_forward(staging)
    except OSError:
        _roll_back(staging)
        raise
    except BaseException:  # an interrupt or a signal, after which the new files are not to be lost
        _roll_forward(staging)
        (staging / _JOURNAL).unlink()
        raise
    flush_folder(staging.parent)
    (staging / _JOURNAL).unlink()


def _has_journal(staging: Path) -> bool:
    return (staging / _JOURNAL).exists()


def _roll_forward(staging: Path) -> None:
    """Move the old files out of the folder and the new ones in, from whatever state of this; a state has no mixture."""
    directory, new, old = staging.parent, staging / _NEW, staging / _OLD
    journal = json.loads((staging / _JOURNAL).read_text(encoding="utf-8"))
    for name in journal["old"]:
        is_new = name in journal["new"] and not _exists(new / name)
        if not is_new and _exists(directory / name) and not _exists(old / name):
            (directory / name).replace(old / name)
    for name in journal["new"]:
        if _exists(new / name):
            (new / name).replace(directory / name)


def _roll_back(staging: Path) -> None:
    """Undo what `_roll_forward` did; without success the next run rolls forward."""
    directory, new, old = staging.parent, staging / _NEW, staging / _OLD
    journal = json.loads((staging / _JOURNAL).read_text(encoding="utf-8"))
    for name in journal["new"]:
        if not _exists(new / name) and _exists(directory / name):
            (directory / name).replace(new / name)
    for path in sorted(old.iterdir()):
        path.replace(directory / path.name)
    (staging / _JOURNAL).unlink()


_exists = os.path.lexists
