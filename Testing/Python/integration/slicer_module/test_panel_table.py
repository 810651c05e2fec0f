# SPDX-License-Identifier: Apache-2.0
"""The table of volumes, alone."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from builders.panel import MODULE_FOLDER

NAMES = {"SDH": "Subdural hemorrhage", "IPH": "Intraparenchymal hemorrhage"}
COLORS = {"SDH": (0.0, 0.0, 1.0), "IPH": (1.0, 0.0, 0.0)}


@pytest.fixture
def a_table(slicer_app):  # noqa: ARG001 (Slicer has to be there)
    if str(MODULE_FOLDER) not in sys.path:
        sys.path.append(str(MODULE_FOLDER))
    import qt
    from ICHSegmentationPanel.widgets.results_table import ResultsTable

    widget = qt.QTableWidget()
    widget.resize(400, 300)
    widget.show()
    clicked = []
    table = ResultsTable(widget, lambda key, visible: clicked.append((key, visible)))
    yield SimpleNamespace(table=table, widget=widget, clicked=clicked)
    widget.close()


def some_rows(*, iph_ml=30.0, changed=frozenset(), compared_ml=None, visible=True):
    from ICHSegmentationPanel.widgets.results_table import make_rows

    total = 10.0 + iph_ml
    volumes = SimpleNamespace(
        volumes_ml={"SDH": 10.0, "IPH": iph_ml, "total": total},
        fractions={"SDH": 10.0 / total, "IPH": iph_ml / total},
        changed=changed,
    )
    return make_rows(NAMES, COLORS, {"SDH": visible, "IPH": True}, volumes, compared_ml)


def test_each_subtype_has_volume_and_share_and_the_total_comes_last(a_table):
    a_table.table.show(some_rows(), compares=False)
    assert a_table.table.text() == (
        "Hemorrhage\tmL\tShare\tChanged\n"
        "Subdural\t10.00\t25 %\t\n"
        "Intraparenchymal\t30.00\t75 %\t\n"
        "Total\t40.00\t100 %\t\n"
    )


def test_a_correction_is_marked_on_its_row_and_on_the_total(a_table):
    a_table.table.show(some_rows(changed=frozenset({"IPH"})), compares=False)
    marks = [a_table.widget.item(row, 3).text() for row in range(3)]
    assert marks == ["", "by hand", "by hand"]


def test_a_compared_result_takes_the_place_of_the_share(a_table):
    a_table.table.show(some_rows(compared_ml={"SDH": 8.0, "total": 8.0}), compares=True)
    assert a_table.table.text() == (
        "Hemorrhage\tmL\tCompared mL\tChanged\nSDH\t10.00\t8.00\t\nIPH\t30.00\t0.00\t\nTotal\t40.00\t8.00\t\n"
    )
    assert a_table.widget.item(0, 0).toolTip() == "Subdural hemorrhage. Show this subtype in the views."
    a_table.table.show(some_rows(), compares=False)
    assert a_table.widget.horizontalHeaderItem(2).text() == "Share"
    assert a_table.widget.item(0, 0).text() == "Subdural"


def test_new_numbers_are_written_into_the_same_cells(a_table):
    a_table.table.show(some_rows(), compares=False)
    cell = a_table.widget.item(1, 1)
    a_table.table.show(some_rows(iph_ml=31.5), compares=False)
    assert a_table.widget.item(1, 1) is cell
    assert cell.text() == "31.50"


def test_clearing_a_check_box_hides_the_segment(a_table):
    import qt

    a_table.table.show(some_rows(), compares=False)
    assert a_table.clicked == []
    a_table.widget.item(0, 0).setCheckState(qt.Qt.Unchecked)
    assert a_table.clicked == [("SDH", False)]
    a_table.table.show(some_rows(visible=False), compares=False)
    assert a_table.widget.item(0, 0).checkState() == qt.Qt.Unchecked
    assert a_table.clicked == [("SDH", False)]


def test_all_rows_are_in_sight(a_table):
    a_table.table.show(some_rows(), compares=False)
    rows_px = sum(a_table.widget.rowHeight(row) for row in range(3))
    assert a_table.widget.viewport().height >= rows_px


def test_names_are_told_apart_in_a_narrow_panel(a_table):
    """The first column of the panel at its smallest usual width, 344 pixels, is as wide as its longest text."""
    a_table.widget.resize(310, 300)
    a_table.table.show(some_rows(changed=frozenset({"IPH"}), compared_ml={"SDH": 8.0, "total": 8.0}), compares=True)
    a_table.widget.repaint()
    assert a_table.widget.columnWidth(0) >= a_table.widget.sizeHintForColumn(0)


def test_without_a_result_there_is_only_the_header(a_table):
    a_table.table.show(some_rows(), compares=False)
    a_table.table.show((), compares=False)
    assert a_table.widget.rowCount == 0
    assert a_table.table.text() == "Hemorrhage\tmL\tShare\tChanged\n"
