# SPDX-License-Identifier: Apache-2.0
"""The module's source keeps to what PythonQt takes and knows nothing of the harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from slicer_harness.source_rules import problems_in

ROOT = Path(__file__).resolve().parents[4]
OWN = frozenset({"ICHSegmentationLib", "ICHSegmentationPanel"})
FILES = sorted([*(ROOT / "ICHSegmentation").rglob("*.py"), *(ROOT / "ICHSegmentationLib" / "mrml").rglob("*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_slicer_would_take_this_file(path):
    assert problems_in(path, OWN) == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import qt\nqt.QLabel(text='mL')", "2: PythonQt takes no keyword arguments: qt.QLabel"),
        ("import qt\nx = qt.Qt.AlignmentFlag.AlignLeft", "2: PythonQt has enumerators in their class only"),
        ("import pydicom", "1: imported before it may be installed: pydicom"),
        ("from skimage.measure import label", "1: imported before it may be installed: skimage.measure"),
        ("import os\nos.environ['QT_QPA_PLATFORM']", "2: names the harness: QT_QPA_PLATFORM"),
    ],
)
def test_what_slicer_would_not_take_is_found(tmp_path, source, problem):
    (tmp_path / "module.py").write_text(source)
    (found,) = problems_in(tmp_path / "module.py")
    assert found.startswith(f"module.py:{problem}")


@pytest.mark.parametrize(
    "source",
    [
        "import qt\nqt.Qt.AlignLeft",
        "def f():\n    import pydicom",
        "import qt\nqt.QFileDialog.getOpenFileName(None, 'a')",
    ],
)
def test_what_slicer_takes_is_no_problem(tmp_path, source):
    (tmp_path / "module.py").write_text(source)
    assert problems_in(tmp_path / "module.py") == []
