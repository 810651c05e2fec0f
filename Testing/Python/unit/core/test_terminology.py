# SPDX-License-Identifier: Apache-2.0
"""The one table of names, colours and codes."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology


def test_subtypes_have_the_labels_of_the_label_map():
    table = load_terminology()
    assert [(row.id, row.label) for row in table.subtypes] == [(subtype.name, int(subtype)) for subtype in Subtype]
    assert [row.id for row in table.classes] == ["EDH", "SDH", "SAH", "IPH", "IVH", "ICH"]


def test_ids_labels_names_colours_and_codes_are_unique():
    rows = load_terminology().classes
    for field in ("id", "label", "name", "color", "code"):
        assert len({str(getattr(row, field)) for row in rows}) == len(rows)


def verhoeff_holds(number: str) -> bool:
    """Whether a SNOMED CT identifier's check digit is right (Verhoeff, SNOMED CT Release File Specification 5.5)."""
    permutation = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)

    def dihedral(a: int, b: int) -> int:
        if a < 5:
            return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
        return 5 + (a - b) % 5 if b < 5 else (a - b) % 5

    check = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = permutation[value]
        check = dihedral(check, value)
    return check == 0


@pytest.mark.parametrize("value", ["22298006", "74400008", "50960005", "12738006"])
def test_check_digits_of_known_identifiers_hold(value):
    assert verhoeff_holds(value)
    assert not verhoeff_holds(value[:-1] + str((int(value[-1]) + 1) % 10))


def test_codes_are_snomed_ct_concepts_with_right_check_digits():
    table = load_terminology()
    for code in (table.category, table.region, *(row.code for row in table.classes)):
        assert code.scheme == "SCT"
        # Partition 00 before the check digit: a concept of the international release.
        assert code.value[-3:-1] == "00"
        assert verhoeff_holds(code.value)


def test_slicer_entry_has_category_type_and_region():
    table = load_terminology()
    assert table.slicer_entry(table.by_id("IPH")) == (
        "ICHSegmentation~SCT^49755003^Morphologically Altered Structure~SCT^274100004^Cerebral hemorrhage~^^"
        "~Anatomic codes - DICOM master list~SCT^12738006^Brain~^^"
    )


def test_an_unknown_id_is_an_error():
    with pytest.raises(KeyError):
        load_terminology().by_id("CSF")
