# SPDX-License-Identifier: Apache-2.0
"""Command, environment and private folder of a worker."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ICHSegmentationLib.core.storage.files import write_error

# A first start on a slow disk with a virus scanner takes half a minute.
START_TIMEOUT_S = 120.0
"""Time for a worker to send its first message."""
CANCEL_GRACE_S = 0.4
"""Time for a worker to stop after a cancel, before it is killed; the whole cancel then takes half a second."""
EXIT_GRACE_S = 0.5
"""Time for a worker to end by itself."""


def make_folder(parent: Path | str | None = None) -> Path:
    """Create a worker's private folder (mode 0700) and return it.

    Parameters
    ----------
    parent : Path or str, optional
        Parent folder; by default the system's folder for temporary files.

    Raises
    ------
    DiskFullError, ICHSegmentationError
        If the folder cannot be created.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="ichseg-worker-", dir=parent))
    except OSError as error:
        raise write_error(Path(parent or tempfile.gettempdir()), error) from error


def worker_command(python: Path | str, folder: Path) -> list[str]:
    """Return the program and its arguments.

    The worker is started by its file instead of its module name: a launcher such as Slicer's prepends its own folders
    to PYTHONPATH, and another version of the library may be installed there. With -P the modules beside that file are
    not importable as top-level modules.
    """
    return [str(python), "-P", str(Path(__file__).parents[1] / "__main__.py"), "--folder", str(folder)]


def worker_environment(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment variables of a worker.

    Parameters
    ----------
    environment : mapping of str to str
        Environment variables of the client.
    folder : Path
        Private folder; also for temporary files of libraries, so that they are removed with it.
    """
    # The log is read as UTF-8; by default Windows would use the console's code page.
    return {**environment, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)), "PYTHONIOENCODING": "utf-8"}
