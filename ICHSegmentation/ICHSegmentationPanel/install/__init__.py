# SPDX-License-Identifier: Apache-2.0
"""Python packages that Slicer does not have: what is missing, and installing it when the user asks for it."""

from __future__ import annotations

from ICHSegmentationPanel.install.graphics_support import GraphicsSupport
from ICHSegmentationPanel.install.requirements import Requirements

__all__ = ["GraphicsSupport", "Requirements"]
