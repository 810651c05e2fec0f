# SPDX-License-Identifier: Apache-2.0
"""A head of ellipsoids on any grid, and a network that labels bright voxels as IPH."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from builders.label_maps import ellipsoid_mask
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import ModelEntry, RuntimeInfo

CLOT_CENTRE_MM = (22.0, -10.0, 8.0)
CLOT_RADII_MM = (20.0, 15.0, 17.0)
AIR_HU, SCALP_HU, BONE_HU, BRAIN_HU, CLOT_HU = -1000, 20, 900, 30, 60


def head_hu(grid: SliceGrid) -> np.ndarray:
    """Return HU of scalp, skull, brain and one clot (left, anterior, superior); the head is centred at the origin."""
    hu = np.full(grid.shape, AIR_HU, dtype=np.int16)
    for radii_mm, value in (((78, 93, 82), SCALP_HU), ((72, 87, 76), BONE_HU), ((66, 81, 70), BRAIN_HU)):
        hu[ellipsoid_mask(grid, (0, 0, 0), radii_mm)] = value
    hu[ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)] = CLOT_HU
    return hu


def head_volume(grid: SliceGrid) -> CTVolume:
    """Wrap `head_hu` as a volume."""
    return CTVolume(head_hu(grid), grid)


def model_entry(**changes: object) -> ModelEntry:
    """Return the entry of a slice-wise model for coarse test volumes, without weights."""
    values = {
        "name": "bright",
        "system": "transhardnet",
        "preset": "compact",
        "file": "bright.safetensors",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "parameters": 1,
        "classes": ("background", *(subtype.name for subtype in Subtype)),
        "window_hu": (0.0, 80.0),
        "pixel_mm": 1.6,
        "size_px": 128,
        "neighbours": 1,
        "neighbour_distance_mm": 5.0,
        "training_data": "none",
        "licence": "Apache-2.0",
        "non_commercial": False,
        "reference_seconds": 0.0,
        "card": "none",
    }
    return ModelEntry(**(values | changes))


class BrightRuntime:
    """Runtime whose IPH probability rises around 45 HU on the middle channel; bone and its rim are background."""

    info = RuntimeInfo(device="cpu", backend="torch", threads=1, precision="f32")
    warnings: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.images: np.ndarray | None = None

    def probabilities(self, images, *, progress=None):
        self.images = images
        hu = images[:, images.shape[1] // 2] * 80
        near_bone = ndimage.binary_dilation(hu > 65, structure=np.ones((5, 9, 9), dtype=bool))
        blood = np.clip((hu - 40) / 10, 0, 1) * ~near_bone
        result = np.zeros((len(images), 6, *images.shape[2:]), dtype=np.float32)
        result[:, 0] = 1 - blood
        result[:, Subtype.IPH] = blood
        for done in range(1, len(images) + 1):
            if progress is not None:
                progress(done, len(images))
        return result
