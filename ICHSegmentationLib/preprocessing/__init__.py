# SPDX-License-Identifier: Apache-2.0
"""From a CT volume to what a network sees, and from its answer back to the source slices."""

from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.slices import PreparedSlices, prepare_slices

__all__ = ["InputSpec", "PreparedSlices", "prepare_slices"]
