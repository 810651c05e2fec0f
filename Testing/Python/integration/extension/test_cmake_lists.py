# SPDX-License-Identifier: Apache-2.0
"""The extension's CMake files: what is not listed is missing from the package that users install."""

from __future__ import annotations

import pytest
from builders.cmake_lists import REPOSITORY, cmake_lists
from builders.installations import installed_extension

LIBRARY, MODULE, RESOURCES = "ICHSegmentationLib", "ICHSegmentation", "Resources"


@pytest.mark.parametrize("folder", cmake_lists.FOLDERS)
def test_every_shipped_file_is_listed_and_nothing_else(folder):
    written = (REPOSITORY / folder / "CMakeLists.txt").read_text(encoding="utf-8")
    assert written == cmake_lists.updated_text(folder), "run: make cmake-lists"


def test_a_list_that_lacks_a_file_is_out_of_date(monkeypatch):
    shipped = cmake_lists.shipped_files

    def with_a_new_file(folder):
        return sorted([*shipped(folder), "new_module.py"])

    monkeypatch.setattr(cmake_lists, "shipped_files", with_a_new_file)
    assert "  new_module.py\n" in cmake_lists.updated_text(LIBRARY)
    assert cmake_lists.main(["--check"]) == 1


def test_weights_terminology_panel_and_icons_are_shipped():
    assert {
        "ICHSegmentation.py",
        "Resources/UI/ICHSegmentation.ui",
        "Resources/requirements.txt",
        "Resources/Icons/ICHSegmentation.png",
        "Resources/Icons/ICHSegmentationDemo.png",
    } <= set(cmake_lists.shipped_files(MODULE))
    resources = cmake_lists.shipped_files(RESOURCES)
    assert {"Models/manifest.json", "Terminology/hemorrhage.json", "Templates/report.txt"} <= set(resources)
    assert any(name.endswith(".safetensors") for name in resources)


def test_training_and_evaluation_are_not_installed_and_simulation_is():
    library = cmake_lists.shipped_files(LIBRARY)
    folders = {"/".join(name.split("/")[:2]) for name in library if name.startswith("research/")}
    assert folders == {"research/__init__.py", "research/installed.py", "research/simulation"}


def test_cmake_installs_library_and_resources_beside_the_module(tmp_path):
    installed = installed_extension(tmp_path)
    files = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert files == {
        *cmake_lists.shipped_files(MODULE),
        *(f"{LIBRARY}/{name}" for name in cmake_lists.shipped_files(LIBRARY)),
        *(f"{LIBRARY}/{RESOURCES}/{name}" for name in cmake_lists.shipped_files(RESOURCES)),
    }
