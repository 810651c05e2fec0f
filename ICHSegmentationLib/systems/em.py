# SPDX-License-Identifier: Apache-2.0
"""Gaussian mixture of the brain's HU, without training (after Kärkkäinen, Fazeli and Sarrafzadeh 2021)."""

from __future__ import annotations

from ICHSegmentationLib.segmentation.em import EmSegmenter
from ICHSegmentationLib.systems.spec import SystemSpec

SYSTEMS = (
    SystemSpec(
        name="em",
        title="Gaussian mixture",
        citation="after Kärkkäinen, Fazeli and Sarrafzadeh 2021; compared by Rajapakse et al., IEEE Access 2024",
        input="none",
        segmenter=EmSegmenter,
        takes_boxes=True,
    ),
)
