# SPDX-License-Identifier: Apache-2.0
"""Synthetic head CT with simulated hemorrhage and exact labels."""

from ICHSegmentationLib.research.simulation.anatomy import Anatomy, DeepRegion
from ICHSegmentationLib.research.simulation.procedural.head import CleanHead, clean_head, procedural_head
from ICHSegmentationLib.research.simulation.simulate import SimulatedCT, simulated_ct

__all__ = ["Anatomy", "CleanHead", "DeepRegion", "SimulatedCT", "clean_head", "procedural_head", "simulated_ct"]
