# SPDX-License-Identifier: Apache-2.0
"""Installing what Slicer does not have: on request only, with Slicer's own packages held, and with the true words."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import slicer
from builders.cmake_lists import REPOSITORY


@pytest.fixture(autouse=True)
def the_panel_can_be_imported(slicer_app, monkeypatch):
    assert slicer_app
    monkeypatch.syspath_prepend(str(REPOSITORY / "ICHSegmentation"))
    # What other tests imported into this process would have to be restarted for.
    monkeypatch.delitem(sys.modules, "openvino", raising=False)


@pytest.fixture
def pip(slicer_app):
    """What pip was asked to do, and what it shall find missing."""
    return slicer_app.packaging


@pytest.fixture
def python_slicer(tmp_path, monkeypatch):
    """PythonSlicer on the PATH, as in Slicer: this Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    launcher = folder / "PythonSlicer"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return launcher


@pytest.fixture
def requirements(python_slicer):
    assert python_slicer
    from ICHSegmentationPanel.install import Requirements

    return Requirements()


def version_is(monkeypatch, text):
    monkeypatch.setattr(type(slicer.app), "applicationVersion", property(lambda _self: text), raising=False)


def asked(pip, name):
    return [arguments for called, arguments in pip.made if called == name]


def test_all_being_there_nothing_is_missing_and_nothing_is_installed(requirements, pip):
    assert requirements.missing() == ()
    assert requirements.problem is None
    assert requirements.notice is None
    requirements.install()
    assert pip.made == []


def test_making_it_installs_nothing(requirements, pip):
    pip.missing.add("openvino")
    assert requirements.missing() == ("openvino<2027,>=2025.0",)
    assert requirements.problem is None
    assert pip.made == []


def test_installing_asks_slicer_with_its_own_packages_pinned(requirements, pip, monkeypatch):
    from ICHSegmentationPanel.install import slicer_packages

    read = []
    lines = slicer_packages.constraint_lines
    monkeypatch.setattr(slicer_packages, "constraint_lines", lambda: read.append(lines()) or read[0])
    pip.missing.add("openvino")
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_args, **_named: True)
    requirements.install()
    (call,) = asked(pip, "pip_ensure")
    assert call["requester"] == "ICHSegmentation"
    assert "openvino" in {requirement.name for requirement in call["requirements"]}
    assert read[0][-1] == "vtk<0"
    assert not Path(call["constraints"]).exists()
    assert requirements.missing() == ()
    assert requirements.problem is None


def test_declining_is_no_failure(requirements, pip, monkeypatch):
    pip.missing.add("openvino")
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_args, **_named: False)
    requirements.install()
    assert requirements.missing() != ()
    assert requirements.problem is None


def test_a_failure_of_pip_is_told_once_more_in_the_panel(requirements, pip, monkeypatch):
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_args, **_named: True)
    pip.missing.add("openvino")
    pip.error = subprocess.CalledProcessError(1, "pip install")
    requirements.install()
    assert "pip ended with code 1" in requirements.problem
    pip.error = None
    requirements.install()
    assert requirements.problem is None


def test_with_testing_slicer_installs_nothing(requirements, pip, slicer_app, monkeypatch):
    monkeypatch.setattr(slicer_app.app, "_testing", True)
    pip.missing.add("openvino")
    requirements.install()
    assert pip.installed == []
    assert requirements.missing() != ()
    assert requirements.problem is None


def test_a_package_that_cannot_be_imported_speaks_for_itself(requirements, pip, python_slicer, monkeypatch):
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_args, **_named: True)
    words = "openvino: ImportError: DLL load failed while importing _pyopenvino"
    python_slicer.write_text(f"#!/bin/sh\necho '{words}'\n", encoding="utf-8")
    pip.missing.add("openvino")
    requirements.install()
    assert words in requirements.problem


def test_a_python_that_crashes_on_import_is_told(requirements, pip, python_slicer, monkeypatch):
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_args, **_named: True)
    python_slicer.write_text("#!/bin/sh\nkill -9 $$\n", encoding="utf-8")
    pip.missing.add("openvino")
    requirements.install()
    assert "Python ended with code -9" in requirements.problem


def test_trying_the_packages_reports_nothing_to_anyone(python_slicer, tmp_path):
    """A plain import of OpenVINO sends a message to Google Analytics."""
    from ICHSegmentationPanel.install.package_check import import_errors

    (tmp_path / "asks.py").write_text("import openvino_telemetry", encoding="utf-8")
    python_slicer.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n', encoding="utf-8")
    assert import_errors(["json", "openvino"]) is None
    assert "import of openvino_telemetry halted" in import_errors(["asks"])


def test_what_the_panel_itself_imports_is_tried_at_once(requirements, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)
    assert "pydantic" in requirements.problem
    assert "ModuleNotFoundError" in requirements.problem


def test_a_new_version_of_what_is_in_use_asks_for_a_restart(requirements, pip, monkeypatch):
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_args, **_named: True)
    pip.missing.add("pydantic")
    requirements.install()
    assert requirements.problem.startswith("Restart Slicer")
    assert "pydantic" in requirements.problem


def test_a_folder_of_wheels_is_used_without_the_network(requirements, pip, tmp_path):
    folder = tmp_path / "my wheels"
    folder.mkdir()
    (folder / "openvino-2026.4.1-py3-none-any.whl").touch()
    pip.missing.add("openvino")
    requirements.install_from_folder(str(folder))
    (call,) = asked(pip, "pip_install")
    start = ["--no-index", f"--find-links={folder}", "--only-binary=:all:"]
    assert call["requirements"] == [*start, "openvino<2027,>=2025.0"]
    assert call["constraints"] is not None
    assert requirements.problem is None


def test_a_folder_that_lacks_something_is_refused_by_name(requirements, pip, tmp_path):
    pip.missing |= {"openvino", "pydantic"}
    requirements.install_from_folder(tmp_path)
    assert requirements.problem == f"There are no wheel files (.whl) in {tmp_path.name}."
    (tmp_path / "openvino-2026.4.1-cp312-cp312-plan9_mips.whl").touch()
    (tmp_path / "pydantic-2.13.5-py3-none-any.whl").touch()
    (tmp_path / "broken.whl").touch()
    requirements.install_from_folder(tmp_path)
    assert requirements.problem.endswith("has no wheel file for this system of: openvino.")
    assert asked(pip, "pip_install") == []


def test_a_slicer_below_the_floor_is_refused_and_nothing_is_tried(requirements, pip, monkeypatch, tmp_path):
    version_is(monkeypatch, "5.10.0")
    pip.missing.add("openvino")
    assert requirements.problem == "This module needs 3D Slicer 5.12 or later; this is 5.10.0."
    requirements.install()
    requirements.install_from_folder(tmp_path)
    assert pip.made == []


@pytest.mark.parametrize(("version", "noticed"), [("5.12.3", False), ("5.13.0-2026-08-20", False), ("6.0.0", True)])
def test_a_slicer_at_the_ceiling_is_noticed_but_tried(requirements, monkeypatch, version, noticed):
    version_is(monkeypatch, version)
    assert requirements.problem is None
    assert (requirements.notice is not None) == noticed


def test_macs_with_intel_processors_are_told_why(requirements, pip, monkeypatch):
    import platform

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert requirements.problem is None
    pip.missing.add("openvino")
    assert "Intel processor" in requirements.problem
