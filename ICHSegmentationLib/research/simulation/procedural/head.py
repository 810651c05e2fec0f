# SPDX-License-Identifier: Apache-2.0
"""Procedural head CT from a seed: scalp, skull, brain, CSF spaces and scanner noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.anatomy.distance_fields import HeadFrame, smooth_noise
from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.procedural.brain import brain_fields
from ICHSegmentationLib.research.simulation.procedural.render import gather_fields, head_rest, render
from ICHSegmentationLib.research.simulation.procedural.scanner import mean_of_planes, scan
from ICHSegmentationLib.research.simulation.procedural.skull import skull_fields
from ICHSegmentationLib.research.simulation.procedural.tissue import AIR_HU, Tissue
from ICHSegmentationLib.research.simulation.procedural.traits import HeadTraits

Shape = tuple[int, int, int]
Triple = tuple[float, float, float]

DEFAULT_SHAPE = (32, 256, 256)
DEFAULT_SPACING_MM = (5.0, 0.8, 0.8)
_COARSE_MM = 2.0
# Head coordinate of the highest point inside every field of view.
_TOP_MM = 84.0


@dataclass(frozen=True)
class CleanHead:
    """A head without noise or blur, on planes thinner than the slices of a scan.

    `hu` is float32 (slices x planes_per_slice, rows, columns); `anatomy` is on the same grid.
    """

    hu: np.ndarray
    anatomy: Anatomy
    planes_per_slice: int
    traits: HeadTraits


def clean_head(
    seed: int,
    *,
    shape: Shape = DEFAULT_SHAPE,
    spacing_mm: Triple = DEFAULT_SPACING_MM,
    traits: HeadTraits | None = None,
) -> CleanHead:
    """Generate one head on planes of about 2.5 mm or less.

    Parameters
    ----------
    seed : int
        The same seed, shape and spacing give the same head.
    shape : tuple of int
        (slices, rows, columns); slices run upwards, rows to posterior, columns to the patient's left.
    spacing_mm : tuple of float
        (slice, row, column).
    traits : HeadTraits, optional
        Properties of the head; drawn by default.
    """
    rng = np.random.default_rng(seed)
    traits = traits or HeadTraits.draw(rng)
    planes_per_slice = max(1, round(spacing_mm[0] / 2.5))
    fine = (shape[0] * planes_per_slice, shape[1], shape[2])
    fine_mm = (spacing_mm[0] / planes_per_slice, spacing_mm[1], spacing_mm[2])
    frame = _frame(rng, fine, fine_mm, traits)
    skull = skull_fields(rng, frame, traits)
    brain = brain_fields(rng, frame, skull.inner, traits)
    backdrop = np.full(fine[1:], AIR_HU, np.float32)
    if traits.head_rest:
        backdrop = head_rest(rng, fine[1:], fine_mm[1:])
    tissue = Tissue(traits, pixel_mm=fine_mm[1], plane_mm=fine_mm[0])
    coarse = gather_fields(rng, frame, skull, brain)
    hu, anatomy = render(coarse, tissue, shape=fine, spacing_mm=fine_mm, backdrop=backdrop)
    return CleanHead(hu, anatomy, planes_per_slice, traits)


def procedural_head(
    seed: int, *, shape: Shape = DEFAULT_SHAPE, spacing_mm: Triple = DEFAULT_SPACING_MM
) -> tuple[np.ndarray, Anatomy]:
    """Generate one scanned head without lesions.

    Returns
    -------
    tuple
        int16 HU (slices, rows, columns) and the masks on the same grid; parameters as in `clean_head`.
    """
    head = clean_head(seed, shape=shape, spacing_mm=spacing_mm)
    rng = np.random.default_rng([seed, 1])
    hu = scan(head.hu, rng, planes_per_slice=head.planes_per_slice, spacing_mm=spacing_mm)
    return hu, mean_of_planes(head.anatomy, head.planes_per_slice)


def _frame(rng: np.random.Generator, shape: Shape, spacing_mm: Triple, traits: HeadTraits) -> HeadFrame:
    """Return head coordinates, coarse in plane and slightly bent, so that no head is symmetric."""
    nodes = [
        shape[0],
        *(max(8, round((n - 1) * step / _COARSE_MM) + 1) for n, step in zip(shape[1:], spacing_mm[1:], strict=True)),
    ]
    extents = [(n - 1) * step for n, step in zip(shape, spacing_mm, strict=True)]
    z = np.linspace(_TOP_MM - extents[0], _TOP_MM, nodes[0], dtype=np.float32) - traits.shift_mm[2]
    y = np.linspace(-extents[1] / 2, extents[1] / 2, nodes[1], dtype=np.float32)
    x = np.linspace(-extents[2] / 2, extents[2] / 2, nodes[2], dtype=np.float32)
    up, back, left = np.meshgrid(z, y, x, indexing="ij", copy=False)
    points = np.stack([left - traits.shift_mm[0], -back - traits.shift_mm[1], up]).astype(np.float32)
    pitch, roll, yaw = np.deg2rad(traits.rotation_deg)
    turn = _rotation(2, 1, yaw) @ _rotation(0, 2, roll) @ _rotation(1, 2, pitch)
    points = np.tensordot(turn.astype(np.float32), points, axes=1)
    # The brain's own centre lies 15 mm behind the origin of the head coordinates.
    points[1] -= 15
    points /= np.array(traits.size, np.float32)[:, None, None, None]
    steps = tuple(e / (n - 1) for e, n in zip(extents, nodes, strict=True))
    plain = HeadFrame(points[0], points[1], points[2], (steps[0], steps[1], steps[2]))
    bent = [axis + 1.8 * smooth_noise(rng, plain, 60) for axis in points]
    return HeadFrame(bent[0], bent[1], bent[2], plain.spacing_mm)


def _rotation(first: int, second: int, angle: float) -> np.ndarray:
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
    return turn
