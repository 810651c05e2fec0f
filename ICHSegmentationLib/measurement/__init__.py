# SPDX-License-Identifier: Apache-2.0
"""Measurements of label maps: volumes, diameters, lesions, midline shift and scores.

This module holds the data models; `ICHSegmentationLib.measurement.measure` computes them.
"""

from ICHSegmentationLib.anatomy.lesion_location import Compartment, LesionLocation, Region, Side
from ICHSegmentationLib.measurement.brain.midline_shift import MidlineShift
from ICHSegmentationLib.measurement.case_decision import CaseDecision
from ICHSegmentationLib.measurement.ich_score import IchScore, ich_score
from ICHSegmentationLib.measurement.lesions import Lesion
from ICHSegmentationLib.measurement.measurements import Measurements
from ICHSegmentationLib.measurement.modified_graeb import GraebItem, ModifiedGraeb, Ventricle
from ICHSegmentationLib.measurement.shape.abc2 import Abc2

__all__ = [
    "Abc2",
    "CaseDecision",
    "Compartment",
    "GraebItem",
    "IchScore",
    "Lesion",
    "LesionLocation",
    "Measurements",
    "MidlineShift",
    "ModifiedGraeb",
    "Region",
    "Side",
    "Ventricle",
    "ich_score",
]
