# SPDX-License-Identifier: Apache-2.0
"""Says once why the tests of the Slicer module are left out, where they are."""

from __future__ import annotations

import pytest


def test_this_machine_can_run_the_harness(pytestconfig):
    conftest = next(each for each in pytestconfig.pluginmanager.get_plugins() if hasattr(each, "PROBLEM"))
    if conftest.PROBLEM is not None:
        pytest.skip(conftest.PROBLEM)
    import qt

    assert qt.QApplication.instance() is not None
