# SPDX-License-Identifier: Apache-2.0
"""Slicer's own Python, its environment, and Slicer's folder for temporary files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import slicer

_NAME = "PythonSlicer"
# Slicer sets these for itself: plug-ins built for its ITK, which another ITK, as SimpleITK's, cannot load.
_ONLY_FOR_SLICER = ("ITK_AUTOLOAD_PATH",)


def python_slicer() -> str:
    """Return the path of PythonSlicer, a launcher that sets up the paths of Slicer's Python and runs it as a child.

    Inside Slicer `sys.executable` is Slicer itself in some versions; the PATH that Slicer sets for itself has
    PythonSlicer, on Windows, macOS and Linux.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """
    found = shutil.which(_NAME)
    if found:
        return found
    beside = Path(slicer.app.slicerHome) / "bin" / (f"{_NAME}.exe" if os.name == "nt" else _NAME)
    if beside.is_file():
        return str(beside)
    message = f"{_NAME} was not found"
    raise FileNotFoundError(message)


def worker_variables() -> dict[str, str]:
    """Return the environment variables for the worker: Slicer's own without what is only for Slicer.

    - PYTHONHOME, PYTHONPATH and the library paths stay: PythonSlicer sets its own in front of them, and an interpreter
      that is started without it needs them.
    - KMP_DUPLICATE_LIB_OK is not set, though macOS programs often do: OpenVINO brings no OpenMP, so that torch's is the
      only one in the worker, and with two the results could be wrong without a word.
    - Variables that the user has set, as CUDA_VISIBLE_DEVICES and OMP_NUM_THREADS, stay.
    """
    return {name: value for name, value in os.environ.items() if name not in _ONLY_FOR_SLICER}


def temporary_folder() -> Path | None:
    """Return the folder that the user chose for temporary files; None if it is not there."""
    folder = Path(slicer.app.temporaryPath)
    return folder if folder.is_dir() else None
