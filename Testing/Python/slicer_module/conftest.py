# SPDX-License-Identifier: Apache-2.0
"""The module under the harness: every test here starts from a fresh Slicer."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "SlicerHarness"))

_MISSING = [name for name in ("PySide6", "slicer") if importlib.util.find_spec(name) is None]
if _MISSING:
    collect_ignore_glob = ["test_*.py"]
else:
    from builders.panel_fixtures import a_result, an_open_panel  # noqa: F401
    from slicer_harness.fixtures import (  # noqa: F401
        choose,
        click,
        dialogs,
        in_a_window,
        load_module,
        pytest_runtest_makereport,
        screenshot,
        slicer_app,
        wait_until,
    )


@pytest.fixture
def a_module() -> Path:
    """File of the smallest module with a panel, a logic and a test."""
    return Path(__file__).parent / "counting_module" / "Counting.py"
