# SPDX-License-Identifier: Apache-2.0
"""Warnings about the geometry of a series."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.slice_steps import alike, gap_limits_mm

_TILT_DEG = 0.5
_AXIAL_COSINE = 0.7
_MAX_LISTED = 4
_ASIDE_MM = 5.0


def warn_grid(grid: SliceGrid) -> list[str]:
    """Return warnings about tilt, varying steps, missing slices and slices aside; slices are counted from 1."""
    warnings: list[str] = []
    if abs(grid.tilt_deg) >= _TILT_DEG:
        warnings.append(message("io.tilted", tilt_deg=abs(grid.tilt_deg)))
    if abs(grid.normal[2]) < _AXIAL_COSINE:
        warnings.append(message("io.not_axial"))
    steps, gaps = grid.steps_mm, set(grid.gaps)
    distinct = grid.distinct_steps()
    if len(distinct) > 1:
        few = len(distinct) <= _MAX_LISTED
        listed = ", ".join(f"{s:.2f}" for s in distinct) if few else f"{min(distinct):.2f} to {max(distinct):.2f}"
        warnings.append(message("io.steps_vary", steps=listed))
    lone = [i for i in range(len(steps)) if i not in gaps and not any(alike(steps[i], step) for step in distinct)]
    if lone:
        listed = ", ".join(f"{steps[i]:.2f} mm between slices {i + 1} and {i + 2}" for i in lone[:_MAX_LISTED])
        more = f" and {len(lone) - _MAX_LISTED} more" if len(lone) > _MAX_LISTED else ""
        warnings.append(message("io.single_steps_differ", steps=listed + more))
    if gaps:
        listed = ", ".join(f"{i + 1} and {i + 2} ({steps[i]:.2f} mm)" for i in sorted(gaps))
        limit = float(gap_limits_mm(grid.slice_distances_mm, grid.gaps).max())
        warnings.append(message("io.gaps", gaps=listed, limit_mm=limit))
    aside_mm = _aside_mm(grid)
    aside_mm[list(gaps)] = 0  # a stray slice far from the others is told as a gap
    jumps = np.flatnonzero(aside_mm > _ASIDE_MM)
    if len(jumps):
        listed = ", ".join(str(i + 2) for i in jumps[:_MAX_LISTED]) + (" ..." if len(jumps) > _MAX_LISTED else "")
        warnings.append(message("io.aside", aside_mm=aside_mm.max(), slices=listed))
    return warnings


def _aside_mm(grid: SliceGrid) -> np.ndarray:
    """Return how far each step leads aside from the direction of the stack, which a tilt of the gantry slants."""
    steps = np.diff(grid.positions_mm, axis=0)
    along = steps @ grid.normal
    if not along.all():
        return np.zeros(len(steps))
    slants = steps / along[:, None]
    return np.abs(along) * np.linalg.norm(slants - np.median(slants, axis=0), axis=1)
