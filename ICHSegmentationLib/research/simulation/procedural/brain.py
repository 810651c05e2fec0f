# SPDX-License-Identifier: Apache-2.0
"""Intracranial structures as signed distances: ventricles, cisterns, cortex, deep nuclei, cerebellum, dura."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.anatomy.distance_fields import (
    Field,
    HeadFrame,
    ellipsoid,
    level_distance,
    noise_at,
    smooth_noise,
    smooth_step,
    smooth_union,
    tube,
)
from ICHSegmentationLib.research.simulation.procedural.traits import HeadTraits


@dataclass(frozen=True)
class BrainFields:
    """Signed distances in mm (negative inside) unless stated otherwise.

    Thin sheets are a pair of fields: the signed distance to the sheet and the region (`*_reach`) in which it exists, so
    that they stay thin and sharp when the fields are refined.
    """

    ventricles: Field
    cisterns: Field
    midline: Field
    fissure_reach: Field
    falx_reach: Field
    sylvian: Field
    sylvian_reach: Field
    tentorium: Field
    tentorium_reach: Field
    sulcus: Field
    sulcus_depth: Field
    widening: Field
    twig: Field
    subarachnoid_mm: Field
    basal_ganglia: Field
    thalamus: Field
    cerebellum: Field
    stem: Field
    sinus: Field
    calcification: Field
    white_matter: Field


def brain_fields(rng: np.random.Generator, frame: HeadFrame, inner: Field, traits: HeadTraits) -> BrainFields:
    """Generate the fields of one brain; `inner` is the signed distance to the inner table."""
    tentorium, tentorium_reach = _tentorium(frame)
    below = np.maximum(tentorium, frame.a + 7 + 0.45 * np.abs(frame.x))
    stem = tube(frame, ((0, -24, -2), (0, -26, -30), (0, -38, -55), (0, -42, -120)), (14, 15.5, 8, 5.5))
    stem = stem + 2.5 * np.exp(-(((frame.a + 10) / 5) ** 2 + (frame.x / 5) ** 2 + ((frame.s + 10) / 10) ** 2))
    lateral = np.abs(frame.x)
    front = np.maximum(frame.a + 36 - 0.9 * lateral, frame.a + 6 + 0.45 * lateral)
    cerebellum = np.maximum(np.maximum(inner + 1.2, tentorium + 1.5), front)
    magna = ellipsoid(frame, (0, -82, -56), (7 + 8 * rng.random(), 10, 9))
    cerebellum = np.maximum(cerebellum, -magna)
    # Above the brain stem the notch of the tentorium holds the splenium, not fluid.
    fossa = np.maximum(np.maximum(below, frame.s - 1), -smooth_union(cerebellum, stem, 2.0))
    ventricles, calcification = _ventricles(rng, frame, traits)
    sulcus, depth, twig = _cortex(rng, frame, inner, traits)
    above_tentorium = np.clip(smooth_step(tentorium, -1, 3) + smooth_step(frame.a, -20, -5), 0, 1)
    # Sulci are shallow at the base, and there are none in cerebellum and brain stem.
    depth = depth * above_tentorium * (1 - 0.6 * smooth_step(-frame.s, 0, 15))
    depth -= 30 * smooth_step(-cerebellum, 0, 3) + 30 * smooth_step(-stem, -4, 1)
    widening = np.clip(1 + 0.4 * smooth_noise(rng, frame, 30), 0.4, 2)
    patchy = smooth_noise(rng, frame, 18)
    white = -2.0 * traits.white_matter_disease * (1 + patchy) * smooth_step(-ventricles, -16, 0)
    white = 3 * white + 0.5 * smooth_noise(rng, frame, 9)
    midline = (frame.x + 1.2 * smooth_noise(rng, frame, 55)).astype(np.float32)
    callosum = ellipsoid(frame, (0, -13, 3), (30, 44, 24))
    fissure_reach = np.maximum(np.maximum(-callosum, -tentorium), -12 - frame.s)
    falx_reach = np.maximum(fissure_reach, -ellipsoid(frame, (0, -18, -2), (60, 66, 40)))
    sylvian, sylvian_reach = _sylvian(rng, frame)
    sinus = np.maximum(
        np.maximum(np.abs(frame.x), -inner) - 4.0 * rng.uniform(0.7, 1.2), -0.45 * frame.a - frame.s - 35
    )
    sinus = np.maximum(sinus, inner)
    transverse = np.maximum(np.sqrt(tentorium**2 + (inner + 3) ** 2) - 3.5, frame.a + 50)
    return BrainFields(
        ventricles=ventricles,
        cisterns=np.minimum(fossa, _cisterns(rng, frame, stem, traits)),
        midline=midline,
        fissure_reach=fissure_reach,
        falx_reach=falx_reach,
        sylvian=sylvian,
        sylvian_reach=sylvian_reach,
        tentorium=tentorium,
        tentorium_reach=tentorium_reach,
        sulcus=sulcus,
        sulcus_depth=depth,
        widening=widening,
        twig=twig,
        subarachnoid_mm=np.maximum(
            0.4 + traits.atrophy * 1.4 + 0.5 * traits.sulcus_mm * widening * smooth_step(frame.a, -40, 30), 0.3
        ),
        basal_ganglia=_basal_ganglia(frame),
        thalamus=ellipsoid(frame, (11, -18, 7), (9, 14, 10), mirrored=True),
        cerebellum=cerebellum,
        stem=stem,
        sinus=np.minimum(sinus, transverse),
        calcification=calcification,
        white_matter=white,
    )


def _tentorium(frame: HeadFrame) -> tuple[Field, Field]:
    back = np.maximum(-50 - frame.a, 0)
    sheet = frame.s - (13 - 0.010 * frame.x**2 - 0.0105 * back**2)
    notch = ellipsoid(frame, (0, -32, 0), (19, 26, 200))
    return sheet / 1.2, np.maximum(-notch, frame.a + 10 + 0.45 * np.abs(frame.x))


def _ventricles(rng: np.random.Generator, frame: HeadFrame, traits: HeadTraits) -> tuple[Field, Field]:
    """Return the ventricles and the calcified spots of plexus, pineal, pallidum and falx."""
    k = traits.ventricle_scale
    wider = 1 + traits.ventricle_asymmetry * np.sign(frame.x)
    horns = rng.uniform(0.7, 1.25, 3)
    body = ((6.5, 33, 4), (11, 26, 9), (11, 10, 16), (11.5, -8, 20), (16, -27, 19), (23, -39, 11))
    lateral = tube(frame, body, (2.2 * k, 5 * k * horns[0], 5 * k, 4.5 * k, 5 * k, 6.5 * k), squeeze=1.15)
    occipital = tube(frame, ((23, -39, 11), (22, -58, 7), (19, -72, 6)), (6.5 * k, 4.2 * k * horns[1], 1.2 * k))
    temporal = tube(
        frame, ((24, -39, 10), (33, -30, -6), (33, -18, -14), (29, -6, -18)), (6 * k, 2.2 * k, 2 * k, 1.6 * k)
    )
    lateral = smooth_union(smooth_union(lateral, occipital, 3), temporal, 2) - 0.6 * (wider - 1) * 10
    lateral = np.maximum(lateral, 0.9 - np.abs(frame.x))
    third = np.maximum(ellipsoid(frame, (0, -9, -1), (1.2 + 1.6 * k, 15, 11)), np.abs(frame.x) - 1.4 - 1.5 * (k - 0.6))
    fourth = ellipsoid(frame, (0, -42, -32), (7 * (0.7 + 0.3 * k), 5 * (0.6 + 0.4 * k), 11))
    ventricles = np.minimum(np.minimum(lateral, third), fourth)
    spots = np.full(frame.x.shape, 30, np.float32)
    rough = 1.6 * smooth_noise(rng, frame, 4.5)
    for wanted, place, radius in (
        (traits.choroid_calcified, (22, -39, 9), rng.uniform(2, 4)),
        (traits.pallidum_calcified, (19, -2, 0), rng.uniform(2, 4)),
    ):
        if wanted:
            spots = np.minimum(spots, ellipsoid(frame, place, (radius,) * 3, mirrored=True))
    if traits.pineal_calcified:
        spots = np.minimum(spots, ellipsoid(frame, (0, -36, 3), (rng.uniform(1.5, 3),) * 3))
    if traits.falx_calcified:
        along = (0.0, rng.uniform(20, 60), rng.uniform(35, 55))
        spots = np.minimum(spots, ellipsoid(frame, along, (1.5, rng.uniform(3, 8), rng.uniform(3, 6))))
    return ventricles, spots + rough


def _cisterns(rng: np.random.Generator, frame: HeadFrame, stem: Field, traits: HeadTraits) -> Field:
    k = 0.85 + 0.35 * traits.atrophy
    suprasellar = ellipsoid(frame, (0, 4, -18), (13 * k, 11 * k, 7))
    peduncles = ellipsoid(frame, (0, -11, -15), (8 * k, 5 * k, 8))
    plate = ellipsoid(frame, (0, -43, 0), (10 * k, 5 * k, 8))
    width = 1.6 * k + 1.3 * smooth_noise(rng, frame, 9)
    ambient = np.maximum(np.maximum(stem - width, -stem), np.abs(frame.s + 8) - 12)
    vallecula = tube(frame, ((8, 6, -17), (34, 9, -12)), (4.5 * k, 2.6 * k))
    out = np.minimum(np.minimum(suprasellar, peduncles), np.minimum(plate, vallecula))
    return np.minimum(out, ambient)


def _sylvian(rng: np.random.Generator, frame: HeadFrame) -> tuple[Field, Field]:
    """Return the sheet of the Sylvian fissure, bent over the insula, and its region."""
    wave = 2.5 * smooth_noise(rng, frame, 14)
    lateral = np.abs(frame.x)
    roof = -9 - 0.55 * (frame.a - 18)
    opening = (frame.s - roof) * 0.85 + wave
    insula = lateral - 37 + 0.012 * frame.a**2 + wave
    # Outside the insula the fissure is the slit between frontal and temporal opercula; at the insula it turns up.
    reach_insula = ellipsoid(frame, (38, -3, 3), (9, 24, 17), mirrored=True)
    slit = np.where(reach_insula < 0, insula, opening)
    reach_slit = np.maximum(np.maximum(36 - lateral, frame.a - 22), -48 - frame.a)
    return slit.astype(np.float32), np.minimum(reach_insula, reach_slit)


def _cortex(rng: np.random.Generator, frame: HeadFrame, inner: Field, traits: HeadTraits) -> tuple[Field, Field, Field]:
    """Return the distance to the sulci, their depth, and the distance to smaller side branches.

    Sulci are the zero crossings of smooth noise on the cortical surface, continued inwards along the surface normal
    with some meandering.
    """
    hull = _creaseless(inner, frame)
    slope = np.gradient(hull, *frame.spacing_mm)
    norm = np.sqrt(sum(g * g for g in slope)) + 1e-3
    depth = np.clip(-inner, 0, 40)
    near = inner < 5
    z, y, x = (np.arange(n, dtype=np.float32) * step for n, step in zip(inner.shape, frame.spacing_mm, strict=True))
    meander = [1.2 * smooth_noise(rng, frame, 14) * np.sqrt(depth) for _ in range(3)]
    folded = [
        (base + g / norm * depth * 0.8 + m)[near]
        for base, g, m in zip(np.meshgrid(z, y, x, indexing="ij"), slope, meander, strict=True)
    ]

    def walls(cell_mm: float) -> Field:
        field = np.zeros_like(inner)
        field[near] = noise_at(rng, folded, cell_mm)
        return level_distance(field, frame.spacing_mm)

    main, twig = walls(rng.uniform(8.5, 11)), walls(rng.uniform(5.5, 7))
    reach = 12 + 9 * smooth_noise(rng, frame, 12) + 3 * traits.atrophy
    return main, np.clip(reach, 3, 30).astype(np.float32), twig


def _creaseless(field: Field, frame: HeadFrame) -> Field:
    """Smooth creases of a field, so that its gradient is a usable surface normal."""
    return ndimage.gaussian_filter(field, [4 / step for step in frame.spacing_mm], mode="nearest")


def _basal_ganglia(frame: HeadFrame) -> Field:
    lentiform = ellipsoid(frame, (25, 1, 0), (7, 18, 11), mirrored=True)
    caudate = ellipsoid(frame, (15, 15, 8), (5, 11, 10), mirrored=True)
    return np.minimum(lentiform, caudate)
