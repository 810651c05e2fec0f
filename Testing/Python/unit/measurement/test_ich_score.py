# SPDX-License-Identifier: Apache-2.0
"""The ICH score against Hemphill 2001: every cut-off, the published mortality, and scores that stay open."""

from __future__ import annotations

import pytest
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from pydantic import ValidationError

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement import IchScore, ich_score
from ICHSegmentationLib.measurement.measure import measure

MILD = {"gcs": 15, "age_years": 60, "iph_ml": 12.0, "ivh": False, "infratentorial": False}


@pytest.mark.parametrize(
    ("change", "points"),
    [
        *[({"gcs": gcs}, 2) for gcs in (3, 4)],
        *[({"gcs": gcs}, 1) for gcs in (5, 8, 12)],
        *[({"gcs": gcs}, 0) for gcs in (13, 15)],
        ({"age_years": 79}, 0),
        ({"age_years": 80}, 1),
        ({"iph_ml": 29.99}, 0),
        ({"iph_ml": 30.0}, 1),
        ({"ivh": True}, 1),
        ({"infratentorial": True}, 1),
    ],
)
def test_each_item_gives_its_points(change, points):
    assert IchScore(**MILD | change).score == points


@pytest.mark.parametrize(
    ("items", "score", "mortality_percent"),
    [
        (MILD, 0, 0),
        (MILD | {"gcs": 12}, 1, 13),
        (MILD | {"gcs": 9, "iph_ml": 45.0}, 2, 26),
        (MILD | {"gcs": 4, "iph_ml": 45.0}, 3, 72),
        (MILD | {"gcs": 10, "age_years": 82, "iph_ml": 34.0, "ivh": True}, 4, 97),
        ({"gcs": 3, "age_years": 85, "iph_ml": 61.0, "ivh": True, "infratentorial": False}, 5, 100),
        ({"gcs": 3, "age_years": 85, "iph_ml": 61.0, "ivh": True, "infratentorial": True}, 6, None),
    ],
)
def test_patients_have_the_published_mortality(items, score, mortality_percent):
    found = IchScore(**items)
    assert found.score == score
    assert found.mortality_30d_percent == (mortality_percent, mortality_percent)


def test_what_is_not_determined_makes_a_range():
    score = IchScore(age_years=82, iph_ml=34.0, ivh=False)
    assert score.score is None
    assert (score.lowest, score.highest) == (2, 5)
    assert score.points == {"gcs": None, "age_years": 1, "iph_ml": 1, "ivh": 0, "infratentorial": None}
    assert score.describe() == (
        "ICH score (spontaneous ICH only; Hemphill 2001): 2 to 5; published 30-day mortality 26 % to 100 %\n"
        "  GCS not determined, age 82 (1), IPH volume 34.0 mL (1), IVH no (0), infratentorial not determined"
    )


def test_six_was_not_observed():
    worst = IchScore(gcs=3, age_years=85, iph_ml=61.0, ivh=True, infratentorial=True)
    assert "): 6; published 30-day mortality not observed" in worst.describe()


def test_items_are_filled_from_the_labels():
    grid = head_grid([5.0] * 12, rows=120, columns=110)
    clot, ventricle = ellipsoid_mask(grid, (-12, 0, 0), (20, 22, 20)), ellipsoid_mask(grid, (25, 0, 0), (4, 10, 8))
    measured = measure(labelled(grid, (Subtype.IPH, clot), (Subtype.IVH, ventricle)))
    score = ich_score(measured, gcs=7, age_years=66, infratentorial=False)

    assert score.iph_ml == measured.volumes_ml["IPH"]
    assert score.is_large
    assert (score.ivh, score.score) == (True, 3)
    assert score.mortality_30d_percent == (72, 72)


def test_what_the_reader_says_holds_and_is_marked():
    grid = head_grid([5.0] * 12, rows=120, columns=110)
    clot, ventricle = ellipsoid_mask(grid, (-12, 0, 0), (20, 22, 20)), ellipsoid_mask(grid, (25, 0, 0), (4, 10, 8))
    measured = measure(labelled(grid, (Subtype.IPH, clot), (Subtype.IVH, ventricle)))
    score = ich_score(measured, gcs=7, iph_ml=12.5, ivh="not determined", infratentorial=True)

    assert (score.iph_ml, score.ivh, score.infratentorial) == (12.5, None, True)
    assert score.edited == ("iph_ml", "ivh", "infratentorial")
    assert (score.lowest, score.highest) == (2, 4)
    assert score.describe().splitlines()[1] == (
        "  GCS 7 (1), age not determined, IPH volume 12.5 mL (0, by the user), "
        "IVH not determined (by the user), infratentorial yes (1, by the user)"
    )
    assert ich_score(measured, gcs=7).edited == ()


def test_the_score_is_offered_with_blood_inside_the_brain_only():
    grid = head_grid([5.0] * 9, rows=60, columns=60)
    assert ich_score(measure(labelled(grid, (Subtype.SDH, ellipsoid_mask(grid, (0, 0, 0), (9, 9, 9)))))) is None


@pytest.mark.parametrize("wrong", [{"gcs": 2}, {"gcs": 16}, {"age_years": -1}, {"iph_ml": -1.0}])
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValidationError):
        IchScore(**MILD | wrong)
