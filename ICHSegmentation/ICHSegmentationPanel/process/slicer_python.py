# SPDX-License-Identifier: Apache-2.0
"""Slicer's Python interpreter, its environment, and Slicer's folder for temporary files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import slicer

_NAME = "PythonSlicer"
# Plug-ins built for Slicer's ITK, which the ITK of SimpleITK cannot load.
_ONLY_FOR_SLICER = ("ITK_AUTOLOAD_PATH",)


def python_slicer() -> str:
    """Return the path of PythonSlicer, a launcher that sets up the paths of Slicer's Python and runs it as a child.

    In some versions of Slicer `sys.executable` is Slicer itself. The PATH that Slicer sets contains PythonSlicer on
    Windows, macOS and Linux.

    Raises
    ------
    FileNotFoundError
        If it was not found.
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
    """Return the environment variables for the worker: those of Slicer, without the ones that only Slicer can use.

    - PYTHONHOME, PYTHONPATH and the library paths are kept: PythonSlicer prepends its own, and an interpreter that is
      started without PythonSlicer needs them.
    - KMP_DUPLICATE_LIB_OK is not set, although programs on macOS often do so: OpenVINO contains no OpenMP, so the
      worker has only that of torch. With two of them results could be wrong without any error.
    - Variables set by the user, such as CUDA_VISIBLE_DEVICES and OMP_NUM_THREADS, are kept.
    """
    return {name: value for name, value in os.environ.items() if name not in _ONLY_FOR_SLICER}


def temporary_folder() -> Path | None:
    """Return the folder for temporary files in Slicer's settings; None if it does not exist."""
    folder = Path(slicer.app.temporaryPath)
    return folder if folder.is_dir() else None
