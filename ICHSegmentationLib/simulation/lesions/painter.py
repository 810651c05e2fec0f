# SPDX-License-Identifier: Apache-2.0
"""Painting lesions of given subtypes into a head CT."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ICHSegmentationLib.simulation.anatomy import Anatomy
from ICHSegmentationLib.simulation.lesions.blending import HostGreys, blend_lesion
from ICHSegmentationLib.simulation.lesions.extra_axial import plan_epidural, plan_subdural
from ICHSegmentationLib.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.simulation.lesions.mass_effect import Displacement
from ICHSegmentationLib.simulation.lesions.parenchymal import plan_parenchymal
from ICHSegmentationLib.simulation.lesions.site import LesionSite
from ICHSegmentationLib.simulation.lesions.subarachnoid import plan_subarachnoid
from ICHSegmentationLib.simulation.lesions.ventricular import plan_ventricular
from ICHSegmentationLib.subtypes import Subtype

_SPACE_TAKING = {Subtype.EDH: plan_epidural, Subtype.SDH: plan_subdural, Subtype.IPH: plan_parenchymal}


def paint_lesions(
    hu: np.ndarray,
    anatomy: Anatomy | LesionSite,
    rng: np.random.Generator,
    subtypes: Collection[Subtype],
    *,
    labels: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Paint one lesion of each subtype asked for.

    Lesions that take space are planned first and move the brain; blood in the fluid spaces then fills them as they
    are after that. What a host lacks (no ventricles known, no bone) is left out.

    Parameters
    ----------
    hu : numpy.ndarray
        float32 (slices, rows, columns); rows run from anterior to posterior, slices from the skull base up.
    anatomy : Anatomy or LesionSite
        A site saves the distance transform where the same head is used again.
    rng : numpy.random.Generator
        The same state gives the same sample.
    subtypes : collection of Subtype
        Their order does not matter.
    labels : numpy.ndarray, optional
        uint8, blood that the host already has. It moves with the brain and keeps its voxels.

    Returns
    -------
    hu : numpy.ndarray
        float32, a new array.
    labels : numpy.ndarray
        uint8, values of `Subtype`, 0 elsewhere: voxels that are blood by half or more.
    """
    site = anatomy if isinstance(anatomy, LesionSite) else LesionSite(anatomy)
    painted = hu.astype(np.float32, copy=True)
    truth = np.zeros(hu.shape, dtype=np.uint8) if labels is None else labels.astype(np.uint8, copy=True)
    if site.is_empty or not subtypes:
        return painted, truth
    site_hu, site_truth = painted[site.box], truth[site.box]
    greys = HostGreys.measure(site_hu, site)
    blur_pixels = float(rng.uniform(0.4, 0.8))

    solid = [_SPACE_TAKING[s](site, rng) for s in sorted(_SPACE_TAKING) if s in subtypes]
    lesions = [lesion for lesion in solid if lesion is not None]
    displacement = Displacement(site, lesions)
    site_hu[...] = np.where(site.cavity, displacement.warp(site_hu), site_hu)
    site_truth[...] = displacement.warp_labels(site_truth)
    free = (site_truth == 0).astype(np.float32)
    for lesion in lesions:
        _paint(site_hu, site_truth, free, lesion, greys, blur_pixels, rng)

    fluid = {"brain_hu": greys.brain_hu, "fluid_hu": greys.fluid_hu}
    if Subtype.IVH in subtypes:
        clot = site_truth == Subtype.IPH
        ventricles = displacement.warp_labels(site.anatomy.ventricles) & (site_truth == 0)
        ivh = plan_ventricular(site, rng, site_hu, ventricles, clot=clot, **fluid)
        if ivh is not None:
            _paint(site_hu, site_truth, free, ivh, greys, blur_pixels, rng)
    if Subtype.SAH in subtypes:
        csf = displacement.warp_labels(site.anatomy.csf) & (site_truth == 0)
        sah = plan_subarachnoid(site, rng, site_hu, csf, **fluid)
        if sah is not None:
            _paint(site_hu, site_truth, free, sah, greys, blur_pixels, rng)
    return painted, truth


def _paint(
    hu: np.ndarray,
    truth: np.ndarray,
    free: np.ndarray,
    lesion: Lesion,
    greys: HostGreys,
    blur_pixels: float,
    rng: np.random.Generator,
) -> None:
    """Blend a lesion and label what it took, leaving earlier lesions as they are."""
    blend_lesion(hu, lesion, free, greys, blur_pixels, rng)
    room = free[lesion.box]
    taken = (lesion.coverage >= 0.5) & (truth[lesion.box] == 0)
    truth[lesion.box][taken] = lesion.subtype
    room *= 1 - lesion.coverage
