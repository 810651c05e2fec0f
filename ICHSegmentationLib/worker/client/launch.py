# SPDX-License-Identifier: Apache-2.0
"""Command, environment and private folder of a worker."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ICHSegmentationLib.core.files import write_error

# A first start on a slow disk with a virus scanner takes half a minute.
START_TIMEOUT_S = 120.0
"""A worker that has not greeted by then never will."""
CANCEL_GRACE_S = 0.4
"""A worker that has not stopped its work by then is killed, so that all is over within half a second."""
EXIT_GRACE_S = 0.5
"""Time for a worker to end by itself."""


def make_folder(parent: Path | str | None = None) -> Path:
    """Make a worker's private folder (mode 0700) and return it.

    Parameters
    ----------
    parent : Path or str, optional
        Where; by default where the system wants temporary files.

    Raises
    ------
    DiskFullError, ICHSegmentationError
        If there is no place for temporary files.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="ichseg-worker-", dir=parent))
    except OSError as error:
        raise write_error(Path(parent or tempfile.gettempdir()), error) from error


def worker_command(python: Path | str, folder: Path) -> list[str]:
    """Return the program and its arguments.

    The worker's file is named, not its module: a launcher such as Slicer's puts its own folders in front of any
    PYTHONPATH, where another version of the library may be installed. -P keeps the modules beside that file from being
    taken for top-level ones.
    """
    return [str(python), "-P", str(Path(__file__).parents[1] / "__main__.py"), "--folder", str(folder)]


def worker_environment(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment variables of a worker.

    Parameters
    ----------
    environment : mapping of str to str
        Environment variables of the client.
    folder : Path
        Private folder; the temporary files of libraries go there, so that they are removed with it.
    """
    # By default Windows's console code page decides, and the log is not read with it.
    return {**environment, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)), "PYTHONIOENCODING": "utf-8"}
