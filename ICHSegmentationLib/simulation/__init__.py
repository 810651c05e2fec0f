# SPDX-License-Identifier: Apache-2.0
"""Heads and bleeds that are drawn rather than scanned, with their exact labels."""

from ICHSegmentationLib.simulation.anatomy import Anatomy, DeepRegion
from ICHSegmentationLib.simulation.head import CleanHead, clean_head, procedural_head

__all__ = ["Anatomy", "CleanHead", "DeepRegion", "clean_head", "procedural_head"]
