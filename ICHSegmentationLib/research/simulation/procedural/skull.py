# SPDX-License-Identifier: Apache-2.0
"""Skull, face and surrounding soft tissue as signed distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.anatomy.distance_fields import (
    Field,
    HeadFrame,
    bump,
    ellipsoid,
    smooth_noise,
    smooth_step,
    smooth_union,
    tube,
)
from ICHSegmentationLib.anatomy.inner_table import inner_table
from ICHSegmentationLib.research.simulation.procedural.traits import HeadTraits


@dataclass(frozen=True)
class SkullFields:
    """Signed distances in mm, negative inside; `inner` is the inner table."""

    inner: Field
    thickness: Field
    bone: Field
    air: Field
    skin: Field
    eyes: Field
    muscle: Field


def skull_fields(rng: np.random.Generator, frame: HeadFrame, traits: HeadTraits) -> SkullFields:
    """Generate skull, face and skin of one head."""
    inner = inner_table(frame, traits.squareness)
    base = smooth_step(-frame.s, 5, 30)
    temple = bump(frame, (70, -5, -5), (22, 38, 32))
    thickness = traits.skull_mm * (1 + 0.16 * smooth_noise(rng, frame, 45) - 0.4 * temple)
    thickness += 5 * bump(frame, (0, -98, -12), (18, 14, 16)) + 3 * bump(frame, (0, 68, 15), (10, 12, 30))
    sinus_size = rng.uniform(0.4, 1.3)
    frontal_sinus = ellipsoid(frame, (9, 71, -8), (17 * sinus_size, 10, 17 * sinus_size), mirrored=True)
    thickness += 6 * sinus_size * bump(frame, (0, 72, -8), (22, 14, 16))
    thickness = np.maximum(thickness * (1 - 0.25 * base), 2.2).astype(np.float32)

    face = ellipsoid(frame, (0, 38, -62), (60, 58, 75))
    neck = tube(frame, ((0, -22, -45), (0, -30, -160)), (63, 60))
    head = smooth_union(inner - thickness, np.maximum(face, frame.s - 10) + 8, 12)
    muscle = bump(frame, (66, 15, -20), (20, 30, 40))
    scalp = traits.scalp_mm * (1 + 0.2 * smooth_noise(rng, frame, 50)) + 9 * muscle
    skin = smooth_union(head - np.maximum(scalp, 2.0), neck, 15)
    bone, air, eyes = _face(rng, frame)
    mastoid = tube(frame, ((44, -30, -34), (60, -44, -42)), (7, 13))
    petrous = tube(frame, ((17, -14, -35), (60, -42, -38)), (8, 15))
    cells = 1.5 - 4.0 * np.abs(smooth_noise(rng, frame, 4.5))
    air = np.minimum(air, np.maximum(mastoid + 2, cells + rng.uniform(-1.5, 1.0)))
    walls = np.maximum(frontal_sinus, np.maximum(2.5 - inner, inner - thickness + 2.2))
    air = np.minimum(air, walls)
    bone = np.minimum(np.minimum(bone, petrous), np.maximum(tube(frame, ((0, 2, -33), (0, -20, -62)), (10, 9)), -inner))
    bone = np.minimum(bone, inner - thickness)
    return SkullFields(inner, thickness, np.maximum(bone, -inner), air, skin, eyes, muscle)


def _face(rng: np.random.Generator, frame: HeadFrame) -> tuple[Field, Field, Field]:
    """Return bone, air and eyeballs of the face."""
    orbit = ellipsoid(frame, (31, 47, -33), (19, 27, 17), mirrored=True)
    eyes = ellipsoid(frame, (32, 60, -34), (12, 12, 12), mirrored=True)
    nose = ellipsoid(frame, (0, 46, -52), (14, 34, 30))
    antrum = ellipsoid(frame, (29, 44, -68), (15, 17, 17), mirrored=True)
    sphenoid = ellipsoid(frame, (0, 14, -36), (15, 12, 10))
    septa = 1.0 - np.abs(smooth_noise(rng, frame, 9)) * 3.5
    septa = np.maximum(septa, 1.3 - np.abs(frame.x))
    hollow = np.minimum(np.minimum(nose, antrum), sphenoid)
    air = np.maximum(hollow, septa)
    air = np.minimum(air, ellipsoid(frame, (0, 12, -95), (14, 9, 60)))
    jaw = tube(frame, ((49, 2, -55), (46, 8, -110)), (5, 7))
    zygoma = tube(frame, ((52, 45, -48), (64, 10, -48)), (5, 3))
    rim = np.maximum(orbit - 2.5, -orbit)
    rim = np.maximum(rim, frame.a - 62)
    bone = np.minimum(np.minimum(np.maximum(hollow - 2, frame.a - 78), rim), np.minimum(jaw, zygoma))
    atlas = np.maximum(tube(frame, ((0, -40, -68), (0, -44, -120)), (24, 22)), -frame.s - 200)
    return np.minimum(bone, atlas), air, eyes
