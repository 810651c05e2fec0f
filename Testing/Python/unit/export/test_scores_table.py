# SPDX-License-Identifier: Apache-2.0
"""``scores.csv`` says of every item what it is and whose."""

from __future__ import annotations

import csv

from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.record import make_record
from ICHSegmentationLib.export.tables import SCORES_HEADER, write_scores_csv
from ICHSegmentationLib.measurement import ModifiedGraeb, ich_score
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.measure import measure


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_each_item_has_a_row_with_its_origin(tmp_path, a_result):
    measured = measure(a_result.label_map)
    graeb = ModifiedGraeb.of({"third": (100, True)}).edited({"fourth": 2, "left_lateral": "not determined"})
    record = make_record(a_result, measured).model_copy(
        update={
            "ich_score": ich_score(measured, gcs=9, ivh="not determined", iph_ml=31),
            "modified_graeb": graeb,
            "growth": Comparison.of(compare_volumes(measured, measured), None, ()),
        }
    )
    write_scores_csv(tmp_path / "scores.csv", record)
    header, *found = rows(tmp_path / "scores.csv")

    assert tuple(header) == SCORES_HEADER
    by_item = {(group, item): rest for group, item, *rest in found}
    assert by_item["ich_score", "gcs"] == ["9", "1", "reader"]
    assert by_item["ich_score", "age_years"] == ["", "", "proposed"]
    assert by_item["ich_score", "iph_ml"] == ["31.0", "1", "reader"]
    assert by_item["ich_score", "ivh"] == ["", "", "reader"]
    assert by_item["ich_score", "infratentorial"][-1] == "proposed"
    assert by_item["modified_graeb", "third"] == ["", "5", "proposed"]
    assert by_item["modified_graeb", "fourth"] == ["", "2", "reader"]
    assert by_item["modified_graeb", "left_lateral"] == ["", "", "reader"]
    assert by_item["modified_graeb", "highest"] == ["", "12", ""]
    assert by_item["growth", "IPH.change_ml"] == ["0.0", "", "measured"]
    assert by_item["growth", "expansion"][0] in ("no", "")
    assert "Neurology 2011" in by_item["growth", "expansion"][2]


def test_a_scan_that_was_not_assessed_has_neither_change_nor_verdict(tmp_path, a_result):
    measured = measure(a_result.label_map)
    growth = Comparison.of(compare_volumes(measured, measured.model_copy(update={"assessed": False})), None, ())
    write_scores_csv(tmp_path / "scores.csv", make_record(a_result, measured).model_copy(update={"growth": growth}))
    by_item = {item: value for group, item, value, *_ in rows(tmp_path / "scores.csv") if group == "growth"}
    assert by_item["total.change_ml"] == by_item["expansion"] == by_item["revised_expansion"] == ""
    assert "(not assessed: follow-up)" in by_item["not_compared"]


def test_without_scores_there_is_only_the_header(tmp_path, a_result):
    record = make_record(a_result, measure(a_result.label_map))
    write_scores_csv(tmp_path / "scores.csv", record)
    assert rows(tmp_path / "scores.csv") == [list(SCORES_HEADER)]
