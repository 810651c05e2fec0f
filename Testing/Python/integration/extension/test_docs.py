# SPDX-License-Identifier: Apache-2.0
"""What the ExtensionsIndex wants to find on the homepage and in the tutorial, and that it is still there."""

from __future__ import annotations

import re

import pytest
from builders.cmake_lists import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
GUIDE = (REPOSITORY / "docs" / "slicer.md").read_text(encoding="utf-8")


def pictures(text, folder):
    return [folder / path for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)]


def test_the_homepage_has_name_picture_modules_license_and_citation():
    assert README.startswith("# ICHSegmentation\n")
    assert pictures(README, REPOSITORY)
    assert re.search(r"^- \*\*ICH Segmentation\*\* .{40,}", README, re.MULTILINE)
    for heading in ("## In 3D Slicer", "## Licences", "## Citing"):
        assert heading in README
    assert "Apache-2.0" in README
    assert "doi:" in README
    assert "docs/slicer.md" in README


def test_readme_and_guide_say_what_was_not_tested():
    for text in (README, GUIDE):
        assert "not in the 3D Slicer application" in " ".join(text.split())
        assert "Not a medical device" in text


@pytest.mark.parametrize(
    ("text", "folder"), [(README, REPOSITORY), (GUIDE, REPOSITORY / "docs")], ids=["README", "guide"]
)
def test_every_picture_is_there(text, folder):
    assert [path for path in pictures(text, folder) if not path.is_file()] == []


def test_every_path_that_the_guide_names_is_there():
    start = re.compile(r"`((?:docs|Testing|ICHSegmentation|ICHSegmentationLib)/[\w./-]+)`")
    named = set(start.findall(GUIDE))
    assert len(named) >= 5
    assert {path for path in named if not (REPOSITORY / path).exists()} == set()


def test_the_guide_names_the_buttons_of_the_panel_as_they_are():
    ui = (REPOSITORY / "ICHSegmentation/Resources/UI/ICHSegmentation.ui").read_text(encoding="utf-8")
    for text in ("Install packages", "Install from a folder...", "Copy diagnostics", "Go to largest lesion", "Show 3D"):
        assert f"<string>{text}</string>" in ui
        assert text in GUIDE
    for text in ("Skull", "Copy table", "Restore lesion", "Restore all", "Brain", "Subdural", "Bone"):
        assert f"<string>{text}</string>" in ui
        assert f"*{text}*" in GUIDE


def test_the_sample_of_the_tutorial_is_the_registered_one():
    source = (REPOSITORY / "ICHSegmentation/ICHSegmentationPanel/sample_data.py").read_text(encoding="utf-8")
    assert 'SAMPLE_NAME = "ICHDemoHeadCT"' in source
    assert "*ICHDemoHeadCT*" in GUIDE


def test_the_guide_tells_how_to_remove_every_package_that_is_installed():
    requirements = (REPOSITORY / "ICHSegmentation/Resources/requirements.txt").read_text(encoding="utf-8")
    (removed,) = re.findall(r'pip_uninstall\("([^"]+)"\)', GUIDE)
    names = {re.split(r"[<>=]", line)[0] for line in requirements.splitlines() if line and not line.startswith("#")}
    assert names <= set(removed.split())
