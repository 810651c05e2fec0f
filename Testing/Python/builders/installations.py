# SPDX-License-Identifier: Apache-2.0
"""Installations of the library: clone, editable, wheel and Slicer extension."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from builders.cmake_lists import REPOSITORY
from builders.requirements import require_compilers

_STUB = REPOSITORY / "Testing/Python/integration/extension/slicer_stub"
_CMAKE = Path(sys.executable).with_name("cmake")
_MODULES = "lib/Slicer-5.12/qt-scripted-modules"


def installed_extension(folder: Path) -> Path:
    """Install the extension with CMake and stubs of Slicer's macros; return the folder of its modules."""
    require_compilers()
    prefix = folder / "installed"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMAKE_")}
    arguments = ["-S", REPOSITORY, "-B", folder / "build", f"-DSlicer_DIR={_STUB}", "-DBUILD_TESTING=ON", "-Wno-dev"]
    _run([_CMAKE, *arguments], environment)
    _run([_CMAKE, "--install", folder / "build", "--prefix", prefix], environment)
    return prefix / _MODULES


def unpacked_wheel(folder: Path) -> Path:
    """Build the wheel and unpack it; return the folder that serves as ``site-packages``."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    _run([*command, folder, REPOSITORY], dict(os.environ))
    (wheel,) = folder.glob("*.whl")
    site = folder / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def copied_clone(folder: Path) -> Path:
    """Copy the tracked files of the library and its resources from the work tree; return the folder."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        source, target = REPOSITORY / name, folder / name
        if name.startswith(("ICHSegmentationLib/", "Resources/")) and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return folder


def run_with(folder: Path, code: str) -> list[str]:
    """Run Python code in a process that imports the library from a folder; return the words that it prints."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    # -P: the current folder, the work tree, contains the library as well.
    command = [sys.executable, "-P", "-c", code]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def _run(command: list, environment: dict[str, str]) -> None:
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
