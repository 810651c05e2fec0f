# SPDX-License-Identifier: Apache-2.0
"""Simulated hemorrhage of the five subtypes, and bright things that are not blood."""

from ICHSegmentationLib.simulation.lesions.distractors import DISTRACTORS, paint_distractors, random_kinds
from ICHSegmentationLib.simulation.lesions.painter import paint_lesions
from ICHSegmentationLib.simulation.lesions.site import LesionSite

__all__ = ["DISTRACTORS", "LesionSite", "paint_distractors", "paint_lesions", "random_kinds"]
