# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a head with lesions to draw."""

from __future__ import annotations

import pytest

from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_volume
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype


@pytest.fixture(scope="session")
def a_head_ct() -> CTVolume:
    """Tilted by 15 deg, 4 mm steps below and 7 mm above, pixels of 1.5 mm."""
    grid = head_grid([4.0] * 20 + [7.0] * 14, tilt_deg=15, rows=140, columns=130, spacing_mm=(1.5, 1.5))
    return head_volume(grid)


@pytest.fixture(scope="session")
def a_label_map(a_head_ct: CTVolume) -> LabelMap:
    """The clot of the head (patient's left), and blood on the right in other slices."""
    clot = ellipsoid_mask(a_head_ct.grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    right = ellipsoid_mask(a_head_ct.grid, (-55, 0, -25), (6, 25, 12))
    return labelled(a_head_ct.grid, (Subtype.IPH, clot), (Subtype.SDH, right))
