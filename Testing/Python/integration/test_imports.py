# SPDX-License-Identifier: Apache-2.0
"""What importing the library brings with it, seen in a bare interpreter."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from builders.cmake_lists import REPOSITORY

import ICHSegmentationLib

SLICER = {"slicer", "qt", "ctk"}
HEAVY = {"torch", "vtk", "vtkmodules", "openvino", "SimpleITK", "highdicom", "reportlab", "scipy", "monai"}


def modules_after(statements: str) -> set[str]:
    """Return the top-level names of the modules that a fresh interpreter holds after some statements."""
    code = f"{statements}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
def test_importing_any_part_but_mrml_never_imports_slicer():
    names = [
        module.name
        for module in pkgutil.walk_packages(ICHSegmentationLib.__path__, "ICHSegmentationLib.")
        if ".mrml" not in module.name and not module.name.endswith("__main__")
    ]
    assert "ICHSegmentationLib.core.scan.grid" in names
    loaded = modules_after(f"import importlib\nfor name in {names!r}: importlib.import_module(name)")
    assert "ICHSegmentationLib" in loaded
    assert loaded & SLICER == set()


def test_importing_the_library_is_light():
    loaded = modules_after("import ICHSegmentationLib")
    assert loaded & (HEAVY | SLICER) == set()


def test_importing_the_reader_loads_no_network_runtime():
    loaded = modules_after("from ICHSegmentationLib import read_ct")
    assert loaded & {"torch", "openvino", "vtk", "vtkmodules", "reportlab"} == set()


@pytest.mark.parametrize("client", ["event_client", "blocking_client"])
def test_a_client_of_the_worker_loads_only_data_models(client):
    loaded = modules_after(f"import ICHSegmentationLib.worker.client.{client}")
    assert "numpy" in loaded
    assert loaded & (HEAVY | SLICER | {"pydicom", "nibabel", "nrrd", "PIL", "rich"}) == set()


def test_help_loads_neither_numpy_nor_rich():
    loaded = modules_after(
        "import sys\nsys.argv = ['ichseg', 'segment', '--help']\n"
        "import contextlib, io\n"
        "from ICHSegmentationLib.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as shown: main()\n"
        "assert '--grey-window' in shown.getvalue()"
    )
    assert loaded & (HEAVY | {"numpy", "rich", "pydicom", "nibabel"}) == set()


def test_listing_the_systems_loads_no_torch():
    loaded = modules_after("from ICHSegmentationLib.systems import system_names\nsystem_names()")
    assert loaded & {"torch", "monai", "openvino"} == set()


def imports_in_functions(path: Path) -> list[str]:
    """Return the library's own modules that a file imports inside its functions."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [
        name
        for function in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(function, functions)
        for statement in ast.walk(function)
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for name in (statement.module or "" if isinstance(statement, ast.ImportFrom) else statement.names[0].name,)
    ]
    return [name for name in found if name.partition(".")[0] == "ICHSegmentationLib"]


def test_an_import_in_a_function_is_found(tmp_path):
    path = tmp_path / "late.py"
    path.write_text("import os\n\n\ndef late():\n    import numpy\n    from ICHSegmentationLib.core import grid\n")
    assert imports_in_functions(path) == ["ICHSegmentationLib.core"]


def test_below_the_pipeline_own_packages_are_imported_at_the_top():
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    packages = layers[layers.index("mrml | pipeline | sending") + 1 :]
    files = [path for package in packages for path in (REPOSITORY / "ICHSegmentationLib" / package).rglob("*.py")]
    assert len(packages) == 12
    assert len(files) > 100
    assert {str(path): names for path in files if (names := imports_in_functions(path))} == {}
