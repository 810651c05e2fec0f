# SPDX-License-Identifier: Apache-2.0
"""Replacement of the files in a folder: all of them, or none."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from ICHSegmentationLib.core.files import write_error


@contextlib.contextmanager
def replacing_files(directory: Path, instead_of: Collection[str] = ()) -> Iterator[Path]:
    """Give an empty folder to write into; on success its content moves to ``directory``, on failure nothing changes.

    A run that fails, is cancelled or fills the disk leaves an earlier result as it was, and files of two scans never
    lie side by side.

    Parameters
    ----------
    directory : pathlib.Path
        Folder of the results, created if necessary.
    instead_of : collection of str
        Names of files of an earlier result, which are removed on success.

    Yields
    ------
    pathlib.Path
        A hidden folder inside ``directory``, so that moving its files is a rename.

    Raises
    ------
    ICHSegmentationError
        If the folder cannot be created or a file cannot be replaced.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        staging = tempfile.TemporaryDirectory(prefix=".ichseg-", dir=directory)
    except OSError as error:
        raise write_error(directory, error) from error
    with staging as name:
        yield Path(name)
        try:
            for old in instead_of:
                (directory / old).unlink(missing_ok=True)
            for new in Path(name).iterdir():
                old_folder = directory / new.name
                if new.is_dir() and old_folder.is_dir():
                    # A folder with files in it cannot be replaced by a rename.
                    shutil.rmtree(old_folder)
                new.replace(directory / new.name)
        except OSError as error:
            raise write_error(directory, error) from error
