# SPDX-License-Identifier: Apache-2.0
"""AttFocusNet (Peng et al., Frontiers in Neuroscience 2022)."""

from __future__ import annotations

from ICHSegmentationLib.segmentation.slicewise import SlicewiseSegmenter
from ICHSegmentationLib.systems.spec import SystemSpec

SYSTEMS = (
    SystemSpec(
        name="attfocusnet",
        title="AttFocusNet",
        citation="Peng et al., Frontiers in Neuroscience 2022",
        input="slices",
        segmenter=SlicewiseSegmenter,
        network="attfocusnet.AttFocusNet",
        presets={
            "paper": {"widths": (64, 128, 256, 512, 1024), "focus": True, "gates": "concat"},
            "compact": {"widths": (8, 16, 48, 96, 160), "focus": True, "gates": "concat"},
        },
    ),
)
