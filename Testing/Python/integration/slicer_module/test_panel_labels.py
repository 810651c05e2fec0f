# SPDX-License-Identifier: Apache-2.0
"""Texts of the panel: shown as they are, readable, and never wider than the panel."""

from __future__ import annotations

import re

import pytest
from builders.growth import add_followup
from builders.panel import MODULE_FOLDER
from builders.scene import add_volume

NAME = "Smith & Co's <b>scans</b>"
NARROW_PX = 344
"""Smallest usual width of Slicer's module panel."""


def shown(label):
    """Return what a user reads on a label."""
    import qt

    assert label.textFormat != qt.Qt.AutoText, "Qt guesses the format"
    if label.textFormat == qt.Qt.PlainText:
        return label.text
    document = qt.QTextDocument()
    document.setHtml(label.text)
    return document.toPlainText()


@pytest.fixture
def sources():
    return {path: path.read_text(encoding="utf-8") for path in (MODULE_FOLDER / "ICHSegmentationPanel").rglob("*.py")}


def test_one_file_alone_sets_the_text_of_labels(sources):
    found = {
        path.name for path, text in sources.items() if re.search(r"escape\(|[lL]abel\.text =|textFormat|setHtml", text)
    }
    assert found == {"labels.py"}


def test_no_text_has_a_color_of_its_own(sources):
    assert [path.name for path, text in sources.items() if re.search(r"style=|<font|setStyleSheet", text)] == []


def test_plain_text_and_errors_are_shown_as_they_are(slicer_app, monkeypatch):
    assert slicer_app
    monkeypatch.syspath_prepend(str(MODULE_FOLDER))
    import qt
    from ICHSegmentationPanel.widgets.labels import bold, rich, show_error, show_rich, show_text

    label = qt.QLabel()
    for show in (show_text, show_error):
        show(label, NAME)
        assert shown(label) == NAME
    show_error(label, NAME, "Do <this>.")
    assert shown(label) == f"{NAME} Do <this>."
    show_text(label, "one\ntwo")
    assert shown(label) == "one\ntwo"
    show_rich(label, f"{bold(NAME)}, {rich('a < b' + chr(10) + 'c')}")
    assert shown(label) == f"{NAME}, a < b\nc"
    show_text(label, "")
    assert label.visible is False


def test_names_are_shown_as_they_are_in_every_section(a_result, click):
    from ICHSegmentationPanel.process import make_failure

    add_followup(a_result, click)
    panel, ui = a_result.panel, a_result.ui
    for node in (
        a_result.logic.getParameterNode().GetNodeReference(role) for role in ("Segmentation", "ComparedSegmentation")
    ):
        node.SetName(NAME)
    panel.growth.update()
    assert shown(panel.growth.widgets.intro) == f'From "{NAME}" (baseline) to "{NAME}" (follow-up).'
    panel.scores._fail(make_failure("failure", f"It failed for {NAME}."))
    assert f"It failed for {NAME}." in shown(panel.scores.notice)
    panel.messages.say(f"{NAME}.", [NAME])
    assert shown(ui.messageLabel) == f"{NAME}.\n{NAME}"
    panel.lesions.widgets.warn(NAME)
    assert shown(panel.lesions.widgets._warning) == NAME
    panel.exports.widgets.say(NAME)
    assert shown(panel.exports.widgets._message) == NAME


def test_the_longest_name_does_not_widen_the_panel(an_open_panel, slicer_app):
    import slicer
    from builders.panel import a_small_ct

    scan = a_small_ct()
    long = "401: Head 1.0 thin bone algorithm, patient moved, second acquisition after repositioning, original axial"
    an_open_panel.ui.inputSelector.setCurrentNode(add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, long))
    slicer_app.process_events()
    assert an_open_panel.widget.minimumSizeHint.width() <= NARROW_PX
    assert an_open_panel.widget.sizeHint.width() <= NARROW_PX
