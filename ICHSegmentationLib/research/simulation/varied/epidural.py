# SPDX-License-Identifier: Apache-2.0
"""Epidural collections: biconvex lenses that end steeply where the dura is fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.fields import coverage_above, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.varied.ages import EPIDURAL_AGES, drawn_age, with_age
from ICHSegmentationLib.research.simulation.varied.surroundings import Surface

PLACES = {"convexity": 0.4, "temporal": 0.3, "posterior_fossa": 0.15, "vertex": 0.15}
"""Probability of each place."""
_THINNEST_MM, _THICKEST_MM = 3.0, 30.0
_SKULL_RADIUS_MM = 75.0
"""Of the inner table. A layer is biconvex if it is thicker than the height of the skull's arc above its chord."""
_NARROWEST_MM, _WIDEST_MM = 9.0, 60.0


@dataclass(frozen=True)
class Epidural:
    """A planned lens and its centre on the inner table."""

    lesion: Lesion
    centre: np.ndarray


def plan_lens(
    site: LesionSite, rng: np.random.Generator, *, place: str | None = None, thickness_mm: float | None = None
) -> Epidural | None:
    """Plan a biconvex lens.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    place : str, optional
        Key of `PLACES`; drawn by default. A place that the scan does not show is replaced by the whole inner table.
    thickness_mm : float, optional
        Greatest thickness; drawn from 3-30 mm by default.

    Returns
    -------
    Epidural or None
        None if there is no inner table.
    """
    place = str(rng.choice(list(PLACES), p=list(PLACES.values()))) if place is None else place
    centre = table_point(site, rng, place)
    if centre is None:
        return None
    if thickness_mm is None:
        thickness_mm = float(np.exp(rng.uniform(np.log(_THINNEST_MM), np.log(_THICKEST_MM))))
        if place == "posterior_fossa":
            thickness_mm = min(thickness_mm, 15.0)
    widest_mm = np.sqrt(2 * _SKULL_RADIUS_MM * thickness_mm)
    radius_mm = float(np.clip(widest_mm * rng.uniform(0.6, 1.0), _NARROWEST_MM, _WIDEST_MM))
    box = site.around(centre, (1.3 * radius_mm + thickness_mm,) * 3)
    dz, dy, dx = site.offsets_mm(centre, box)
    depth_mm = site.depth_mm[box]
    # Length along the table: the depth does not count.
    apart = np.sqrt(np.maximum(dz**2 + dy**2 + dx**2 - depth_mm**2, 0)) / radius_mm
    edge_mm = radius_mm * (1 - apart)
    for _ in range(int(rng.integers(0, 3))):
        edge_mm = np.minimum(edge_mm, _to_suture(rng, Surface(site, centre).along_mm(box), radius_mm))
    taper_mm = min(rng.uniform(5, 15), 0.35 * radius_mm)
    dome = thickness_mm * np.clip(1 - apart**2, 0, 1) ** rng.uniform(0.6, 1.0)
    uneven = 1 + rng.uniform(0, 0.08) * smooth_noise(rng, depth_mm.shape, site.spacing_mm, rng.uniform(14, 30))
    layer_mm = np.where(edge_mm > 0, dome * uneven * np.clip(edge_mm / taper_mm, 0, 1), edge_mm)
    score_mm = layer_mm - depth_mm
    domain = site.cavity[box] & _own_side(site, box, centre, place)
    if place in ("temporal", "posterior_fossa"):
        # Not on the petrous ridge, which stands out from the wall by more than the arc of the skull.
        inward = Surface(site, centre).inward()
        arc_mm = (dz**2 + dy**2 + dx**2) / (2 * 50)
        domain &= dy * inward[0] + dx * inward[1] - depth_mm < 6 + arc_mm
    coverage = coverage_above(score_mm.astype(np.float32), 0.0) * domain
    if not (coverage >= 0.5).any():
        return None
    lens = Lesion(Subtype.EDH, box, coverage, np.zeros_like(coverage), push_mm=0.5 * thickness_mm).trimmed()
    return Epidural(with_age(lens, site, rng, drawn_age(rng, EPIDURAL_AGES)), centre)


def table_point(site: LesionSite, rng: np.random.Generator, place: str) -> np.ndarray | None:
    """Draw a voxel on the inner table at a place."""
    points = site.inner_table
    if not len(points):
        return None
    at = tuple(points.T)
    lateral, height = np.abs(site.anatomy.midline_distance_mm[at]), site.height_fraction[points[:, 0]]
    behind = points[:, 1] - points[:, 1].mean()
    vault = site.convexity_depth_mm[at] < 3
    chosen = {
        "convexity": vault & (lateral > 25) & (height > 0.4) & (height < 0.9),
        "temporal": (lateral > 45) & (height > 0.15) & (height < 0.45) & (np.abs(behind) < 45 / site.spacing_mm[1]),
        "posterior_fossa": _beside_cerebellum(site, points),
        "vertex": vault & (lateral < 20) & (height > 0.7),
    }[place]
    among = points[chosen] if chosen.any() else points[vault] if vault.any() else points
    return among[rng.integers(len(among))]


def _beside_cerebellum(site: LesionSite, points: np.ndarray) -> np.ndarray:
    """Return which voxels of the inner table have the cerebellum within a few millimetres in front of them."""
    cerebellum = site.anatomy.deep == DeepRegion.CEREBELLUM
    near = np.zeros(len(points), dtype=bool)
    for step_mm in (4, 8, 12):
        rows = np.maximum(points[:, 1] - round(step_mm / site.spacing_mm[1]), 0)
        near |= cerebellum[points[:, 0], rows, points[:, 2]]
    return near


def _to_suture(rng: np.random.Generator, along_mm: tuple[np.ndarray, np.ndarray], radius_mm: float) -> np.ndarray:
    """Return the distance to a suture: a line on the skull that the lens does not pass."""
    along, up = along_mm
    angle = rng.uniform(0, 2 * np.pi)
    return rng.uniform(0.35, 0.8) * radius_mm - (np.cos(angle) * along + np.sin(angle) * up)


def _own_side(
    site: LesionSite, box: tuple[slice, slice, slice], centre: np.ndarray, place: str
) -> np.ndarray | np.bool_:
    """Return where the lens may lie; only at the vertex it crosses the midline, above the sinus."""
    if place in ("vertex", "posterior_fossa"):
        return np.bool_(True)
    side = np.sign(site.anatomy.midline_distance_mm[tuple(centre)]) or 1.0
    own: np.ndarray = side * site.anatomy.midline_distance_mm[box] > 1.0
    return own
