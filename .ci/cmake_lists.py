# SPDX-License-Identifier: Apache-2.0
"""Write the file lists of the extension's CMake files: what git tracks, less what Slicer users do not need.

Usage: ``python .ci/cmake_lists.py`` writes them, with ``--check`` it names the files that are out of date and exits 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS, MODULE_RESOURCES, RESOURCES = "MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES", "RESOURCE_FILES"
FOLDERS = {
    "ICHSegmentation": (SCRIPTS, MODULE_RESOURCES),
    "ICHSegmentationLib": (SCRIPTS, MODULE_RESOURCES),
    "Resources": (RESOURCES,),
}
NOT_INSTALLED = ("ICHSegmentationLib/research/training/", "ICHSegmentationLib/research/evaluation/")
"""Training and evaluation need packages that Slicer users do not have."""


def shipped_files(folder: str) -> list[str]:
    """Return the files of a folder that the extension installs, relative to it."""
    command = ["git", "ls-files", "-z", "--", folder]
    output = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    names = [name for name in output.split("\0") if name and not name.startswith(NOT_INSTALLED)]
    relative = [name.removeprefix(f"{folder}/") for name in names]
    return sorted(name for name in relative if name != "CMakeLists.txt")


def file_lists(folder: str) -> dict[str, list[str]]:
    """Return the lists of a folder's ``CMakeLists.txt`` by variable."""
    names = shipped_files(folder)
    if FOLDERS[folder] == (RESOURCES,):
        return {RESOURCES: names}
    return {
        SCRIPTS: [name for name in names if name.endswith(".py")],
        MODULE_RESOURCES: [name for name in names if not name.endswith(".py")],
    }


def updated_text(folder: str) -> str:
    """Return a folder's ``CMakeLists.txt`` with its lists as they should be."""
    text = (REPOSITORY / folder / "CMakeLists.txt").read_text(encoding="utf-8")
    for variable, files in file_lists(folder).items():
        listed = "".join(f"  {name}\n" for name in files)
        text = re.sub(rf"set\({variable}\n[^)]*\)", lambda _, v=variable, x=listed: f"set({v}\n{x}  )", text)
    return text


def main(arguments: list[str]) -> int:
    """Write or check the lists; return the exit code."""
    files = {name: REPOSITORY / name / "CMakeLists.txt" for name in FOLDERS}
    stale = [name for name, file in files.items() if updated_text(name) != file.read_text(encoding="utf-8")]
    if "--check" in arguments:
        for name in stale:
            print(f"{name}/CMakeLists.txt is out of date; run: make cmake-lists", file=sys.stderr)
        return int(bool(stale))
    for name in stale:
        files[name].write_text(updated_text(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
