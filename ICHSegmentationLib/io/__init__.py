# SPDX-License-Identifier: Apache-2.0
"""Reading and writing of scans and label maps."""

from ICHSegmentationLib.io.reader import read_ct

__all__ = ["read_ct"]
