# SPDX-License-Identifier: Apache-2.0
"""Pure Python parts of Slicer that slicer-core lacks, reimplemented from their documentation."""
