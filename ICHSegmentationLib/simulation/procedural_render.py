# SPDX-License-Identifier: Apache-2.0
"""From coarse distance fields to HU and masks, one plane at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace

import numpy as np

from ICHSegmentationLib.simulation.anatomy import Anatomy, DeepRegion
from ICHSegmentationLib.simulation.procedural_brain import BrainFields
from ICHSegmentationLib.simulation.procedural_fields import HeadFrame, linear_matrix, smooth_noise
from ICHSegmentationLib.simulation.procedural_skull import SkullFields
from ICHSegmentationLib.simulation.procedural_traits import HeadTraits

Triple = tuple[float, float, float]
Plane = np.ndarray

_AIR_HU = -1000.0
_FAT_HU = -95.0
_SKIN_HU = 40.0
_MUSCLE_HU = 55.0
_TABLE_HU = 1350.0
_DIPLOE_HU = 550.0
_DURA_HU = 56.0
_SINUS_HU = 52.0
_CALCIUM_HU = 190.0
_EYE_HU = 12.0
_TENTORIUM_MM = 1.4


def render(
    rng: np.random.Generator,
    frame: HeadFrame,
    skull: SkullFields,
    brain: BrainFields,
    traits: HeadTraits,
    shape: tuple[int, int, int],
    spacing_mm: Triple,
) -> tuple[np.ndarray, Anatomy]:
    """Return float32 HU without noise and the masks, both of `shape` (planes, rows, columns)."""
    rows = linear_matrix(shape[1], frame.x.shape[1])
    columns = linear_matrix(shape[2], frame.x.shape[2]).T.copy()
    coarse = {f.name: getattr(group, f.name) for group in (skull, brain) for f in fields(group)}
    coarse["marbling"] = smooth_noise(rng, frame, 5)
    coarse["bundles"] = smooth_noise(rng, frame, 11)
    coarse["fine_marbling"] = smooth_noise(rng, frame, 3)
    hu = np.empty(shape, np.float32)
    masks = {name: np.empty(shape, bool) for name in ("skull", "intracranial", "brain", "csf", "ventricles")}
    deep = np.empty(shape, np.uint8)
    midline = np.empty(shape, np.float32)
    backdrop = _head_rest(rng, shape, spacing_mm) if traits.head_rest else np.full(shape[1:], _AIR_HU, np.float32)
    soft = soft_edge(spacing_mm[1])
    for index in range(shape[0]):
        at = SimpleNamespace(**{name: rows @ field[index] @ columns for name, field in coarse.items()})
        inside, skull_share, air = soft(at.inner), soft(at.bone), soft(at.air)
        csf, ventricles, dura, grey = _spaces(at, soft, traits, spacing_mm[0])
        image = _outside(at, soft, backdrop)
        image = _mix(image, _bone(at), skull_share)
        image = _mix(image, _AIR_HU, air * (at.inner > 0) * soft(at.skin))
        image = _mix(image, _inside(at, soft, traits, csf, ventricles, dura, grey), inside)
        hu[index] = image
        intracranial = inside > 0.5
        masks["intracranial"][index] = intracranial
        masks["skull"][index] = (skull_share > 0.5) & ~intracranial
        masks["ventricles"][index] = (ventricles > 0.5) & intracranial
        masks["csf"][index] = (csf > 0.5) & (ventricles <= 0.5) & (dura <= 0.5) & intracranial
        masks["brain"][index] = intracranial & (csf <= 0.5) & (ventricles <= 0.5) & (dura <= 0.5)
        deep[index] = _deep(at, grey) * masks["brain"][index]
        midline[index] = at.midline
    return hu, Anatomy(**masks, deep=deep, midline_distance_mm=midline, spacing_mm=spacing_mm)


def soft_edge(pixel_mm: float) -> Callable[[Plane], Plane]:
    """Return the function that turns a signed distance into the share of a pixel that lies inside."""

    def share(distance: Plane) -> Plane:
        return np.clip(0.5 - distance / np.float32(max(pixel_mm, 0.6)), 0, 1)

    return share


def _mix(image: Plane, value: Plane | float, share: Plane) -> Plane:
    return image + (value - image) * share


def _spaces(
    at: SimpleNamespace, soft: Callable[[Plane], Plane], traits: HeadTraits, plane_mm: float
) -> tuple[Plane, ...]:
    """Return the shares of CSF, ventricle and dura, and the share of grey matter in what remains."""
    depth = -at.inner - at.subarachnoid_mm
    width = traits.sulcus_mm
    wall = np.abs(at.sulcus) - width * (1.15 - 0.02 * depth)
    sulcus = np.maximum(wall, (depth - at.sulcus_depth) * 0.6)
    branch = np.abs(at.twig) - 0.7 * width
    sulcus = np.minimum(sulcus, np.maximum(branch, (depth - 0.45 * at.sulcus_depth) * 0.6))
    fissure = np.maximum(np.abs(at.midline) - 0.6 - 0.9 * width, at.fissure_reach)
    # The fissure closes towards its edges.
    sylvian = np.maximum(np.abs(at.sylvian) - (0.5 + 1.2 * width) * np.clip(-at.sylvian_reach / 6, 0, 1), at.sylvian_reach)
    liquid = np.minimum(np.minimum(sulcus, fissure), np.minimum(sylvian, depth))
    supratentorial = np.minimum(np.minimum(at.cerebellum, at.stem), 3) / 3
    liquid = np.where(supratentorial <= 0, np.float32(3), liquid)
    falx = np.maximum(np.abs(at.midline) - 0.55, at.falx_reach)
    dura = np.minimum(falx, at.sinus)
    cortex = np.minimum(np.minimum(liquid, at.basal_ganglia), at.thalamus) - 2.6
    grey = soft(np.where(supratentorial <= 0, 0.5, cortex) / 2)
    return (
        soft(np.minimum(liquid, at.cisterns)),
        soft(at.ventricles),
        np.maximum(soft(dura), _tentorium(at, soft, plane_mm)),
        grey,
    )


def _tentorium(at: SimpleNamespace, soft: Callable[[Plane], Plane], plane_mm: float) -> Plane:
    # The sheet is nearly parallel to the planes and thinner than they are: each plane sees a wide, faint share of it.
    half = max(_TENTORIUM_MM / 2, 0.42 * plane_mm)
    return soft(np.maximum(np.abs(at.tentorium) - half, at.tentorium_reach)) * (_TENTORIUM_MM / 2 / half)


def _inside(
    at: SimpleNamespace,
    soft: Callable[[Plane], Plane],
    traits: HeadTraits,
    csf: Plane,
    ventricles: Plane,
    dura: Plane,
    grey: Plane,
) -> Plane:
    image = traits.white_hu + np.clip(at.white_matter, -12, 2) * (1 - grey)
    image = image + (traits.grey_hu - traits.white_hu) * grey + 0.7 * at.marbling
    image = _mix(image, traits.csf_hu + 2, csf)
    image = _mix(image, traits.csf_hu, ventricles)
    image = _mix(image, _DURA_HU, dura)
    return _mix(image, _CALCIUM_HU, soft(at.calcification))


def _bone(at: SimpleNamespace) -> Plane:
    # The tables are dense, the diploe between them is not; thin bone has no diploe.
    place = np.clip(at.inner / at.thickness, 0, 1)
    diploe = np.clip(1 - np.abs(place - 0.5) * 4, 0, 1) * np.clip(at.thickness - 3.5, 0, 2) / 2
    diploe = np.where(at.inner > at.thickness, 0.45, diploe)
    return _TABLE_HU - (_TABLE_HU - _DIPLOE_HU) * diploe + 90 * at.marbling + 60 * at.fine_marbling


def _outside(at: SimpleNamespace, soft: Callable[[Plane], Plane], backdrop: Plane) -> Plane:
    """Return skin, fat, muscle and eyes over what lies behind the head."""
    muscle = np.clip(2.5 * at.muscle - 0.8 + 0.4 * at.fine_marbling, 0, 1)
    # Below the base, muscles with seams of fat between them.
    deep_soft = soft(10 - at.inner) * soft(at.skin + 7) * np.clip(2.2 * np.abs(at.bundles) - 0.25, 0, 1)
    tissue = _mix(np.full(at.skin.shape, _FAT_HU, np.float32), _MUSCLE_HU, np.maximum(muscle, deep_soft))
    tissue = _mix(tissue, _EYE_HU, soft(at.eyes))
    tissue = _mix(tissue, _EYE_HU + 30, soft(np.abs(at.eyes) - 0.6))
    tissue = _mix(tissue, _SKIN_HU, soft(np.abs(at.skin + 1) - 1))
    return _mix(backdrop, tissue, soft(at.skin))


def _deep(at: SimpleNamespace, grey: Plane) -> Plane:
    code = np.where((grey < 0.5) & (at.inner < -6), DeepRegion.LOBAR_WHITE_MATTER, DeepRegion.UNKNOWN)
    code = np.where(at.basal_ganglia < 0, DeepRegion.BASAL_GANGLIA, code)
    code = np.where(at.thalamus < 0, DeepRegion.THALAMUS, code)
    code = np.where(at.cerebellum < 0, DeepRegion.CEREBELLUM, code)
    return np.where(at.stem < 0, DeepRegion.PONS, code).astype(np.uint8)


def _head_rest(rng: np.random.Generator, shape: tuple[int, int, int], spacing_mm: Triple) -> Plane:
    """Return one plane of air with the U-shaped shell of a head rest and its foam."""
    y = (np.arange(shape[1], dtype=np.float32) - shape[1] / 2)[:, None] * spacing_mm[1]
    x = (np.arange(shape[2], dtype=np.float32) - shape[2] / 2)[None] * spacing_mm[2]
    half, bottom = rng.uniform(88, 102), rng.uniform(106, 120)
    inner = (np.abs(x / half) ** 3 + np.maximum(y / bottom, 0) ** 3) ** (1 / 3) - 1
    shell = np.clip(1.6 - np.abs(inner * half) / spacing_mm[2], 0, 1) * (y > rng.uniform(-20, 30))
    foam = (inner < 0) & (inner > -0.12) & (y > 40)
    return (_AIR_HU + 60 * foam + rng.uniform(900, 1150) * shell).astype(np.float32)
