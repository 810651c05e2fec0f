# SPDX-License-Identifier: Apache-2.0
"""The worker process of the panel: segmenting without blocking Slicer, and what to say when it fails.

Nothing of the library is imported before the first use: its requirements may not be installed yet.
"""

from __future__ import annotations

from ICHSegmentationPanel.process.failures import Failure, failure_of, make_failure
from ICHSegmentationPanel.process.segmentation_process import SegmentationProcess
from ICHSegmentationPanel.process.stage_titles import stage_title

__all__ = ["Failure", "SegmentationProcess", "failure_of", "make_failure", "stage_title"]
