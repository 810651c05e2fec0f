# SPDX-License-Identifier: Apache-2.0
"""The model's labels against corrected ones, counted by hand."""

from __future__ import annotations

import numpy as np
from builders.errors import raises
from builders.label_maps import head_grid, labelled

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.correction import compare_with_model

# Pixels of 1 x 1 mm; slices own 4, 4, 4, 5.5, 7, 7 and 7 mm.
GRID = head_grid([4.0] * 3 + [7.0] * 3, rows=40, columns=40, spacing_mm=(1.0, 1.0))


def bar(slices: slice, rows: slice) -> np.ndarray:
    """Return a mask that is ten columns wide."""
    mask = np.zeros(GRID.shape, bool)
    mask[slices, rows, 10:20] = True
    return mask


def test_dice_and_volumes_of_a_lesion_that_was_cut_and_extended():
    """200 voxels each, 150 in common: Dice 2 x 150 / 400. On slice 1 (4 mm) 50 less, on slice 4 (7 mm) 50 more."""
    model = labelled(GRID, (Subtype.IPH, bar(slice(1, 3), slice(5, 15))))
    corrected = labelled(
        GRID,
        (Subtype.IPH, bar(slice(1, 2), slice(10, 15))),
        (Subtype.IPH, bar(slice(2, 3), slice(5, 15))),
        (Subtype.IPH, bar(slice(4, 5), slice(5, 10))),
    )
    found = compare_with_model(model, corrected, editing_s=90.0)
    iph = found.subtypes["IPH"]

    assert iph.dice == 0.75
    assert (iph.model_ml, iph.corrected_ml) == (0.8, 0.95)
    assert (iph.change_ml, iph.change_percent) == (0.15, 18.75)
    assert (iph.added_ml, iph.removed_ml) == (0.35, 0.2)
    assert found.changed_ml == 0.55
    assert found.describe()[0] == "IPH: Dice 0.75, 0.8 -> 0.9 mL (+0.1 mL, +19 %)"
    assert found.describe()[-1] == "0.6 mL changed their label in 1.5 min of editing"


def test_what_was_left_alone_is_named_in_one_line():
    kept = (Subtype.EDH, bar(slice(0, 1), slice(0, 5)))
    model = labelled(GRID, kept, (Subtype.IVH, bar(slice(1, 2), slice(0, 5))))
    corrected = labelled(GRID, kept, (Subtype.IVH, bar(slice(1, 2), slice(0, 10))))

    lines = compare_with_model(model, corrected).describe()
    assert [line.split(":")[0] for line in lines[:2]] == ["IVH", "total"]
    assert lines[2] == "EDH unchanged"
    assert lines[3].endswith("mL changed their label")


def test_another_subtype_changes_both_but_not_the_total():
    mask = bar(slice(0, 2), slice(5, 15))
    found = compare_with_model(labelled(GRID, (Subtype.EDH, mask)), labelled(GRID, (Subtype.SDH, mask)))

    assert (found.subtypes["EDH"].dice, found.subtypes["SDH"].dice, found.subtypes["total"].dice) == (0, 0, 1)
    assert found.subtypes["EDH"].change_percent == -100
    assert found.subtypes["SDH"].change_percent is None
    assert found.changed_ml == 0.8
    assert list(found.subtypes) == ["EDH", "SDH", "SAH", "IPH", "IVH", "total"]


def test_nothing_changed():
    label_map = labelled(GRID, (6, bar(slice(0, 2), slice(5, 15))))
    found = compare_with_model(label_map, label_map)

    assert found.changed_ml == 0
    assert found.editing_s is None
    assert {name: part.dice for name, part in found.subtypes.items()} == {
        "EDH": None, "SDH": None, "SAH": None, "IPH": None, "IVH": None, "ICH": 1, "total": 1,
    }  # fmt: skip
    assert found.describe()[-1] == "0.0 mL changed their label"


def test_no_blood_at_all_is_no_agreement_and_no_error():
    found = compare_with_model(labelled(GRID), labelled(GRID))
    assert found.subtypes["total"].dice is None
    assert found.describe() == ["0.0 mL changed their label"]


def test_labels_of_another_scan_are_refused():
    other = head_grid([4.0] * 6, rows=40, columns=40, spacing_mm=(1.0, 1.0))
    with raises(InputError, "measurement.other_slices"):
        compare_with_model(labelled(GRID), LabelMap(np.zeros(other.shape, np.uint8), other))
