# SPDX-License-Identifier: Apache-2.0
"""What the extension ships by git, and what its CMake files say that it ships."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
SCRIPTS, RESOURCES = "MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"
# Shipped are the module and the library, whole: what a folder holds is what a user has.
SHIPPED_FOLDERS = ("ICHSegmentation", "ICHSegmentationLib")


def tracked_files(folder: str) -> list[str]:
    """Files of a folder that git tracks, relative to it, but for the CMake file itself."""
    command = ["git", "ls-files", "-z", "--", "."]
    output = subprocess.run(command, cwd=REPOSITORY / folder, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in output.split("\0") if name and name != "CMakeLists.txt")


def expected_lists(folder: str) -> dict[str, list[str]]:
    """The two lists that CMakeLists.txt of a folder has to have: Python files, and everything else."""
    names = tracked_files(folder)
    return {
        SCRIPTS: [name for name in names if name.endswith(".py")],
        RESOURCES: [name for name in names if not name.endswith(".py")],
    }


def written_lists(folder: str) -> dict[str, list[str]]:
    """The two lists that CMakeLists.txt of a folder has."""
    text = (REPOSITORY / folder / "CMakeLists.txt").read_text(encoding="utf-8").replace("${MODULE_NAME}", folder)
    return {
        name: re.sub(r"#[^\n]*", "", match.group(1)).split()
        for name in (SCRIPTS, RESOURCES)
        if (match := re.search(rf"set\({name}\s+([^)]*)\)", text))
    }


def as_cmake(folder: str) -> str:
    """The text of both lists, to paste into CMakeLists.txt of a folder."""
    lists = expected_lists(folder)
    return "\n\n".join(f"set({name}\n  " + "\n  ".join(files) + "\n  )" for name, files in lists.items())
