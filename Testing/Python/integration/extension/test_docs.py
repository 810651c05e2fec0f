# SPDX-License-Identifier: Apache-2.0
"""The documents: what the ExtensionsIndex wants to find in them, and that what they name is there."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
import yaml
from builders.cmake_lists import REPOSITORY
from typer.main import get_command

from ICHSegmentationLib.cli.app import app
from ICHSegmentationLib.core.version import __version__

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
GUIDE = (REPOSITORY / "docs" / "slicer.md").read_text(encoding="utf-8")
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
PAPERS = {
    "10.1038/s41598-023-33775-y",
    "10.3389/fphys.2022.977427",
    "10.3389/fnins.2022.965680",
    "10.1109/ACCESS.2024.3393231",
    "10.1016/j.compmedimag.2021.101908",
}


def code_blocks(text, language=""):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def links(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def anchors(page):
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def missing_target(page, link):
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return True
    return bool(anchor) and anchor not in anchors(target)


def commands(text):
    """Return the `ichseg` commands of the code blocks, without comments, lines that go on joined."""
    blocks = "\n".join(code_blocks(text)).replace("\\\n", " ")
    lines = (line.partition("#")[0].strip() for line in blocks.splitlines())
    return [line for line in lines if line.startswith("ichseg ")]


def test_the_homepage_has_name_picture_modules_license_and_citation():
    assert README.startswith("# ICHSegmentation\n")
    assert re.findall(r"!\[[^\]]+\]\([^)]+\)", README)
    assert re.search(r"^- \*\*ICH Segmentation\*\*.{40,}", README, re.MULTILINE)
    for heading in ("## Install", "## Accuracy and time", "## Limits", "## Licence", "## Citation"):
        assert f"{heading}\n" in README
    assert "Apache-2.0" in README
    assert set(re.findall(r"doi:(10\.\d+/[^\s,]*[^\s,.])", README)) >= PAPERS


def test_the_homepage_names_the_targets_of_make():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    named = set(
        re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(re.findall(r"`[^`]+`", README)) + str(code_blocks(README)))
    )
    assert {"demo", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_the_homepage_shows_the_measured_quality_of_the_default_model():
    manifest = json.loads((REPOSITORY / "Resources/Models/manifest.json").read_text(encoding="utf-8"))
    (model,) = (each for each in manifest["models"] if each["name"] == manifest["default"])
    quality = model["quality"]
    simulated = "; ".join(
        f"{quality[f'simulated_{name}_dice_median']:.3f}" for name in ("edh", "sdh", "sah", "iph", "ivh")
    )
    mimics = f"{quality['look_alike_share']:.1%} of 40; {quality['look_alike_in_patients_share']:.0%}".replace(
        "%", " %"
    )
    assert f"`{model['name']}`" in README
    assert f"| {quality['iph_dice_median']:.3f} ({quality['iph_dice_percentile_10']:.3f}) |" in README
    assert f"| {quality['iph_volume_icc_2_1']:.3f} |" in README
    assert f"| {quality['negative_ge-head-ct_ml']:.2f} mL |" in README
    assert f"| {simulated} |" in README
    assert f"| {quality['simulated_named_right_share']:.0%} of 105 |".replace("%", " %") in README
    assert f"| {mimics} |" in README


def test_readme_and_guide_say_what_was_not_tested():
    for text in (README, GUIDE):
        assert "not in the 3D Slicer application" in " ".join(text.split())
        assert "Not a medical device" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_link_and_picture_leads_somewhere(page):
    assert [link for link in links(page) if missing_target(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_command_that_is_shown_exists_with_its_options(page):
    known = get_command(app).commands
    for line in commands(page.read_text(encoding="utf-8")):
        name = line.split()[1]
        assert name in known, line
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert set(re.findall(r" (--[a-z][a-z-]*)", line)) <= options, line


def test_every_page_is_in_the_index():
    listed = {(REPOSITORY / link.partition("#")[0]).resolve() for link in links(REPOSITORY / "README.md")}
    assert [page.name for page in (REPOSITORY / "docs").glob("*.md") if page not in listed] == []


def test_every_path_that_the_guide_names_is_there():
    start = re.compile(r"`((?:docs|Testing|ICHSegmentation|ICHSegmentationLib)/[\w./-]+)`")
    named = set(start.findall(GUIDE))
    assert len(named) >= 5
    assert {path for path in named if not (REPOSITORY / path).exists()} == set()


def test_the_drawn_layers_are_those_that_are_checked():
    (drawing,) = re.findall(
        r"<!-- layers:.*?-->\n```\n(.*?)```",
        (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    drawn = []
    for line in drawing.splitlines():
        cells = [cell.strip(" |()") for cell in re.findall(r"^\| (.{28}) \|", line)]
        drawn += [set(re.split(r"[()|\s]+", cells[0])) - {"", "panel"}] if cells else []
    tools = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (contract,) = (each for each in tools["importlinter"]["contracts"] if each["type"] == "layers")
    assert drawn == [set(re.split(r"[()|\s]+", layer)) - {""} for layer in contract["layers"]]


def test_the_citation_file_has_version_licence_and_papers():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == __version__
    assert citation["license"] == "Apache-2.0"
    assert citation["authors"] == [{"name": "The ICHSegmentation developers"}]
    assert {each["doi"] for each in citation["references"] if "doi" in each} == PAPERS
    assert all(each["type"] and each["title"] and each["authors"] for each in citation["references"])


def test_superseded_decisions_name_their_successors():
    pages = sorted((REPOSITORY / "docs/decisions").glob("[0-9]*.md"))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        number = page.name[:4]
        assert text.startswith(f"# {number}. ") or number == "0000"
        for successor in re.findall(r"^Superseded by \[(\d{4})\]", text, re.MULTILINE):
            (later,) = (each for each in pages if each.name.startswith(successor))
            assert f"Supersedes [{number}]" in later.read_text(encoding="utf-8")


def test_the_guide_names_the_buttons_of_the_panel_as_they_are():
    ui = (REPOSITORY / "ICHSegmentation/Resources/UI/ICHSegmentation.ui").read_text(encoding="utf-8")
    for text in ("Install packages", "Install from a folder...", "Copy diagnostics", "Go to largest lesion", "Show 3D"):
        assert f"<string>{text}</string>" in ui
        assert text in GUIDE
    for text in ("Skull", "Copy table", "Brain", "Subdural", "Bone"):
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
