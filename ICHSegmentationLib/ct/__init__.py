# SPDX-License-Identifier: Apache-2.0
"""Reading of head CT into HU on its source slices."""

from ICHSegmentationLib.ct.grid import SliceGrid
from ICHSegmentationLib.ct.reader import read_ct
from ICHSegmentationLib.ct.source import CTSource, from_storage_order, to_storage_order
from ICHSegmentationLib.ct.volume import PADDING_HU, CTVolume

__all__ = ["PADDING_HU", "CTSource", "CTVolume", "SliceGrid", "from_storage_order", "read_ct", "to_storage_order"]
