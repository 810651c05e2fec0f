# SPDX-License-Identifier: Apache-2.0
"""Worker process of the panel: segment without blocking Slicer, and explain failures.

The library is imported at the first use only, since its requirements may not be installed yet.
"""

from __future__ import annotations

from ICHSegmentationPanel.process.failures import Failure, failure_of, make_failure
from ICHSegmentationPanel.process.segmentation_process import SegmentationProcess
from ICHSegmentationPanel.process.stage_titles import stage_title

__all__ = ["Failure", "SegmentationProcess", "failure_of", "make_failure", "stage_title"]
