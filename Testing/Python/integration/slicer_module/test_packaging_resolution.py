# SPDX-License-Identifier: Apache-2.0
"""What installing brings into Slicer 5.12, and that it leaves Slicer's own packages alone.

``slicer_5_12_resolution.json`` is pip's own answer; with another requirement make it anew for each system with
``pip install --dry-run --ignore-installed --only-binary=:all: --python-version 3.12 --platform ... --target x
-c docs/slicer-5.12-packages.txt -r ICHSegmentation/Resources/requirements.txt --report answer.json``.
"""

from __future__ import annotations

import importlib.metadata
import json
import tomllib
from pathlib import Path

import pytest
from builders.cmake_lists import REPOSITORY
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

OWN_FILE = REPOSITORY / "docs" / "slicer-5.12-packages.txt"
REQUIREMENTS = REPOSITORY / "ICHSegmentation" / "Resources" / "requirements.txt"
SLICER = {"python_version": "3.12", "python_full_version": "3.12.10", "extra": ""}
SYSTEMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64", "os_name": "nt"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64", "os_name": "posix"},
]


def lines(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def slicers_own():
    return {name: Version(version) for name, version in (line.split("==") for line in lines(OWN_FILE) if "==" in line)}


def resolution():
    return json.loads(Path(__file__).with_name("slicer_5_12_resolution.json").read_text(encoding="utf-8"))["packages"]


def requirements():
    return [Requirement(line) for line in lines(REQUIREMENTS)]


def applies(requirement, system):
    return requirement.marker is None or requirement.marker.evaluate({**SLICER, **system})


def reached(system):
    """Every package that is installed, by following what each requires; asserts that each requirement is met."""
    chosen = resolution()
    seen, waiting = set(), [requirement for requirement in requirements() if applies(requirement, system)]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(chosen[name]["version"]), f"{requirement} for {name}"
        if name not in seen:
            seen.add(name)
            needs = map(Requirement, chosen[name]["requires"])
            waiting += [need for need in needs if applies(need, system)]
    return seen


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system["sys_platform"])
def test_slicers_own_packages_meet_all_that_is_asked_of_them(system):
    own, chosen = slicers_own(), resolution()
    needed = reached(system)
    assert needed == set(chosen)
    changed = {name for name in needed & own.keys() if Version(chosen[name]["version"]) != own[name]}
    assert changed == set()
    assert {"numpy", "pillow", "typing-extensions"} <= needed & own.keys()


@pytest.mark.parametrize("name", ["vtk", "torch", "simpleitk", "scipy", "pydicom", "requests"])
def test_nothing_asks_for_what_slicer_or_its_pytorch_extension_provides(name):
    assert all(name not in reached(system) for system in SYSTEMS)
    assert name not in {canonicalize_name(requirement.name) for requirement in requirements()}


def test_the_packages_that_are_pinned_are_those_that_slicer_ships(slicer_app, monkeypatch):
    assert slicer_app
    monkeypatch.syspath_prepend(str(REPOSITORY / "ICHSegmentation"))
    from ICHSegmentationPanel.install import slicer_packages

    assert set(slicer_packages.NAMES) == slicers_own().keys()
    assert "vtk<0" in lines(OWN_FILE)
    pinned = dict(line.split("==") for line in slicer_packages.constraint_lines() if "==" in line)
    assert pinned["numpy"] == importlib.metadata.version("numpy")
    assert slicer_packages.constraint_lines()[-1] == "vtk<0"


def test_pips_answer_says_of_packages_what_they_say_themselves():
    """The same version here and in the answer requires the same."""
    compared = 0
    for name, package in resolution().items():
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if found.version == package["version"]:
            own = {str(Requirement(line)) for line in found.requires or () if "extra ==" not in line}
            assert {str(Requirement(line)) for line in package["requires"]} == own, name
            compared += 1
    assert compared >= 3


def test_each_requirement_has_a_floor_and_a_ceiling():
    for requirement in requirements():
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {">=", "<"}, requirement


def test_slicer_can_read_the_file():
    """Its reader takes every line that does not begin with # or - for a requirement, comments behind one as well."""
    assert all(" #" not in line for line in lines(REQUIREMENTS))
    assert len(requirements()) == len(lines(REQUIREMENTS))


def library_requirements():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {canonicalize_name(each.name): each.specifier for each in map(Requirement, project["dependencies"])}


def test_the_module_s_floors_are_the_library_s():
    for requirement in requirements():
        floor = next(each.version for each in requirement.specifier if each.operator == ">=")
        assert library_requirements()[canonicalize_name(requirement.name)].contains(floor), requirement


def test_the_library_runs_with_the_versions_that_slicer_ships():
    own = slicers_own()
    used = {name: specifier for name, specifier in library_requirements().items() if name in own}
    assert used.keys() >= {"highdicom", "numpy", "pillow", "pydicom", "scipy", "simpleitk"}
    assert {name for name, specifier in used.items() if not specifier.contains(own[name])} == set()
