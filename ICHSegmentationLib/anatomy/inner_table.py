# SPDX-License-Identifier: Apache-2.0
"""Model of the inner table of the skull as a signed distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.anatomy.distance_fields import (
    HeadFrame,
    ellipsoid,
    rounded_box,
    smooth_step,
    smooth_union,
    tube,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.distance_fields import Field


def inner_table(frame: HeadFrame, squareness: float) -> Field:
    """Return the signed distance to the inner table, negative inside.

    The model is the union of vault, middle and posterior fossae and spinal canal without the ridges of the base.

    Parameters
    ----------
    frame : HeadFrame
        Points in brain coordinates.
    squareness : float
        Power of the superellipsoid of the vault; 2 is an ellipsoid.
    """
    # The forehead is narrower than the parietal bosses.
    narrow = HeadFrame(
        frame.x / (1 - 0.13 * smooth_step(frame.a, -30, 60)),
        frame.a,
        np.where(frame.s > 8, frame.s, 8 + (frame.s - 8) * 2),
        frame.spacing_mm,
    )
    inside = rounded_box(narrow, (0, -17, 8), (68, 84, 66), squareness)
    inside = smooth_union(inside, ellipsoid(frame, (38, -10, -20), (25, 36, 25), mirrored=True), 9)
    inside = smooth_union(inside, ellipsoid(frame, (0, -57, -28), (54, 43, 33)), 9)
    petrous = tube(frame, ((17, -14, -33), (58, -40, -32)), (5, 11))
    sphenoid_wing = tube(frame, ((10, 17, -17), (52, 30, -8)), (3, 5))
    clivus = np.maximum(tube(frame, ((0, 2, -31), (0, -20, -60)), (9, 9)), frame.s + 21)
    for ridge in (petrous, sphenoid_wing, clivus):
        inside = -smooth_union(-inside, ridge, 5)
    return smooth_union(inside, tube(frame, ((0, -38, -50), (0, -44, -120)), (14, 11)), 6)
