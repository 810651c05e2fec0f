# SPDX-License-Identifier: Apache-2.0
"""The modified Graeb score against hand-computed cases of Morgan 2013's table."""

from __future__ import annotations

import pytest
from builders.errors import raises

from ICHSegmentationLib.measurement import ModifiedGraeb, Ventricle


@pytest.mark.parametrize(
    ("name", "filled_percent", "expanded", "points"),
    [
        *[("fourth", percent, False, points) for percent, points in ((0, 0), (1, 1), (25, 1), (26, 2), (50, 2))],
        *[("left_lateral", percent, False, points) for percent, points in ((51, 3), (75, 3), (76, 4), (100, 4))],
        *[("right_temporal_horn", percent, False, points) for percent, points in ((0, 0), (2, 1), (50, 1), (51, 2))],
        ("third", 100, True, 5),
        ("left_occipital_horn", 100, True, 3),
    ],
)
def test_quarters_of_ventricles_and_halves_of_horns_give_points(name, filled_percent, expanded, points):
    assert ModifiedGraeb.of({name: (filled_percent, expanded)}).total == points


def test_every_compartment_filled_and_expanded_gives_32():
    assert ModifiedGraeb.of(dict.fromkeys(Ventricle, (100, True))).total == 32


def test_no_blood_gives_0():
    assert ModifiedGraeb.of({}).total == 0


def test_what_is_not_determined_makes_a_range():
    score = ModifiedGraeb.not_determined()
    assert (score.total, score.lowest, score.highest) == (None, 0, 32)
    assert score.describe().startswith("modified Graeb score 0 to 32 of 32 (a proposal): third not determined")


def test_the_reader_edits_points_and_takes_edits_back():
    score = ModifiedGraeb.of({"third": (100, True), "left_occipital_horn": (30, False)})
    edited = score.edited({"third": 3, "fourth": 1})
    assert edited.total == 5
    assert edited.describe() == (
        "modified Graeb score 5 of 32 (a proposal, edited): third 3 (by the user), fourth 1 (by the user), "
        "left occipital horn 1"
    )
    assert edited.edited({"third": None}).total == 7


def test_the_reader_may_say_that_points_are_not_determined_or_that_there_are_none():
    score = ModifiedGraeb.of({"third": (100, True)}).edited({"third": "not determined", "fourth": 0})
    assert (score.total, score.lowest, score.highest) == (None, 0, 5)
    assert score.describe() == (
        "modified Graeb score 0 to 5 of 32 (a proposal, edited): third not determined (by the user), "
        "fourth 0 (by the user)"
    )
    assert ModifiedGraeb.model_validate_json(score.model_dump_json()) == score


@pytest.mark.parametrize(
    ("name", "points", "most"), [("third", 6, 5), ("left_occipital_horn", 4, 3), ("fourth", -1, 5)]
)
def test_points_that_a_compartment_cannot_have_are_refused(name, points, most):
    with raises(ValueError, "measurement.graeb_points", points=points, max_points=most):
        ModifiedGraeb.of({}).edited({name: points})


def test_a_compartment_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="fifth"):
        ModifiedGraeb.of({}).edited({"fifth": 1})
