# SPDX-License-Identifier: Apache-2.0
"""A Python that sees only Slicer's packages and the module's requirements."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

from builders.cmake_lists import REPOSITORY

# built by Slicer, unknown to pip
_BUILT = {"vtk", "slicer-core"}


def packages_in_slicer() -> set[str]:
    """Return the names of Slicer's packages and of the module's requirements."""
    own = (REPOSITORY / "docs" / "slicer-5.12-packages.txt").read_text(encoding="utf-8").splitlines()
    answer = REPOSITORY / "Testing" / "Python" / "integration" / "slicer_module" / "slicer_5_12_resolution.json"
    installed = json.loads(answer.read_text(encoding="utf-8"))["packages"]
    return {line.split("==")[0] for line in own if "==" in line} | set(installed) | _BUILT


def hide_other_packages(folder: Path) -> list[str]:
    """Write modules that raise ImportError for all other packages; return their names. Put the folder on PYTHONPATH."""
    there = packages_in_slicer()
    hidden = [
        name
        for name, owners in importlib.metadata.packages_distributions().items()
        if not there & {canonicalize_name(owner) for owner in owners}
        and name.isidentifier()
        and name not in sys.stdlib_module_names
        and not name.startswith("ICHSegmentation")
    ]
    for name in hidden:
        (folder / f"{name}.py").write_text(f'raise ImportError("{name} is not in Slicer")\n', encoding="utf-8")
    return hidden
