# SPDX-License-Identifier: Apache-2.0
"""What importing the library brings with it, seen in a bare interpreter."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

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
    assert "ICHSegmentationLib.core.grid" in names
    loaded = modules_after(f"import importlib\nfor name in {names!r}: importlib.import_module(name)")
    assert "ICHSegmentationLib" in loaded
    assert loaded & SLICER == set()


def test_importing_the_library_is_light():
    loaded = modules_after("import ICHSegmentationLib")
    assert loaded & (HEAVY | SLICER) == set()


def test_importing_the_reader_loads_no_network_runtime():
    loaded = modules_after("from ICHSegmentationLib import read_ct")
    assert loaded & {"torch", "openvino", "vtk", "vtkmodules", "reportlab"} == set()


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
