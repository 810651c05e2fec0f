# SPDX-License-Identifier: Apache-2.0
"""Simulated hemorrhage of the five subtypes."""

from ICHSegmentationLib.research.simulation.lesions.painter import paint_lesions

__all__ = ["paint_lesions"]
