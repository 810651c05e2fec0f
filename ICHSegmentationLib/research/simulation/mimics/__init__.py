# SPDX-License-Identifier: Apache-2.0
"""Findings that mimic hemorrhage on CT: bright anatomy and image artefacts."""

from ICHSegmentationLib.research.simulation.mimics.painter import (
    FURTHER_MIMICS,
    MIMICS,
    paint_mimics,
    random_further_mimics,
    random_mimics,
)

__all__ = ["FURTHER_MIMICS", "MIMICS", "paint_mimics", "random_further_mimics", "random_mimics"]
