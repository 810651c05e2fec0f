# SPDX-License-Identifier: Apache-2.0
"""Change between two scans and both definitions of expansion, against cases worked by hand."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.measurement.growth import Change, compare_volumes

NAMES = ("EDH", "SDH", "SAH", "IPH", "IVH")


def measured(**volumes_ml: float) -> Measurements:
    volumes = {name: volumes_ml.get(name, 0.0) for name in NAMES}
    return Measurements(
        volumes_ml=volumes | {"total": sum(volumes.values())},
        present={name: volume > 0 for name, volume in volumes.items()},
        slice_volumes_ml={},
        lesions=(),
    )


@pytest.mark.parametrize(
    ("iph_ml", "ivh_ml", "usual", "revised"),
    [
        ((30.0, 35.9), (0, 0), False, False),
        ((30.0, 36.0), (0, 0), True, True),
        ((10.0, 13.29), (0, 0), False, False),
        ((10.0, 13.3), (0, 0), True, True),
        ((0.3, 0.399), (0, 0), True, True),
        ((30.0, 25.0), (2.0, 2.99), False, False),
        ((30.0, 25.0), (2.0, 3.0), False, True),
        ((30.0, 30.0), (0, 0.02), False, True),
        ((30.0, 30.0), (0.5, 0), False, False),
        ((0, 20.0), (0, 5.0), None, None),
    ],
)
def test_expansion_by_both_definitions(iph_ml, ivh_ml, usual, revised):
    growth = compare_volumes(measured(IPH=iph_ml[0], IVH=ivh_ml[0]), measured(IPH=iph_ml[1], IVH=ivh_ml[1]))
    assert (growth.expansion.met, growth.revised_expansion.met) == (usual, revised)
    assert "at least 33 % or at least 6 mL" in growth.expansion.definition
    assert "new intraventricular blood" in growth.revised_expansion.definition


@pytest.mark.parametrize(
    ("assessed", "named"),
    [((False, True), "baseline"), ((True, False), "follow-up"), ((False, False), "baseline, follow-up")],
)
def test_scans_that_were_not_assessed_are_not_compared(assessed, named):
    """Blood that is not labelled may be there: neither growth nor its absence is known."""
    pair = [
        measured(IPH=ml).model_copy(update={"assessed": known})
        for ml, known in zip((10.0, 20.0), assessed, strict=True)
    ]
    growth = compare_volumes(*pair)
    assert f"(not assessed: {named})" in growth.not_compared
    assert (growth.expansion.met, growth.revised_expansion.met) == (None, None)
    iph = growth.changes["IPH"]
    assert (iph.baseline_ml, iph.followup_ml, iph.change_ml, iph.change_percent) == (10, 20, None, None)
    assert iph.percent_text == "not compared"
    assert compare_volumes(measured(IPH=10), measured(IPH=20)).not_compared is None


def test_changes_of_each_subtype_and_the_total():
    growth = compare_volumes(measured(IPH=20.0, SDH=10.0), measured(IPH=25.0, IVH=3.0, SDH=4.0))

    assert list(growth.changes) == [*NAMES, "total"]
    assert growth.changes["IPH"] == Change(baseline_ml=20, followup_ml=25, change_ml=5, change_percent=25)
    assert growth.changes["SDH"].change_percent == -60
    assert growth.changes["total"].change_ml == 2
    assert growth.changes["total"].change_percent == pytest.approx(6.666667)


def test_per_cent_is_not_defined_from_zero():
    growth = compare_volumes(measured(), measured(IVH=3.0))
    assert growth.changes["IVH"] == Change(baseline_ml=0, followup_ml=3, change_ml=3, change_percent=None)


def test_blood_without_a_subtype_on_one_scan_is_compared_with_none():
    unnamed = measured()
    unnamed = unnamed.model_copy(update={"volumes_ml": {**unnamed.volumes_ml, "ICH": 4.0, "total": 4.0}})
    growth = compare_volumes(unnamed, measured())
    assert growth.changes["ICH"].change_ml == -4
    assert list(growth.changes)[-1] == "total"
