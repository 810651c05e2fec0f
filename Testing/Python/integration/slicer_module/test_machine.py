# SPDX-License-Identifier: Apache-2.0
"""Report once why the tests of the Slicer module are left out."""

from __future__ import annotations

from builders.requirements import missing


def test_this_machine_can_run_the_harness(pytestconfig):
    conftest = next(each for each in pytestconfig.pluginmanager.get_plugins() if hasattr(each, "PROBLEM"))
    if conftest.PROBLEM is not None:
        missing(conftest.PROBLEM)
    import qt

    assert qt.QApplication.instance() is not None
