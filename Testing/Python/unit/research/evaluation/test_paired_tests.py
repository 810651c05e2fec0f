# SPDX-License-Identifier: Apache-2.0
"""Two models on the same cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from ICHSegmentationLib.research.evaluation.metrics.paired_tests import PairedTest, mean_of_each

# Hollander and Wolfe 1973, Table 3.1: nine patients before and after; they give p = 0.0195 one-sided.
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])


def test_a_published_example():
    """W+ = 40 of 45: 10 of the 512 sign patterns lie as far up, so p = 20/512; differences are 0.432 (sd 0.427)."""
    test = PairedTest.of("IPH", "dice", BEFORE, AFTER)

    assert test.wilcoxon_p == pytest.approx(20 / 512)
    assert test.t_p == pytest.approx(2 * student.sf(0.431889 / (0.426855 / 3), 8), rel=1e-3)
    assert test.mean_difference == pytest.approx((BEFORE - AFTER).mean())
    assert test.median_difference == pytest.approx(0.49)
    assert test.cases == 9


def test_equal_models_have_no_p():
    test = PairedTest.of("IPH", "dice", BEFORE, BEFORE)

    assert (test.wilcoxon_p, test.t_p, test.mean_difference) == (None, None, 0)


def test_one_case_has_no_p():
    test = PairedTest.of("IPH", "dice", BEFORE[:1], AFTER[:1])

    assert (test.wilcoxon_p, test.t_p) == (None, None)


def test_several_values_of_one_owner_are_averaged():
    values = np.array([[1.0, 10.0], [5.0, 50.0], [3.0, 60.0], [2.0, 20.0]])
    assert mean_of_each(values, ["b", "a", "b", "b"]).tolist() == [[5.0, 50.0], [2.0, 30.0]]
