# SPDX-License-Identifier: Apache-2.0
"""The import contracts of ``make lint``: the tree keeps them, and each kind of breach is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders.cmake_lists import REPOSITORY

pytestmark = pytest.mark.slow

LIBRARY, PANEL = "ICHSegmentationLib", "ICHSegmentation/ICHSegmentationPanel"
OF_THE_PANEL = ".ci/panel_imports.toml"
BREACHES = {
    "upwards": (f"{LIBRARY}/core/scan/grid.py", f"from {LIBRARY}.measurement import measure", "Imports run one way"),
    "upwards, inside a function": (
        f"{LIBRARY}/io/__init__.py",
        f"def later():\n    from {LIBRARY}.export import record",
        "Imports run one way",
    ),
    "a circle": (
        f"{LIBRARY}/core/errors.py",
        f"from {LIBRARY}.core.storage import files",
        "No circles inside a package",
    ),
    "a circle of packages": (
        f"{LIBRARY}/research/evaluation/metrics/case.py",
        f"from {LIBRARY}.research.evaluation import evaluate",
        "No circles inside a package",
    ),
    "slicer": (f"{LIBRARY}/measurement/__init__.py", "import slicer", "Only mrml knows Slicer"),
    "qt": (f"{LIBRARY}/worker/__init__.py", "import qt", "Only mrml knows Slicer"),
    "typer": (f"{LIBRARY}/pipeline.py", "import typer", "Only the command knows typer"),
}
BREACHES_OF_THE_PANEL = {
    "typer": (f"{PANEL}/panel.py", "import typer", "The panel uses only what is installed in Slicer"),
    "training": (
        f"{PANEL}/panel.py",
        f"from {LIBRARY}.research.training import config",
        "The panel uses only what is installed in Slicer",
    ),
    "a circle": (
        f"{PANEL}/process/box_changes.py",
        "from ICHSegmentationPanel.sections import model",
        "No circles inside the panel",
    ),
    "downwards": (
        f"{LIBRARY}/worker/__init__.py",
        "from ICHSegmentationPanel import panel",
        "The panel stands above the library",
    ),
}


@pytest.fixture
def a_copy(tmp_path: Path) -> Path:
    """Return a copy of the sources and of their contracts."""
    sources = [path for folder in (LIBRARY, PANEL) for path in (REPOSITORY / folder).rglob("*.py")]
    for source in (*sources, REPOSITORY / "pyproject.toml", REPOSITORY / OF_THE_PANEL):
        target = tmp_path / source.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    return tmp_path


def lint_imports(folder: Path, *arguments: str) -> tuple[int, str]:
    """Check the contracts of a tree; return the exit code and the report on one line."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(folder / "ICHSegmentation"), "COLUMNS": "200"}
    command = [program, "--no-logo", "--no-cache", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("arguments", [(), (OF_THE_PANEL,)], ids=["library", "panel"])
def test_the_tree_keeps_them(arguments):
    code, report = lint_imports(REPOSITORY, *arguments)
    assert code == 0, report
    assert " 0 broken" in report


@pytest.mark.parametrize(("path", "line", "contract"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_is_found(a_copy, path, line, contract):
    with (a_copy / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    code, report = lint_imports(a_copy)
    assert code == 1
    assert f"{contract} BROKEN" in report


@pytest.mark.parametrize(("path", "line", "contract"), BREACHES_OF_THE_PANEL.values(), ids=BREACHES_OF_THE_PANEL.keys())
def test_a_breach_of_the_panel_is_found(a_copy, path, line, contract):
    with (a_copy / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    code, report = lint_imports(a_copy, OF_THE_PANEL)
    assert code == 1
    assert contract in report
    assert "BROKEN" in report
