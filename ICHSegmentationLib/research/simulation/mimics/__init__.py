# SPDX-License-Identifier: Apache-2.0
"""Findings that mimic hemorrhage on CT: bright anatomy and image artefacts."""

from ICHSegmentationLib.research.simulation.mimics.painter import MIMICS, paint_mimics, random_mimics

__all__ = ["MIMICS", "paint_mimics", "random_mimics"]
