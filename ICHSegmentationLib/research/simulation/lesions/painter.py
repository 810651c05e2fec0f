# SPDX-License-Identifier: Apache-2.0
"""Simulate lesions of given subtypes in a head CT."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.canvas import Canvas
from ICHSegmentationLib.research.simulation.lesions.extra_axial import plan_epidural, plan_subdural
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
    """Simulate one lesion of each given subtype.

    Space-occupying lesions come first and displace the brain; hemorrhage in the fluid spaces then fills the displaced
    spaces. Lesions that the host scan has no place for (no ventricles, no bone) are left out.

    Parameters
    ----------
    hu : numpy.ndarray
        float32 (slices, rows, columns); rows run from anterior to posterior, slices from the skull base up.
    anatomy : Anatomy or LesionSite
        Pass a site to reuse its distance transforms for the same head.
    rng : numpy.random.Generator
        The same state gives the same sample.
    subtypes : collection of Subtype
        Subtypes in any order.
    labels : numpy.ndarray, optional
        uint8, labels of the host scan. They move with the brain and are not overwritten.
    volumes_ml : mapping of Subtype to float
        Volumes of the lesions, limited by the space in the head; drawn by default.

    Returns
    -------
    hu : numpy.ndarray
        float32, a new array.
    labels : numpy.ndarray
        uint8, values of `Subtype`, 0 elsewhere: voxels that consist of hemorrhage by half or more.
    """
    site = anatomy if isinstance(anatomy, LesionSite) else LesionSite(anatomy)
    painted = hu.astype(np.float32, copy=True)
    truth = np.zeros(hu.shape, dtype=np.uint8) if labels is None else labels.astype(np.uint8, copy=True)
    if site.is_empty or not subtypes:
        return painted, truth
    canvas = Canvas(site, painted[site.box], truth[site.box], rng)

    solid = [_SPACE_TAKING[s](site, rng, volumes_ml.get(s)) for s in sorted(_SPACE_TAKING) if s in subtypes]
    lesions = [lesion.trimmed() for lesion in solid if lesion is not None]
    displacement = Displacement(site, lesions)
    canvas.deform(displacement)
    for lesion in lesions:
        canvas.add(lesion)

    brain_hu, fluid_hu = canvas.greys.brain_hu, canvas.greys.fluid_hu
    if Subtype.IVH in subtypes:
        ventricles = displacement.warp_labels(site.anatomy.ventricles) & (canvas.truth == 0)
        clot = canvas.truth == Subtype.IPH
        canvas.add(
            plan_ventricular(
                site,
                rng,
                canvas.hu,
                ventricles,
                clot=clot,
                volume_ml=volumes_ml.get(Subtype.IVH),
                brain_hu=brain_hu,
                fluid_hu=fluid_hu,
            )
        )
    if Subtype.SAH in subtypes:
        csf = displacement.warp_labels(site.anatomy.csf) & (canvas.truth == 0)
        volume_ml = volumes_ml.get(Subtype.SAH)
        canvas.add(
            plan_subarachnoid(site, rng, canvas.hu, csf, volume_ml=volume_ml, brain_hu=brain_hu, fluid_hu=fluid_hu)
        )
    return painted, truth
