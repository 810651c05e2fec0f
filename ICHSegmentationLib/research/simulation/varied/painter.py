# SPDX-License-Identifier: Apache-2.0
"""Simulate varied hemorrhage in a head CT."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.canvas import Canvas
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.lesions.mass_effect import Displacement
from ICHSegmentationLib.research.simulation.varied.contusions import plan_clots
from ICHSegmentationLib.research.simulation.varied.epidural import plan_lens
from ICHSegmentationLib.research.simulation.varied.spaces import plan_thin_subarachnoid, plan_ventricular_form
from ICHSegmentationLib.research.simulation.varied.subdural import plan_subdurals
from ICHSegmentationLib.research.simulation.varied.surgery import operate, operated_surface
from ICHSegmentationLib.research.simulation.varied.surroundings import (
    SATURATED_BELOW_HU,
    Surface,
    fracture,
    swelling,
)

_MARGIN_MM = 24.0
"""Space around the cavity for bone and scalp."""
_PATTERNS: tuple[tuple[tuple[Subtype, ...], float], ...] = (
    ((Subtype.SDH,), 0.26),
    ((Subtype.EDH,), 0.24),
    ((Subtype.SAH,), 0.07),
    ((Subtype.IPH,), 0.07),
    ((Subtype.IVH,), 0.06),
    ((Subtype.SDH, Subtype.SAH), 0.08),
    ((Subtype.EDH, Subtype.SDH), 0.04),
    ((Subtype.SDH, Subtype.SAH, Subtype.IPH), 0.07),
    ((Subtype.EDH, Subtype.SDH, Subtype.SAH, Subtype.IPH), 0.04),
    ((Subtype.SAH, Subtype.IVH), 0.04),
    ((Subtype.IPH, Subtype.IVH), 0.03),
)


def random_varied_subtypes(rng: np.random.Generator) -> list[Subtype]:
    """Draw subtypes as they occur together, extra-axial ones foremost."""
    return list(_PATTERNS[int(rng.choice(len(_PATTERNS), p=[p for _, p in _PATTERNS]))][0])


def paint_varied(
    hu: np.ndarray,
    anatomy: Anatomy | LesionSite,
    rng: np.random.Generator,
    subtypes: Collection[Subtype],
    *,
    labels: np.ndarray | None = None,
    operated: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate lesions of each given subtype, of forms and densities that `paint_lesions` does not have.

    Subdural collections are 2-25 mm thick, of all ages (10-75 HU), over one or both hemispheres and along falx and
    tentorium; epidural ones are biconvex, 3-30 mm thick, with or without fracture and scalp swelling.

    Parameters
    ----------
    hu, anatomy, rng, subtypes, labels
        See `paint_lesions`.
    operated : bool
        Simulate the state after surgery: an opened skull with air, fluid, drain, metal; see `operate`.

    Returns
    -------
    hu : numpy.ndarray
        float32, a new array.
    labels : numpy.ndarray
        uint8, values of `Subtype`, 0 elsewhere: voxels that consist of hemorrhage by half or more.
    """
    beyond_cavity = operated or Subtype.EDH in subtypes
    site = anatomy if isinstance(anatomy, LesionSite) else LesionSite(anatomy, _MARGIN_MM if beyond_cavity else 0.0)
    painted = hu.astype(np.float32, copy=True)
    truth = np.zeros(hu.shape, dtype=np.uint8) if labels is None else labels.astype(np.uint8, copy=True)
    if site.is_empty or not (subtypes or operated):
        return painted, truth
    canvas = Canvas(site, painted[site.box], truth[site.box], rng)
    lens = plan_lens(site, rng) if Subtype.EDH in subtypes else None
    solid: list[Lesion] = [] if lens is None else [lens.lesion]
    if Subtype.SDH in subtypes:
        solid += plan_subdurals(site, rng)
    if Subtype.IPH in subtypes:
        solid += plan_clots(site, rng)
    solid = [lesion.trimmed() for lesion in solid]
    displacement = Displacement(site, solid)
    canvas.deform(displacement)
    for lesion in solid:
        canvas.add(lesion)
    _add_to_fluid(canvas, site, rng, subtypes, displacement)
    if lens is not None:
        surface = Surface(site, lens.centre)
        if rng.random() < 0.4:
            fracture(canvas.hu, surface, rng)
        if rng.random() < 0.5:
            swelling(canvas.hu, surface, rng)
    opening = operated_surface(site, rng) if operated else None
    if opening is not None:
        operate(canvas.hu, canvas.truth, opening, rng, noise_hu=canvas.greys.noise_hu)
        # As bright as the host scan, whose greys may end below the density of bone and metal.
        np.clip(painted, *_range(hu), out=painted)
    return painted, truth


def _range(hu: np.ndarray) -> tuple[float, float]:
    low, high = float(hu.min()), float(hu.max())
    return low, high if high < SATURATED_BELOW_HU else np.inf


def _add_to_fluid(
    canvas: Canvas,
    site: LesionSite,
    rng: np.random.Generator,
    subtypes: Collection[Subtype],
    displacement: Displacement,
) -> None:
    """Add hemorrhage to the displaced ventricles and cisterns."""
    brain_hu, fluid_hu = canvas.greys.brain_hu, canvas.greys.fluid_hu
    if Subtype.IVH in subtypes:
        ventricles = displacement.warp_labels(site.anatomy.ventricles) & (canvas.truth == 0)
        canvas.add(plan_ventricular_form(site, rng, canvas.hu, ventricles, brain_hu=brain_hu, fluid_hu=fluid_hu))
    if Subtype.SAH in subtypes:
        csf = displacement.warp_labels(site.anatomy.csf) & (canvas.truth == 0)
        canvas.add(plan_thin_subarachnoid(site, rng, canvas.hu, csf, brain_hu=brain_hu, fluid_hu=fluid_hu))
