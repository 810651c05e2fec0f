# SPDX-License-Identifier: Apache-2.0
"""The scores: proposals filled in, the reader's own in their place, both kept with the result."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.panel import a_small_ct, some_labels
from builders.panel_fixtures import run_once

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement import ModifiedGraeb
from ICHSegmentationLib.measurement.user_items import Proposals, UserItems


@pytest.fixture
def a_score(a_result, click, slicer_app):
    """The panel with a result of 2 mL of IPH, the scores opened, with proposals as an atlas makes them."""
    from ICHSegmentationLib import mrml

    graeb = ModifiedGraeb.of({"third": (60, False), "left_lateral": (10, False)})
    mrml.set_proposals(
        a_result.node,
        Proposals(volumes_ml=mrml.segment_volumes_ml(a_result.node), infratentorial=False, modified_graeb=graeb),
    )
    click(a_result.ui.scoresSection)
    a_result.scores = a_result.panel.scores
    a_result.scores.update()
    a_result.ich, a_result.graeb = a_result.scores.ich, a_result.scores.graeb
    slicer_app.process_events()
    return a_result


def said(panel) -> UserItems:
    from ICHSegmentationLib import mrml

    return mrml.user_items(panel.node)


def shown(box) -> str:
    return box.widget.currentText


def points(panel) -> list[str]:
    return [label.text for label in panel.ich._points.values()]


def test_proposals_are_filled_in_and_nothing_is_said_yet(a_score):
    ich, graeb = a_score.ich, a_score.graeb
    assert (shown(ich.iph), shown(ich.ivh), shown(ich.infratentorial)) == (
        "measured: 2.0 mL", "proposed: no", "proposed: no",
    )  # fmt: skip
    assert (shown(graeb.points["third"]), shown(graeb.points["left_lateral"]), shown(graeb.points["fourth"])) == (
        "proposed: 3", "proposed: 1", "proposed: 0",
    )  # fmt: skip
    assert points(a_score) == ["?", "?", "+0", "+0", "+0"]
    assert ich.box.title == "ICH score (spontaneous ICH)"
    assert "<b>ICH score 0 to 3</b>, published 30-day mortality 0 % to 72 % (Hemphill 2001)" in ich.summary.text
    assert graeb.summary.text == "<b>Modified Graeb score 4 of 32 (a proposal)</b>, Morgan 2013"
    assert said(a_score) == UserItems()
    assert (a_score.scores.notice.visible, a_score.scores.propose_button.visible) == (False, False)
    assert a_score.scores.reset_button.enabled is False


def test_score_and_mortality_follow_every_choice(a_score, choose, slicer_app):
    """GCS 9 (1), age 81 (1), 2 mL (0), IVH yes (1) and infratentorial yes (1) make 4: 97 %."""
    a_score.ich.gcs.value, a_score.ich.age.value = 9, 81
    assert "<b>ICH score 2</b>, published 30-day mortality 26 %" in a_score.ich.summary.text
    choose(a_score.ich.ivh.widget, "yes")
    assert "<b>ICH score 3</b>, published 30-day mortality 72 %" in a_score.ich.summary.text
    choose(a_score.ich.infratentorial.widget, "yes")
    assert "<b>ICH score 4</b>, published 30-day mortality 97 %" in a_score.ich.summary.text
    assert points(a_score) == ["+1", "+1", "+0", "+1", "+1"]
    choose(a_score.ich.infratentorial.widget, "not determined")
    assert "<b>ICH score 3 to 4</b>, published 30-day mortality 72 % to 97 %" in a_score.ich.summary.text
    choose(a_score.ich.infratentorial.widget, "proposed: no")
    assert said(a_score) == UserItems(gcs=9, age_years=81, ivh=True)

    assert a_score.ich.iph_ml.visible is False
    choose(a_score.ich.iph.widget, "own volume")
    assert (a_score.ich.iph_ml.visible, a_score.ich.iph_ml.value, said(a_score).iph_ml) == (True, 2.0, 2.0)
    a_score.ich.iph_ml.value = 30.0
    slicer_app.process_events()
    assert said(a_score).iph_ml == 30.0
    assert "<b>ICH score 4</b>" in a_score.ich.summary.text


def test_points_are_given_taken_back_and_left_open(a_score, choose, click):
    box = a_score.graeb.points
    choose(box["third"].widget, "5")
    choose(box["right_temporal_horn"].widget, "2")
    assert a_score.graeb.summary.text == "<b>Modified Graeb score 8 of 32 (a proposal, edited)</b>, Morgan 2013"
    choose(box["left_lateral"].widget, "not determined")
    assert "Modified Graeb score 7 to 12 of 32" in a_score.graeb.summary.text
    assert said(a_score).graeb == {"third": 5, "right_temporal_horn": 2, "left_lateral": "not determined"}
    choose(box["third"].widget, "proposed: 3")
    assert "third" not in said(a_score).graeb
    assert [box["right_temporal_horn"].widget.itemText(index) for index in range(6)] == [
        "proposed: 0", "0", "1", "2", "3", "not determined",
    ]  # fmt: skip

    a_score.ich.gcs.value = 14
    click(a_score.scores.reset_button)
    assert said(a_score) == UserItems(gcs=14)
    assert a_score.graeb.summary.text == "<b>Modified Graeb score 4 of 32 (a proposal)</b>, Morgan 2013"


def test_what_was_said_comes_back_with_the_scene_and_belongs_to_its_result(a_score, choose, click, tmp_path):
    choose(a_score.graeb.points["fourth"].widget, "4")
    a_score.ich.gcs.value = 5
    first = a_score.node
    run_once(a_score, click)
    assert (a_score.ich.gcs.text, shown(a_score.graeb.points["fourth"])) == ("not known", "proposed: not determined")
    a_score.ui.segmentationSelector.setCurrentNode(first)
    assert (a_score.ich.gcs.value, shown(a_score.graeb.points["fourth"])) == (5, "4")

    path = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(path))
    a_score.panel.leave_scene()
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(path))
    a_score.panel.enter(a_score.logic.getParameterNode())
    assert (a_score.ich.gcs.value, shown(a_score.graeb.points["fourth"])) == (5, "4")
    assert shown(a_score.graeb.points["third"]) == "proposed: 3"
    assert "<b>ICH score 1 to 2</b>" in a_score.ich.summary.text


def test_the_score_follows_edits_and_proposals_are_made_anew_on_request(a_score, click, slicer_app):
    from ICHSegmentationLib import mrml

    lesion = next(each for each in mrml.lesions(a_score.node) if each.subtype == "SDH")
    mrml.move_lesion(a_score.node, lesion.ras_mm, "IVH")
    slicer_app.process_events()
    scores = a_score.scores
    assert (shown(a_score.ich.ivh), points(a_score)[3]) == ("proposed: yes", "+1")
    assert scores.notice.visible is True

    click(scores.propose_button)
    request = a_score.process.request
    assert np.count_nonzero(request["label_map"].labels == Subtype.IVH) == 20
    assert request["volume"].hu.shape == request["label_map"].labels.shape
    assert (scores.propose_button.text, scores.propose_button.enabled) == ("Measuring...", False)
    found = Proposals(
        volumes_ml=mrml.segment_volumes_ml(a_score.node),
        infratentorial=True,
        modified_graeb=ModifiedGraeb.of({"fourth": (100, True)}),
    )
    request["finished"](found)
    assert (shown(a_score.ich.infratentorial), shown(a_score.graeb.points["fourth"])) == (
        "proposed: yes", "proposed: 5",
    )  # fmt: skip
    assert (scores.notice.visible, scores.propose_button.visible) == (False, False)
    assert mrml.proposals(a_score.node) == found


def test_what_fails_is_one_sentence_and_the_reader_s_items_stay(a_score, click):
    from ICHSegmentationPanel.process import make_failure

    from ICHSegmentationLib import mrml

    a_score.ich.gcs.value = 7
    a_score.node.RemoveAttribute("ICHSegmentation.Proposals")
    a_score.scores.update()
    assert a_score.scores.notice.text == "There are no proposals for this result yet."
    assert shown(a_score.graeb.points["third"]) == "proposed: not determined"
    a_score.process.busy = True
    click(a_score.scores.propose_button)
    assert a_score.scores.notice.text == "Another task is running; try again when it has finished."
    a_score.process.busy = False
    click(a_score.scores.propose_button)
    a_score.process.request["failed"](make_failure("disk_full", "Cannot write volume.npy: the disk is full."))
    assert a_score.scores.notice.text == "Cannot write volume.npy: the disk is full."
    assert a_score.scores.propose_button.enabled is True
    assert mrml.user_items(a_score.node).gcs == 7


def test_another_result_gives_the_measurement_up(a_score, click):
    a_score.node.RemoveAttribute("ICHSegmentation.Proposals")
    a_score.scores.update()
    click(a_score.scores.propose_button)
    a_score.ui.segmentationSelector.setCurrentNode(None)
    assert a_score.process.calls[-1] == "abandon"
    assert a_score.ui.scoresSection.enabled is False


@pytest.mark.parametrize(("iph", "ich_shown", "graeb_shown"), [(Subtype.SDH, False, False), (Subtype.IVH, False, True)])
def test_scores_are_offered_where_there_is_what_they_score(a_score, click, iph, ich_shown, graeb_shown):
    labels = some_labels(a_small_ct()).labels
    labels[labels == Subtype.IPH] = iph
    run_once(a_score, click, labels=LabelMap(labels, a_small_ct().grid))
    assert (a_score.ich.box.visible, a_score.graeb.box.visible) == (ich_shown, graeb_shown)
    assert a_score.scores.reset_button.visible is graeb_shown


def test_damaged_attributes_are_left_out(a_score):
    from ICHSegmentationLib import mrml

    a_score.node.SetAttribute("ICHSegmentation.ReaderItems", '{"gcs": 99}')
    a_score.node.SetAttribute("ICHSegmentation.Proposals", "{")
    assert (mrml.user_items(a_score.node), mrml.proposals(a_score.node)) == (UserItems(), None)


def test_the_wheel_scrolls_the_panel_and_changes_no_item_that_was_not_clicked(a_score, slicer_app):
    box, spin = a_score.graeb.points["third"].widget, a_score.ich.gcs
    roll(box, spin)
    assert said(a_score) == UserItems()
    assert (box.currentIndex, spin.text) == (0, "not known")
    spin.setFocus()
    slicer_app.wait_until(lambda: spin.focus)
    roll(spin, up=True)
    assert said(a_score) == UserItems(gcs=3)


def roll(*widgets, up=False) -> None:
    """Roll the mouse wheel by one notch over each."""
    from PySide6 import QtCore, QtGui, QtWidgets

    for widget in widgets:
        spot = QtCore.QPointF(widget.rect.center())
        event = QtGui.QWheelEvent(
            spot,
            QtCore.QPointF(widget.mapToGlobal(spot)),
            QtCore.QPoint(),
            QtCore.QPoint(0, 120 if up else -120),
            QtCore.Qt.MouseButton.NoButton,
            QtCore.Qt.KeyboardModifier.NoModifier,
            QtCore.Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QtWidgets.QApplication.sendEvent(widget, event)
