# SPDX-License-Identifier: Apache-2.0
"""The library finds its resources in each of the ways in which it is installed."""

from __future__ import annotations

from importlib.metadata import distribution

import pytest
from builders.cmake_lists import REPOSITORY
from builders.installations import copied_clone, installed_extension, run_with, unpacked_wheel

_REPORT = """
import ICHSegmentationLib
from ICHSegmentationLib.core.resources import resource_path
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.report.text_block import default_template
from ICHSegmentationLib.models import load_manifest
manifest = load_manifest()
assert "$" in default_template()
print(ICHSegmentationLib.__file__, resource_path(), manifest.default, manifest.get().path.is_file())
print(load_terminology().classes[0].id, resource_path("Schemas", "measurements-1.schema.json").is_file())
"""


def report(folder, resources):
    return [
        *(str(folder / "ICHSegmentationLib/__init__.py"), str(resources), "hardnet-compact", "True"),
        *("EDH", "True"),
    ]


def test_a_clone_holds_them_beside_the_package(tmp_path):
    clone = copied_clone(tmp_path)
    assert run_with(clone, _REPORT) == report(clone, clone / "Resources")


def test_an_editable_installation_finds_those_of_its_clone():
    if distribution("ichsegmentation").read_text("direct_url.json") is None:
        pytest.fail("make test installs the package in editable mode")
    assert run_with(REPOSITORY, _REPORT) == report(REPOSITORY, REPOSITORY / "Resources")


def test_a_wheel_holds_them_inside_the_package(tmp_path):
    site = unpacked_wheel(tmp_path)
    assert run_with(site, _REPORT) == report(site, site / "ICHSegmentationLib/Resources")


def test_an_installed_extension_holds_them_inside_the_package(tmp_path):
    modules = installed_extension(tmp_path)
    assert run_with(modules, _REPORT) == report(modules, modules / "ICHSegmentationLib/Resources")
    build = tmp_path / "build/lib/Slicer-5.12/qt-scripted-modules/ICHSegmentationLib/Resources"
    assert (build / "Models/manifest.json").is_file()
