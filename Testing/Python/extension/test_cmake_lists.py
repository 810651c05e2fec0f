# SPDX-License-Identifier: Apache-2.0
"""The extension's CMake files: what is not listed is missing from the package that users install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from builders.cmake_lists import REPOSITORY, SHIPPED_FOLDERS, as_cmake, expected_lists, tracked_files, written_lists

STUB = Path(__file__).parent / "slicer_stub"
CMAKE = Path(sys.executable).with_name("cmake")


@pytest.mark.parametrize("folder", SHIPPED_FOLDERS)
def test_every_file_that_git_tracks_is_listed_and_nothing_else(folder):
    assert written_lists(folder) == expected_lists(folder), (
        f"{folder}/CMakeLists.txt has to list:\n\n{as_cmake(folder)}\n"
    )


def test_weights_terminology_panel_and_icons_are_shipped():
    module, library = (set(tracked_files(folder)) for folder in SHIPPED_FOLDERS)
    assert {
        "ICHSegmentation.py",
        "Resources/UI/ICHSegmentation.ui",
        "Resources/requirements.txt",
        "Resources/Icons/ICHSegmentation.png",
        "Resources/Icons/ICHSegmentationDemo.png",
    } <= module
    assert {"Resources/Models/manifest.json", "Resources/Terminology/hemorrhage.json"} <= library
    assert any(name.endswith(".safetensors") for name in library)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Lay out the extension as it is installed, by CMake itself on a stub of Slicer's macros."""
    if not all(map(shutil.which, ("cc", "c++", "make"))):
        pytest.skip("project() needs compilers and make")
    if not CMAKE.exists():
        pytest.skip("cmake from PyPI is not in this environment (extra: test)")
    folder = tmp_path_factory.mktemp("extension")
    prefix = folder / "installed"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMAKE_")}
    arguments = ["-S", REPOSITORY, "-B", folder / "build", f"-DSlicer_DIR={STUB}", "-DBUILD_TESTING=ON", "-Wno-dev"]
    for command in ([CMAKE, *arguments], [CMAKE, "--install", folder / "build", "--prefix", prefix]):
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
    return prefix / "lib/Slicer-5.12/qt-scripted-modules"


def test_cmake_installs_the_library_beside_the_module(installed):
    files = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    module, library = (tracked_files(folder) for folder in SHIPPED_FOLDERS)
    assert files == {*module, *(f"ICHSegmentationLib/{name}" for name in library)}


def test_the_installed_library_finds_its_model(installed):
    code = "from ICHSegmentationLib.models import load_manifest; print(load_manifest().default)"
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    # -P: the work tree, which is the present folder, holds the library as well.
    command = [sys.executable, "-P", "-c", f"import ICHSegmentationLib; print(ICHSegmentationLib.__file__); {code}"]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert output == [str(installed / "ICHSegmentationLib/__init__.py"), "hardnet-compact"]
