# SPDX-License-Identifier: Apache-2.0
"""Varied hemorrhage: what `lesions` does not cover, above all extra-axial collections, trauma and operated heads."""

from ICHSegmentationLib.research.simulation.varied.painter import paint_varied, random_varied_subtypes

__all__ = ["paint_varied", "random_varied_subtypes"]
