# SPDX-License-Identifier: Apache-2.0
"""Base classes, translation and package installation behave as Slicer's."""

from __future__ import annotations

import inspect

import pytest
import slicer
from slicer.i18n import tr, translate


def test_a_module_is_found_where_slicer_puts_it(load_module, a_module):
    widget = load_module(a_module)
    assert slicer.util.modulePath("Counting") == str(a_module)
    assert slicer.util.getModuleWidget("Counting") is widget
    assert slicer.modules.CountingWidget is widget
    assert slicer.modules.counting.title == "Counting"
    assert slicer.modules.counting.widgetRepresentation().self() is widget


def test_a_module_says_of_itself_only_what_slicer_asks(load_module, a_module):
    load_module(a_module)
    with pytest.raises(AttributeError, match="take no new attributes"):
        slicer.modules.counting.licence = "Apache-2.0"


def test_the_modules_own_test_runs(load_module, a_module):
    load_module(a_module)
    slicer.selfTests["Counting"]()


def test_unloading_cleans_up_and_leaves_no_name(load_module, a_module):
    widget = load_module(a_module)
    assert widget.Observations
    slicer.app.moduleManager().unload_all()
    assert not widget.Observations
    assert not hasattr(slicer.modules, "counting")


def test_the_start_is_told_after_loading(load_module, a_module):
    seen = []
    slicer.app.connect("startupCompleted()", lambda: seen.append(1))
    load_module(a_module)
    assert seen == [1]


def test_what_is_not_a_text_cannot_be_translated():
    assert tr("Segment") == "Segment"
    assert translate("qSlicerAbstractCoreModule", "Segmentation") == "Segmentation"
    with pytest.raises(TypeError, match="not int"):
        tr(5)


def test_what_is_there_is_not_installed(slicer_app):
    assert slicer.packaging.pip_ensure("numpy>=1.20", requester="Counting") is None
    assert slicer_app.packaging.installed == []


def test_what_is_missing_is_installed_when_the_user_agrees(slicer_app):
    slicer_app.packaging.missing = {"openvino"}
    slicer_app.dialogs.answer("Cancel", "OK")
    with pytest.raises(RuntimeError, match="User declined"):
        slicer.packaging.pip_ensure(["openvino>=2025.0", "numpy"], requester="Counting")
    slicer.packaging.pip_ensure(["openvino>=2025.0", "numpy"], requester="Counting")
    assert slicer_app.packaging.installed == ["openvino>=2025.0"]
    assert slicer.packaging.pip_check("openvino>=2025.0")


def test_pips_options_are_no_packages(slicer_app):
    slicer.packaging.pip_install(["--no-index", "--find-links", "/data/wheels", "openvino>=2025.0"])
    assert slicer_app.packaging.installed == ["openvino>=2025.0"]


def test_pip_fails_when_the_test_says_so(slicer_app):
    slicer_app.packaging.error = OSError("No space left on device")
    with pytest.raises(OSError, match="No space left"):
        slicer.packaging.pip_install("openvino")


def test_requirements_are_read_as_slicer_reads_them(tmp_path):
    (tmp_path / "requirements.txt").write_text("# what the library needs\n\n--prefer-binary\npydicom>=3.0\nnumpy\n")
    found = slicer.packaging.load_requirements(tmp_path / "requirements.txt")
    assert [str(each) for each in found] == ["pydicom>=3.0", "numpy"]


def test_pip_ensure_takes_slicers_arguments():
    names = list(inspect.signature(slicer.packaging.pip_ensure).parameters)
    assert names == [
        "requirements",
        "constraints",
        "skip_packages",
        "prompt_install",
        "prompt_restart",
        "requester",
        "skip_in_testing",
        "show_progress",
    ]


@pytest.mark.usefixtures("slicer_app")
def test_a_message_goes_to_the_status_bar():
    assert slicer.util.showStatusMessage("Segmented", 1000)
    assert slicer.util.mainWindow().statusBar().currentMessage() == "Segmented"
