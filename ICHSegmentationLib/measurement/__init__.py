# SPDX-License-Identifier: Apache-2.0
"""Volumes, diameters and lesions of a label map."""

from ICHSegmentationLib.measurement.abc2 import Abc2
from ICHSegmentationLib.measurement.ich_score import IchScore, ich_score
from ICHSegmentationLib.measurement.lesions import Lesion
from ICHSegmentationLib.measurement.measure import Measurements, measure

__all__ = ["Abc2", "IchScore", "Lesion", "Measurements", "ich_score", "measure"]
