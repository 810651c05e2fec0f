# SPDX-License-Identifier: Apache-2.0
"""Agreement of volumes against published worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.research.evaluation.metrics.volume_agreement import bland_altman, icc_2_1

# Shrout and Fleiss 1979, Table 2: six targets, four judges.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
# Bland and Altman 1986, Table 1: peak flow (L/min) by the large and the small meter, first readings.
LARGE = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427])
SMALL = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451])


def test_icc_of_shrout_and_fleiss():
    """They give ICC(2,1) = 0.29; from their mean squares (11.24, 32.49, 1.02) follow the digits and the interval."""
    icc = icc_2_1(SHROUT_FLEISS)

    assert icc is not None
    assert icc.value == pytest.approx(0.29, abs=0.005)
    assert icc.value == pytest.approx(
        (11.2417 - 1.0194) / (11.2417 + 3 * 1.0194 + 4 / 6 * (32.4861 - 1.0194)), abs=1e-4
    )
    assert (icc.lower, icc.upper) == pytest.approx((0.019, 0.761), abs=0.0006)


def test_a_constant_offset_lowers_absolute_agreement():
    """Volumes 1, 2, 3 against the same plus 1: MSR 2, MSC 1.5, MSE 0, so 2 / (2 + 2/3 * 1.5) = 2/3."""
    icc = icc_2_1(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]))

    assert icc is not None
    assert icc.value == pytest.approx(2 / 3)
    assert icc.lower < icc.value < icc.upper


def test_equal_volumes_agree_wholly():
    icc = icc_2_1(np.array([[0.1, 0.1], [7.7, 7.7], [31.3, 31.3]]))

    assert icc is not None
    assert (icc.value, icc.lower, icc.upper) == (1, 1, 1)


@pytest.mark.parametrize("ratings", [[[1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [1.0, 2.0]]])
def test_targets_that_do_not_differ_have_no_icc(ratings):
    assert icc_2_1(np.array(ratings)) is None


def test_limits_of_bland_and_altman():
    """They give -2.1 and 38.8 for mean and standard deviation, and limits of -79.7 and 75.5 at two of the latter."""
    limits = bland_altman(LARGE, SMALL)

    assert limits is not None
    assert limits.bias == pytest.approx(-2.1, abs=0.05)
    assert (limits.upper - limits.bias) / 1.96 == pytest.approx(38.8, abs=0.05)
    assert limits.bias - limits.lower == pytest.approx(limits.upper - limits.bias)


def test_one_case_has_no_limits():
    assert bland_altman(np.array([1.0]), np.array([2.0])) is None
