# SPDX-License-Identifier: Apache-2.0
"""The entry for Slicer's ExtensionsIndex, by the rules that its own checks apply to a submission."""

from __future__ import annotations

import json
import re
import subprocess
from urllib.parse import urlsplit

import pytest
from builders.cmake_lists import REPOSITORY
from PIL import Image

ENTRY = REPOSITORY / "docs" / "ICHSegmentation.json"
SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json#"
)
# Keys and types of that schema, which allows no others.
TYPES = {
    "$schema": str,
    "category": str,
    "scm_url": str,
    "scm_revision": str,
    "build_dependencies": list,
    "dicom_support_rule": str,
    "build_subdirectory": str,
    "tier": int,
}
MEGABYTE = 1024 * 1024


@pytest.fixture
def entry():
    return json.loads(ENTRY.read_text(encoding="utf-8"))


@pytest.fixture
def cmake():
    return (REPOSITORY / "CMakeLists.txt").read_text(encoding="utf-8")


def setting(cmake, name):
    """Value of a setting as the index finds it: on one line, in quotes."""
    (value,) = re.findall(rf'^set\(EXTENSION_{name} "([^"\n]+)"\)', cmake, re.MULTILINE)
    return value


SETTINGS = ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS")


@pytest.mark.parametrize("name", SETTINGS)
def test_no_setting_is_cut_off_by_a_semicolon(cmake, name):
    # SlicerExtensionCPack.cmake passes them unquoted: a semicolon ends the value in the .s4ext file.
    assert ";" not in setting(cmake, name)


def test_all_settings_of_the_extension_are_covered(cmake):
    found = re.findall(r"^set\(EXTENSION_(\w+)", cmake, re.MULTILINE)
    assert found == list(SETTINGS)


def in_repository(url):
    """Path in the repository of an address of GitHub's for raw files."""
    owner, name, branch, path = urlsplit(url).path.lstrip("/").split("/", 3)
    assert (urlsplit(url).netloc, branch) == ("raw.githubusercontent.com", "main")
    return f"https://github.com/{owner}/{name}", path


def test_the_entry_follows_the_schema(entry):
    assert {key: type(value) for key, value in entry.items()} == TYPES
    assert entry["$schema"] == SCHEMA
    assert entry["tier"] in (1, 3, 5)
    assert entry["build_subdirectory"] == "."
    assert b"\r" not in ENTRY.read_bytes()


def test_names_are_as_the_index_wants_them(entry, cmake):
    (project,) = re.findall(r"project\s*\(\s*([^\s\)]+)", cmake)
    assert project == ENTRY.stem
    assert not project.lower().startswith("slicer")
    scheme, _, path, _, _ = urlsplit(entry["scm_url"])
    assert scheme == "https"
    assert path.rsplit("/", 1)[1] == f"Slicer{project}.git"
    assert entry["category"] == "Segmentation"


def test_the_entry_and_cmake_agree(entry, cmake):
    assert setting(cmake, "DEPENDS").split() == entry["build_dependencies"]
    assert setting(cmake, "HOMEPAGE") + ".git" == entry["scm_url"]


def test_icon_and_screenshots_are_pictures_of_this_repository(cmake):
    urls = [setting(cmake, "ICONURL"), *setting(cmake, "SCREENSHOTURLS").split()]
    assert len(urls) >= 2
    for url in urls:
        home, path = in_repository(url)
        assert home == setting(cmake, "HOMEPAGE")
        with Image.open(REPOSITORY / path) as picture:
            assert picture.format == "PNG"
    assert Image.open(REPOSITORY / in_repository(urls[0])[1]).size == (128, 128)


def test_the_description_is_short_and_says_license_and_purpose(cmake):
    description = setting(cmake, "DESCRIPTION")
    assert len(description) < 400
    for word in ("research use only", "not a medical device", "Apache-2.0", "non-commercial"):
        assert word in description
    assert (REPOSITORY / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout


def packed_history_bytes():
    """Return the size of the history as a clone receives it, however it is packed here."""
    command = ["git", "pack-objects", "--revs", "--stdout", "--quiet"]
    return len(subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, input=b"HEAD\n").stdout)


def test_a_clone_stays_below_the_limit_of_the_index():
    """The index refuses 100 MB, history and work tree together; 90 leaves room to go on."""
    tracked = [REPOSITORY / name for name in git("ls-files", "-z").split("\0") if name]
    work_tree = sum(path.stat().st_size for path in tracked if path.is_file())
    assert (work_tree + packed_history_bytes()) / MEGABYTE < 90
    # Weights are the largest files: 12 MB for the default model, 5 MB for any other.
    assert {path.name: path.stat().st_size for path in tracked if path.is_file() and path.stat().st_size > 12e6} == {}
