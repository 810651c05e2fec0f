# SPDX-License-Identifier: Apache-2.0
"""Painting lesions of given subtypes into a head CT."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.blending import HostGreys, blend_lesion
from ICHSegmentationLib.research.simulation.lesions.extra_axial import plan_epidural, plan_subdural
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.lesions.mass_effect import Displacement
from ICHSegmentationLib.research.simulation.lesions.parenchymal import plan_parenchymal
from ICHSegmentationLib.research.simulation.lesions.subarachnoid import plan_subarachnoid
from ICHSegmentationLib.research.simulation.lesions.ventricular import plan_ventricular

_SPACE_TAKING = {Subtype.EDH: plan_epidural, Subtype.SDH: plan_subdural, Subtype.IPH: plan_parenchymal}


def paint_lesions(
    hu: np.ndarray,
    anatomy: Anatomy | LesionSite,
    rng: np.random.Generator,
    subtypes: Collection[Subtype],
    *,
    labels: np.ndarray | None = None,
    volumes_ml: Mapping[Subtype, float] = MappingProxyType({}),
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
    volumes_ml : mapping of Subtype to float
        How large a lesion is to be, as far as the host has room; drawn where not given.

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
    canvas = _Canvas(site, painted[site.box], truth[site.box], rng)

    solid = [_SPACE_TAKING[s](site, rng, volumes_ml.get(s)) for s in sorted(_SPACE_TAKING) if s in subtypes]
    lesions = [lesion.trimmed() for lesion in solid if lesion is not None]
    displacement = Displacement(site, lesions)
    canvas.deform(displacement)
    for lesion in lesions:
        canvas.add(lesion)

    fluid = {"brain_hu": canvas.greys.brain_hu, "fluid_hu": canvas.greys.fluid_hu}
    if Subtype.IVH in subtypes:
        ventricles = displacement.warp_labels(site.anatomy.ventricles) & (canvas.truth == 0)
        clot = canvas.truth == Subtype.IPH
        canvas.add(
            plan_ventricular(
                site, rng, canvas.hu, ventricles, clot=clot, volume_ml=volumes_ml.get(Subtype.IVH), **fluid
            )
        )
    if Subtype.SAH in subtypes:
        csf = displacement.warp_labels(site.anatomy.csf) & (canvas.truth == 0)
        volume_ml = volumes_ml.get(Subtype.SAH)
        canvas.add(plan_subarachnoid(site, rng, canvas.hu, csf, volume_ml=volume_ml, **fluid))
    return painted, truth


class _Canvas:
    """Greys and labels of a site while lesions are added to them, in place."""

    def __init__(self, site: LesionSite, hu: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> None:
        self.hu, self.truth = hu, truth
        self.greys = HostGreys.measure(hu, site)
        self._site, self._rng = site, rng
        self._blur_pixels = float(rng.uniform(0.4, 0.8))
        self._room = (truth == 0).astype(np.float32)

    def deform(self, displacement: Displacement) -> None:
        """Move the brain and the blood that the host already has."""
        cavity = self._site.cavity
        # Bone must not be drawn inwards with the brain beside it.
        soft = np.where(cavity, self.hu, np.float32(self.greys.brain_hu))
        self.hu[...] = np.where(cavity, displacement.warp(soft), self.hu)
        self.truth[...] = displacement.warp_labels(self.truth)
        self._room = (self.truth == 0).astype(np.float32)

    def add(self, lesion: Lesion | None) -> None:
        """Blend a lesion and label what it took, leaving earlier lesions as they are."""
        if lesion is None:
            return
        blend_lesion(self.hu, lesion, self._room, self._site.cavity, self.greys, self._blur_pixels, self._rng)
        truth = self.truth[lesion.box]
        truth[(lesion.coverage >= 0.5) & (truth == 0)] = lesion.subtype
        self._room[lesion.box] *= 1 - lesion.coverage
