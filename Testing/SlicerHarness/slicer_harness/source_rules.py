# SPDX-License-Identifier: Apache-2.0
"""Find in a module's source what PySide6 accepts and PythonQt does not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

_SLICERS_OWN = {"SimpleITK", "ctk", "numpy", "qt", "scipy", "slicer", "vtk"}
_HARNESS_WORDS = ("PySide", "QT_QPA_PLATFORM", "pytest", "shiboken", "slicer_harness")


def problems_in(path: Path, own_packages: frozenset[str] = frozenset()) -> list[str]:
    """Return the lines of a module's file that fail in Slicer, each with the reason."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    found = [*_keywords(tree), *_scoped_enumerators(tree), *_imports(tree, own_packages)]
    for number, line in enumerate(text.splitlines(), 1):
        found += [(number, f"names the harness: {word}") for word in _HARNESS_WORDS if word in line]
    return [f"{path.name}:{number}: {reason}" for number, reason in sorted(found)]


def _keywords(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _root(node.func) in ("qt", "ctk") and node.keywords:
            yield node.lineno, f"PythonQt takes no keyword arguments: {ast.unparse(node.func)}"


def _scoped_enumerators(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or _root(node) != "qt":
            continue
        names = ast.unparse(node).split(".")
        if len(names) == 4 and all(name[0].isupper() for name in names[1:]):
            yield node.lineno, f"PythonQt has enumerators in their class only: {ast.unparse(node)}"


def _imports(tree: ast.Module, own_packages: frozenset[str]) -> Iterator[tuple[int, str]]:
    allowed = sys.stdlib_module_names | _SLICERS_OWN | own_packages
    for node in tree.body:
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            if name.partition(".")[0] not in allowed:
                yield node.lineno, f"imported before it may be installed: {name}"


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
