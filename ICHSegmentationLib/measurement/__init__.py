# SPDX-License-Identifier: Apache-2.0
"""Volumes and lesions of a label map."""

from ICHSegmentationLib.measurement.lesions import Lesion
from ICHSegmentationLib.measurement.measure import Measurements, measure

__all__ = ["Lesion", "Measurements", "measure"]
