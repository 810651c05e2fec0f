# SPDX-License-Identifier: Apache-2.0
"""The parts of the Slicer module ICHSegmentation; imported inside Slicer only."""
