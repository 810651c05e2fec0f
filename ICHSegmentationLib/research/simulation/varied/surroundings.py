# SPDX-License-Identifier: Apache-2.0
"""Bone and scalp beside a lesion: fracture, swelling, missing bone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.research.simulation.fields import smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import Box, LesionSite

_BONE_HU = 1000.0
_SWOLLEN_HU = (35.0, 65.0)
SATURATED_BELOW_HU = 300.0
"""Greys that end below it do not tell bone from metal."""
_SKULL_MM = 20.0


@dataclass(frozen=True)
class Surface:
    """The neighbourhood of a voxel of the inner table.

    Attributes
    ----------
    site : LesionSite
    centre : numpy.ndarray
        (3,) index of the voxel.
    """

    site: LesionSite
    centre: np.ndarray

    def box(self, radius_mm: float) -> Box:
        """Return the box within a distance of the centre, with the bone and the scalp."""
        return self.site.around(self.centre, (radius_mm, radius_mm + _SKULL_MM, radius_mm + _SKULL_MM))

    def along_mm(self, box: Box) -> tuple[np.ndarray, np.ndarray]:
        """Return coordinates along the bone: in the slice, and across slices."""
        dz, dy, dx = self.site.offsets_mm(self.centre, box)
        inward = self.inward()
        return dx * inward[0] - dy * inward[1], dz

    def inward(self) -> np.ndarray:
        """Return the in-plane unit vector (row, column) from the bone to the middle of the head."""
        inside = np.argwhere(self.site.anatomy.intracranial[self.centre[0]])
        middle = inside.mean(axis=0) if len(inside) else self.centre[1:] + 1.0
        vector = (middle - self.centre[1:]) * self.site.spacing_mm[1:]
        return vector / max(float(np.linalg.norm(vector)), 1e-6)


def fracture(hu: np.ndarray, surface: Surface, rng: np.random.Generator) -> None:
    """Open a gap in the bone, in place; thin gaps are partly filled by bone in the same pixel."""
    reach_mm = rng.uniform(10, 30)
    box = surface.box(reach_mm)
    along, up = surface.along_mm(box)
    width_mm = rng.uniform(0.5, 3)
    course = np.cos(turn := rng.uniform(-1.2, 1.2)) * along + np.sin(turn) * up
    gap = np.clip(0.5 + (width_mm / 2 - np.abs(course)) / surface.site.spacing_mm[2], 0, 1)
    gap = gap * np.clip((reach_mm - np.hypot(along, up)) / 5, 0, 1)
    remove_bone(hu, surface.site, box, gap, rng.uniform(20, 60))


def swelling(hu: np.ndarray, surface: Surface, rng: np.random.Generator) -> None:
    """Thicken the scalp with blood outside the bone, in place."""
    reach_mm, thickness_mm = rng.uniform(15, 40), rng.uniform(4, 13)
    box = surface.box(reach_mm)
    along, up = surface.along_mm(box)
    cavity = surface.site.cavity[box]
    skull = _around(cavity, surface.site.anatomy.skull[box])
    outside = ~skull & ~cavity
    if not skull.any():
        return
    _, row_mm, column_mm = surface.site.spacing_mm
    away_mm = np.stack([ndimage.distance_transform_edt(~plane, sampling=(row_mm, column_mm)) for plane in skull])
    inward = surface.inward()
    _, dy, dx = surface.site.offsets_mm(surface.centre, box)
    own_wall = dy * inward[0] + dx * inward[1] < 15
    height_mm = thickness_mm * np.clip(1 - (np.hypot(along, up) / reach_mm) ** 2, 0, 1)
    fraction = np.clip((height_mm - away_mm) / 1.2 + 0.5, 0, 1) * outside * own_wall * (height_mm > 1)
    density = rng.uniform(*_SWOLLEN_HU) + rng.uniform(2, 10) * smooth_noise(
        rng, skull.shape, surface.site.spacing_mm, 10
    )
    part = hu[box]
    # Air cells and denser tissue stay.
    part += (fraction * np.maximum(density - part, 0)).astype(np.float32)


def _around(cavity: np.ndarray, bone: np.ndarray) -> np.ndarray:
    """Return the components of bone that touch the cavity: the skull without a head rest."""
    components, count = ndimage.label(bone)
    touching = np.bincount(components[ndimage.binary_dilation(cavity)], minlength=count + 1) > 0
    touching[0] = False
    return touching[components]


def remove_bone(
    hu: np.ndarray, site: LesionSite, box: Box, fraction: np.ndarray, tissue_hu: np.ndarray | float
) -> None:
    """Replace a fraction of the bone of a box by soft tissue, in place.

    In greys that end below the density of bone, bone counts as `_BONE_HU`, so that half bone is as bright as before.
    """
    ceiling = float(hu.max())
    saturated = ceiling < SATURATED_BELOW_HU
    part = hu[box]
    skull = ndimage.binary_dilation(site.anatomy.skull[box], structure=np.ones((1, 3, 3)))
    bright = skull & ~site.anatomy.intracranial[box] & (part > tissue_hu)
    bone = np.where(part >= ceiling - 0.5, np.float32(_BONE_HU), part) if saturated else part
    mixed = bone + fraction * (tissue_hu - bone)
    part[...] = np.where(bright, np.minimum(mixed, ceiling), part)
