# SPDX-License-Identifier: Apache-2.0
"""Simulated hemorrhage of the five subtypes, and bright things that are not blood."""

from ICHSegmentationLib.research.simulation.lesions.painter import paint_lesions
from ICHSegmentationLib.research.simulation.lesions.site import LesionSite
from ICHSegmentationLib.research.simulation.mimics.distractors import DISTRACTORS, paint_distractors, random_kinds

__all__ = ["DISTRACTORS", "LesionSite", "paint_distractors", "paint_lesions", "random_kinds"]
