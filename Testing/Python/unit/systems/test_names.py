# SPDX-License-Identifier: Apache-2.0
"""Only the package ``systems`` names the systems."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ICHSegmentationLib
from ICHSegmentationLib.systems import get_system, system_names

LIBRARY = Path(ICHSegmentationLib.__file__).parent
PANEL = LIBRARY.parent / "ICHSegmentation"


def strings(path: Path) -> set[tuple[str, int]]:
    """Return the string constants of a module with their lines; a docstring never equals a name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        (node.value, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def named_in(folder: Path) -> list[str]:
    """Return the places outside of the package ``systems`` where a string is the name of a system."""
    names = set(system_names())
    return [
        f"{path}:{line}: {text}"
        for path in sorted(folder.rglob("*.py"))
        if path.parent != LIBRARY / "systems"
        for text, line in sorted(strings(path))
        if text in names
    ]


@pytest.mark.parametrize("folder", [LIBRARY, PANEL], ids=["library", "panel"])
def test_no_name_of_a_system_is_matched_as_text_elsewhere(folder):
    assert named_in(folder) == []


def test_a_name_would_be_found(tmp_path):
    (tmp_path / "module.py").write_text('if entry.system == "two_stage":\n    pass\n')
    assert named_in(tmp_path) == [f"{tmp_path / 'module.py'}:1: two_stage"]


@pytest.mark.parametrize("name", system_names())
def test_a_system_is_described(name):
    spec = get_system(name)
    assert spec.name == name
    assert spec.title
    assert spec.citation
    assert bool(spec.network) == bool(spec.presets) == (spec.input != "none")
    assert set(spec.presets) >= ({"paper", "compact"} if spec.network else set())


@pytest.mark.parametrize("name", system_names())
def test_the_training_hooks_of_a_system_are_there(name):
    from ICHSegmentationLib.research.training.hooks import load_hook

    hooks = get_system(name).training
    assert all(callable(load_hook(hook)) for hook in (hooks.dataset, hooks.validation, hooks.loss))
