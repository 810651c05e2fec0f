# SPDX-License-Identifier: Apache-2.0
"""A result on a head with two bleeds."""

from __future__ import annotations

import pytest
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_volume, model_entry

from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.segmentation.result import SegmentationResult


@pytest.fixture(scope="session")
def a_result() -> SegmentationResult:
    """DICOM-like input, tilted, two steps with a join, IPH and IVH."""
    grid = head_grid([4.0] * 13 + [1.0] + [7.0] * 13, tilt_deg=18.5, rows=110, columns=100, spacing_mm=(1.9, 1.8))
    head = head_volume(grid)
    source = CTSource(kind="dicom", tags={"kernel": "STANDARD"})
    volume = CTVolume(head.hu, grid, source, ("The slices are tilted.",))
    clot = ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    ventricle = ellipsoid_mask(grid, (-10, 0, 0), (4, 12, 8))
    return SegmentationResult(
        volume=volume,
        label_map=labelled(grid, (Subtype.IPH, clot), (Subtype.IVH, ventricle)),
        model=model_entry(name="bright", licence="Apache-2.0", sha256="c0ffee" + "0" * 58),
        runtime=RuntimeInfo(device="cpu", backend="openvino", threads=2, precision="bf16"),
        timings_s={"read": 0.51234, "preprocess": 0.2, "infer": 1.0, "postprocess": 0.1},
        warnings=("The slices are tilted.", "No graphics card was found."),
    )
