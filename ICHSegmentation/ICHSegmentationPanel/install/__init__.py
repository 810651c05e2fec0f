# SPDX-License-Identifier: Apache-2.0
"""Check and installation of the Python packages that Slicer does not include."""

from __future__ import annotations

from ICHSegmentationPanel.install.graphics_support import GraphicsSupport
from ICHSegmentationPanel.install.requirements import Requirements

__all__ = ["GraphicsSupport", "Requirements"]
