# SPDX-License-Identifier: Apache-2.0
"""Render coarse distance fields to HU and masks, plane by plane."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import numpy as np

from ICHSegmentationLib.anatomy.distance_fields import HeadFrame, linear_matrix, smooth_noise
from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.procedural.brain import BrainFields
from ICHSegmentationLib.research.simulation.procedural.skull import SkullFields
from ICHSegmentationLib.research.simulation.procedural.tissue import AIR_HU, Tissue

Triple = tuple[float, float, float]
Fields = dict[str, np.ndarray]

_TEXTURE_MM = {"fine_marbling": 3.0, "marbling": 5.0, "bundles": 11.0}
# Beyond this distance from the skin there is only the head rest.
_MARGIN_MM = 4.0


def gather_fields(rng: np.random.Generator, frame: HeadFrame, skull: SkullFields, brain: BrainFields) -> Fields:
    """Return all coarse fields of a head by name, including textures."""
    out = {f.name: getattr(group, f.name) for group in (skull, brain) for f in fields(group)}
    return out | {name: smooth_noise(rng, frame, cell_mm) for name, cell_mm in _TEXTURE_MM.items()}


def render(
    coarse: Fields, tissue: Tissue, *, shape: tuple[int, int, int], spacing_mm: Triple, backdrop: np.ndarray
) -> tuple[np.ndarray, Anatomy]:
    """Return float32 HU without noise and the masks, both of `shape` (planes, rows, columns).

    `coarse` holds fields with fewer rows and columns; `backdrop` (rows, columns) is the HU behind the head.
    """
    row_weights = linear_matrix(shape[1], coarse["skin"].shape[1])
    column_weights = linear_matrix(shape[2], coarse["skin"].shape[2])
    hu = np.broadcast_to(backdrop, shape).astype(np.float32)
    masks = {name: np.zeros(shape, bool) for name in ("skull", "intracranial", "brain", "csf", "ventricles")}
    deep = np.zeros(shape, np.uint8)
    midline = np.stack([row_weights @ plane @ column_weights.T for plane in coarse["midline"]])
    for index in range(shape[0]):
        near = coarse["skin"][index] < _MARGIN_MM
        if not near.any():
            continue
        rows, columns = _window(near.any(axis=1), shape[1]), _window(near.any(axis=0), shape[2])
        left, right = row_weights[rows], column_weights[columns].T.copy()
        at = SimpleNamespace(**{name: left @ field[index] @ right for name, field in coarse.items()})
        here = (index, rows, columns)
        fractions = tissue.fractions(at)
        hu[here] = tissue.hu(at, fractions, backdrop[rows, columns])
        inside = fractions.inside > 0.5
        liquid, dura = fractions.csf > 0.5, fractions.dura > 0.5
        masks["intracranial"][here] = inside
        masks["skull"][here] = (at.bone < 0) & ~inside
        masks["ventricles"][here] = inside & (fractions.ventricles > 0.5) & ~dura
        masks["csf"][here] = inside & liquid & ~dura & ~masks["ventricles"][here]
        masks["brain"][here] = inside & ~liquid & ~dura & ~masks["ventricles"][here]
        deep[here] = tissue.deep(at, fractions) * masks["brain"][here]
    return hu, Anatomy(**masks, deep=deep, midline_distance_mm=midline, spacing_mm=spacing_mm)


def head_rest(rng: np.random.Generator, shape: tuple[int, int], spacing_mm: tuple[float, float]) -> np.ndarray:
    """Return one plane of air with the U-shaped shell of a head rest and its foam."""
    y = (np.arange(shape[0], dtype=np.float32) - shape[0] / 2)[:, None] * spacing_mm[0]
    x = (np.arange(shape[1], dtype=np.float32) - shape[1] / 2)[None] * spacing_mm[1]
    half, bottom = rng.uniform(88, 102), rng.uniform(106, 120)
    inner = (np.abs(x / half) ** 3 + np.maximum(y / bottom, 0) ** 3) ** (1 / 3) - 1
    shell = np.clip(0.5 + (1.1 - np.abs(inner * half)) / spacing_mm[1], 0, 1) * (y > rng.uniform(-20, 30))
    foam = (inner < 0) & (inner > -0.12) & (y > 40)
    return (AIR_HU + 60 * foam + rng.uniform(900, 1150) * shell).astype(np.float32)


def _window(wanted: np.ndarray, size: int) -> slice:
    """Return the fine indices covered by a range of coarse nodes."""
    nodes = np.flatnonzero(wanted)
    step = (size - 1) / (len(wanted) - 1)
    return slice(max(0, int((nodes[0] - 1) * step)), min(size, int((nodes[-1] + 1) * step) + 1))
