# SPDX-License-Identifier: Apache-2.0
"""What the reader says is kept, checked, and put in place of what was proposed."""

from __future__ import annotations

import pytest
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from pydantic import ValidationError

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement import ModifiedGraeb
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.measurement.user_items import Proposals, UserItems


def test_what_was_said_survives_being_written():
    items = UserItems(gcs=9, iph_ml="not determined", ivh=True, graeb={"third": 2, "fourth": "not determined"})
    assert UserItems.model_validate_json(items.model_dump_json()) == items
    assert UserItems(graeb={"third": None}).graeb == {}


def test_points_hold_in_place_of_the_proposal_s_and_without_one_the_rest_is_open():
    items = UserItems(graeb={"third": 2})
    proposal = ModifiedGraeb.of({"third": (100, True), "fourth": (20, False)})
    assert items.modified_graeb(proposal).total == 3
    assert items.modified_graeb(None).lowest == 2
    assert items.modified_graeb(None).highest == 2 + 32 - 5
    assert UserItems().modified_graeb(proposal) is proposal


def test_the_score_is_asked_for_with_any_of_its_items():
    grid = head_grid([5.0] * 9, rows=60, columns=60)
    measured = measure(labelled(grid, (Subtype.IPH, ellipsoid_mask(grid, (0, 0, 0), (9, 9, 9)))))
    assert [UserItems(**said).has_score_items for said in ({}, {"graeb": {"third": 1}}, {"ivh": False})] == [
        False, False, True,
    ]  # fmt: skip
    score = UserItems(gcs=15, age_years=50, ivh=False, infratentorial=True).ich_score(measured)
    assert (score.score, score.edited) == (1, ("ivh", "infratentorial"))


def test_proposals_are_those_of_the_measurements():
    grid = head_grid([5.0] * 9, rows=60, columns=60)
    measured = measure(labelled(grid, (Subtype.SDH, ellipsoid_mask(grid, (0, 0, 0), (9, 9, 9)))))
    found = Proposals.of(measured)
    assert (found.infratentorial, found.modified_graeb) == (None, None)
    assert found.volumes_ml == measured.volumes_ml


@pytest.mark.parametrize(
    "wrong", [{"gcs": 2}, {"age_years": -1}, {"iph_ml": -1}, {"ivh": "perhaps"}, {"graeb": {"third": 6}}]
)
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValidationError):
        UserItems(**wrong)
