# SPDX-License-Identifier: Apache-2.0
"""What a run says besides its labels."""

from __future__ import annotations

import numpy as np
import pytest
from builders.panel import a_small_ct, answer_to

from ICHSegmentationLib.export.record import RunRecord, record_of
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import get_model
from ICHSegmentationLib.segmentation.run_outcome import RunOutcome


def outcome(**changes):
    return RunOutcome.of(answer_to(a_small_ct(), **changes).segmentation)


def test_the_default_model_missed_no_parenchymal_hemorrhage_and_labelled_half_a_milliliter_falsely():
    found = outcome()
    assert (found.missed_kind, found.missed_fraction, found.false_ml) == ("IPH", 0.0, 0.4889)
    assert (found.assessed, found.warnings, found.minimum_ml) == (True, (), None)


def test_the_sensitivity_of_scans_is_preferred_where_it_was_measured():
    entry = get_model("symtransnet-compact")
    found = outcome(model=entry)
    assert (found.missed_kind, found.minimum_ml) == ("any", 1.5)
    assert found.missed_fraction == pytest.approx(1 - entry.quality["case_sensitivity"], abs=1e-4)


def test_a_model_without_figures_has_no_miss_rate():
    found = outcome(model=get_model("em"))
    assert (found.missed_kind, found.missed_fraction, found.false_ml) == ("", None, None)


def test_a_report_of_a_scan_that_was_not_assessed_says_so_also_when_exported_from_a_scene():
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.export.report.facts import describe_finding

    scan = a_small_ct()
    text = outcome(assessed=False, warnings=("Not assessed: tilted.",)).model_dump_json()
    run = RunRecord.of_attributes({"outcome": text})
    empty = LabelMap(np.zeros(scan.hu.shape, dtype=np.uint8), scan.grid)
    record = record_of(scan, measure(empty), run)
    assert (record.assessed, record.input.warnings) == (False, ("Not assessed: tilted.",))
    assert describe_finding(record).startswith("Not assessed")


def test_a_damaged_outcome_is_ignored():
    assert RunRecord.of_attributes({"outcome": "{"}).assessed is True
