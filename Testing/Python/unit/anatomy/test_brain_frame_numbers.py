# SPDX-License-Identifier: Apache-2.0
"""Brain coordinates as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.anatomy.brain_frame import BrainFrame


def test_a_frame_survives_as_numbers(a_placed_brain):
    frame = BrainFrame(np.arange(9.0).reshape(3, 3), np.array([1.5, -2.0, 3.0]), 0.7)
    again = BrainFrame.from_numbers(frame.to_numbers())
    points = a_placed_brain.grid.points_mm(np.array([[0, 0, 0], [5, 7, 9]]))
    assert np.array_equal(again.coordinates(points), frame.coordinates(points))
    assert again.misfit_mm == 0.7


@pytest.mark.parametrize("numbers", [(), (1.0,) * 12, (float("nan"),) * 13])
def test_other_numbers_are_refused(numbers):
    with pytest.raises(ValueError, match="13 finite numbers"):
        BrainFrame.from_numbers(numbers)
