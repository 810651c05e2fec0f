# SPDX-License-Identifier: Apache-2.0
"""Measurements of label maps: volumes, diameters, lesions, midline shift and scores."""

from ICHSegmentationLib.anatomy.lesion_location import Compartment, LesionLocation, Region, Side
from ICHSegmentationLib.measurement.abc2 import Abc2
from ICHSegmentationLib.measurement.case_decision import CaseDecision
from ICHSegmentationLib.measurement.ich_score import IchScore, ich_score
from ICHSegmentationLib.measurement.lesions import Lesion
from ICHSegmentationLib.measurement.measure import Measurements, measure
from ICHSegmentationLib.measurement.midline_shift import MidlineShift
from ICHSegmentationLib.measurement.modified_graeb import GraebItem, ModifiedGraeb, Ventricle

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
    "measure",
]
