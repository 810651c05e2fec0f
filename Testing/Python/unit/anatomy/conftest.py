# SPDX-License-Identifier: Apache-2.0
"""A small procedural head, and a brain whose coordinates are known."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit
from ICHSegmentationLib.anatomy.brain_frame import BrainFrame
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.research.simulation import SimulatedCT, simulated_ct


@pytest.fixture(scope="session")
def a_head() -> SimulatedCT:
    return simulated_ct(4, shape=(30, 112, 112), spacing_mm=(5.0, 2.0, 2.0))


@pytest.fixture
def a_placed_brain() -> AtlasFit:
    """Axial slices every 4 mm whose LPS positions are brain coordinates, with a turned to P."""
    shape = (32, 200, 140)
    positions = np.array([(-69.5, -99.5, -70 + 4 * index) for index in range(shape[0])])
    grid = SliceGrid(shape, positions, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (1.0, 1.0))
    frame = BrainFrame(np.diag([1.0, -1.0, 1.0]), np.zeros(3), 1.0)
    return AtlasFit(frame, grid, np.ones(shape, dtype=bool), CanonicalOrientation.of(grid), (1, 1, 1))
