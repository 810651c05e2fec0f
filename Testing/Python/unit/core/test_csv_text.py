# SPDX-License-Identifier: Apache-2.0
"""No cell of a CSV file is a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from ICHSegmentationLib.core.storage.csv_text import csv_text


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x","y")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]
)
def test_a_name_that_would_be_a_formula_is_a_text(name):
    (row,) = csv.reader(io.StringIO(csv_text([(name, "case 1")]), newline=""))
    assert row == ["'" + name.replace("\r", " "), "case 1"]


def test_numbers_and_other_texts_stay_as_they_are():
    cells = ("-3.25", "+4", "-1e-05", "-inf", -2.5, None, "a=b", "IPH", "-")
    (row,) = csv.reader([csv_text([cells])])
    assert row == ["-3.25", "+4", "-1e-05", "-inf", "-2.5", "", "a=b", "IPH", "'-"]
