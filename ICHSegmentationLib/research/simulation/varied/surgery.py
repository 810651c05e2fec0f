# SPDX-License-Identifier: Apache-2.0
"""Heads after surgery: missing bone, burr hole, flap with gaps, air, fluid, drain, clip."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.research.simulation.fields import coverage_above, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.mimics.artefacts import metal
from ICHSegmentationLib.research.simulation.varied.epidural import table_point
from ICHSegmentationLib.research.simulation.varied.surroundings import Surface, remove_bone, swelling

OPERATIONS = {"craniectomy": 0.3, "craniotomy": 0.4, "burr_hole": 0.3}
_AIR_HU = -1000.0
_METAL_HU = 3000.0
_LOWEST_OPENING = 0.3
"""Of the height of the cavity: the base stays closed."""
_FLUID_HU = (4.0, 9.0)


def operated_surface(site: LesionSite, rng: np.random.Generator) -> Surface | None:
    """Draw where the skull was opened: a point of the convexity."""
    centre = table_point(site, rng, "convexity")
    return None if centre is None else Surface(site, centre)


def operate(
    hu: np.ndarray,
    truth: np.ndarray,
    surface: Surface,
    rng: np.random.Generator,
    *,
    noise_hu: float = 0.0,
    operation: str | None = None,
) -> None:
    """Change a site to a state after surgery, in place; hemorrhage replaced by air, fluid or a drain loses its label.

    Parameters
    ----------
    hu, truth : numpy.ndarray
        float32 HU and uint8 labels of the site.
    surface : Surface
        Where the skull is opened.
    rng : numpy.random.Generator
    noise_hu : float
        Standard deviation of the noise of the scan.
    operation : str, optional
        Key of `OPERATIONS`; drawn by default.
    """
    operation = str(rng.choice(list(OPERATIONS), p=list(OPERATIONS.values()))) if operation is None else operation
    radius_mm = rng.uniform(5, 8) if operation == "burr_hole" else rng.uniform(22, 45)
    if rng.random() < 0.7:
        swelling(hu, surface, rng)
    box = surface.box(radius_mm + 4)
    along, up = surface.along_mm(box)
    squareness = rng.uniform(2, 4)
    distance = (np.abs(along) ** squareness + np.abs(up) ** squareness) ** (1 / squareness)
    inward = surface.inward()
    _, dy, dx = surface.site.offsets_mm(surface.centre, box)
    # Across a small head, the box may reach the other wall.
    own_wall = dy * inward[0] + dx * inward[1] < max(radius_mm, 10)
    inside = np.clip((radius_mm - distance) / 1.0 + 0.5, 0, 1)
    gap = rng.uniform(1, 3)
    opened = np.clip((gap / 2 - np.abs(radius_mm - distance)) + 0.5, 0, 1) if operation == "craniotomy" else inside
    vault = (surface.site.height_fraction[box[0]] > _LOWEST_OPENING)[:, None, None]
    mottled = rng.uniform(15, 55) + rng.uniform(3, 10) * smooth_noise(rng, opened.shape, surface.site.spacing_mm, 9)
    tissue = mottled + noise_hu * rng.standard_normal(opened.shape, dtype=np.float32)
    remove_bone(hu, surface.site, box, opened * own_wall * vault, tissue)
    if rng.random() < 0.55:
        _pocket(hu, truth, surface, rng, _AIR_HU, rng.uniform(1, 6))
    if rng.random() < 0.4:
        _pocket(hu, truth, surface, rng, rng.uniform(*_FLUID_HU), rng.uniform(2, 7))
    if rng.random() < 0.35:
        _drain(hu, truth, surface, rng)
    if rng.random() < 0.15:
        metal(hu, surface.site, rng)
    if operation != "burr_hole" and rng.random() < 0.5:
        _staples(hu, surface, rng)


def _pocket(
    hu: np.ndarray,
    truth: np.ndarray,
    surface: Surface,
    rng: np.random.Generator,
    density_hu: float,
    thickness_mm: float,
) -> None:
    """Fill a thin, uneven layer below the bone, near the opening; air lies at the front, where it rises to."""
    site = surface.site
    centre = surface.centre
    air = density_hu == _AIR_HU
    if air and rng.random() < 0.5:
        front = site.inner_table[site.inner_table[:, 1] < np.quantile(site.inner_table[:, 1], 0.15)]
        centre = front[rng.integers(len(front))]
    reach_mm = rng.uniform(6, 30)
    box = site.around(centre, (reach_mm,) * 3)
    dz, dy, dx = site.offsets_mm(centre, box)
    run = np.sqrt(dz**2 + dy**2 + dx**2) / reach_mm
    depth_mm = site.convexity_depth_mm[box]
    uneven = 1 + rng.uniform(0.2, 0.9) * smooth_noise(rng, depth_mm.shape, site.spacing_mm, rng.uniform(6, 16))
    score = thickness_mm * np.clip(1 - run**2, -1, 1) * uneven - depth_mm - 0.2
    fraction = coverage_above(score.astype(np.float32), 0.0) * site.cavity[box]
    part = hu[box]
    low = min(float(hu.min()), 0.0)
    part += (fraction * (max(density_hu, low) - part)).astype(np.float32)
    truth[box][fraction >= 0.5] = 0


def _drain(hu: np.ndarray, truth: np.ndarray, surface: Surface, rng: np.random.Generator) -> None:
    """Add a tube from the opening to the ventricles or into the collection below the bone."""
    site = surface.site
    goals = np.argwhere(site.anatomy.ventricles)
    if len(goals) and rng.random() < 0.6:
        goal = goals[rng.integers(len(goals))].astype(float)
    else:
        table = site.inner_table
        near = table[np.linalg.norm((table - surface.centre) * site.spacing_mm, axis=1) < 60]
        goal = near[rng.integers(len(near))].astype(float)
    spacing = np.array(site.spacing_mm)
    start = surface.centre.astype(float)
    start[1:] -= surface.inward() * 12 / spacing[1:]
    length_mm = float(np.linalg.norm((goal - start) * spacing))
    direction = (goal - start) * spacing / max(length_mm, 1e-6)
    low = np.maximum(np.minimum(start, goal) - 6 / spacing, 0).astype(int)
    high = np.minimum(np.maximum(start, goal) + 6 / spacing + 1, hu.shape).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    dz, dy, dx = site.offsets_mm(start, (box[0], box[1], box[2]))
    along = dz * direction[0] + dy * direction[1] + dx * direction[2]
    off = np.sqrt(np.maximum(dz**2 + dy**2 + dx**2 - along**2, 0))
    on = (along > 0) & (along < length_mm)
    outer_mm = rng.uniform(1.2, 2.2)
    # Thick slices blur a tube that crosses them.
    wall = np.clip((outer_mm - off) / max(0.5 * site.spacing_mm[0] * abs(direction[0]), 0.8) + 0.5, 0, 1) * on
    part = hu[box]
    part += (wall * np.maximum(rng.uniform(90, 400) - part, 0)).astype(np.float32)
    truth[box][wall >= 0.5] = 0


def _staples(hu: np.ndarray, surface: Surface, rng: np.random.Generator) -> None:
    """Add a row of metal spots in the scalp."""
    inward = surface.inward()
    row_mm, column_mm = surface.site.spacing_mm[1:]
    outward_mm = rng.uniform(12, 20)
    for step in range(int(rng.integers(3, 10))):
        along_mm = (step - 4) * 5.0
        row = round(surface.centre[1] + (-inward[0] * outward_mm - inward[1] * along_mm) / row_mm)
        column = round(surface.centre[2] + (-inward[1] * outward_mm + inward[0] * along_mm) / column_mm)
        if (
            0 <= row < hu.shape[1]
            and 0 <= column < hu.shape[2]
            and not surface.site.cavity[surface.centre[0], row, column]
        ):
            hu[surface.centre[0], row, column] = _METAL_HU
