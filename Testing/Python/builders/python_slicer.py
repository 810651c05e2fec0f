# SPDX-License-Identifier: Apache-2.0
"""A stand-in for PythonSlicer, a launcher that runs Slicer's Python as its child."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

# As CTK's launcher: the child inherits the pipes; if a signal ends it, the launcher says so and exits with 1.
_LAUNCHER = """#!/bin/sh
{python} "$@"
code=$?
if [ $code -gt 128 ]; then
  echo "error: [{folder}/./python-real] exit abnormally - Report the problem." >&2
  exit 1
fi
exit $code
"""


def put_on_path(folder: Path, patch: pytest.MonkeyPatch, python: str | None = None) -> Path:
    """Write PythonSlicer into a folder and put that first on PATH.

    ``python`` is the shell command to which it passes its arguments; by default this interpreter.
    """
    folder.mkdir(exist_ok=True)
    path = folder / "PythonSlicer"
    path.write_text(_LAUNCHER.format(python=python or shlex.quote(sys.executable), folder=folder))
    path.chmod(0o755)
    patch.setenv("PATH", os.pathsep.join((str(folder), os.environ["PATH"])))
    return path


def put_script_on_path(folder: Path, patch: pytest.MonkeyPatch, text: str) -> Path:
    """Write a PythonSlicer that runs a Python script instead of the worker."""
    folder.mkdir(exist_ok=True)
    script = folder / "worker.py"
    script.write_text(text)
    return put_on_path(folder, patch, f"{shlex.quote(sys.executable)} -S {shlex.quote(str(script))}")
