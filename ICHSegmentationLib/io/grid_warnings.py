# SPDX-License-Identifier: Apache-2.0
"""What a reader of results should know about the geometry of a series."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.slice_steps import GAP_FACTOR, alike

_TILT_DEG = 0.5
_AXIAL_COSINE = 0.7
_MOST_LISTED = 4


def warn_grid(grid: SliceGrid) -> list[str]:
    """Return warnings about tilt, varying steps and missing slices; slices are counted from 1."""
    warnings = []
    if abs(grid.tilt_deg) >= _TILT_DEG:
        warnings.append(
            f"The slices are tilted by {abs(grid.tilt_deg):.1f} deg against the table; this is accounted for."
        )
    if abs(grid.normal[2]) < _AXIAL_COSINE:
        warnings.append("The slices are coronal or sagittal; an axial series is better suited.")
    steps, gaps = grid.steps_mm, set(grid.gaps)
    distinct = grid.distinct_steps()
    if len(distinct) > 1:
        few = len(distinct) <= _MOST_LISTED
        listed = ", ".join(f"{s:.2f}" for s in distinct) if few else f"{min(distinct):.2f} to {max(distinct):.2f}"
        warnings.append(f"The step between slices varies: {listed} mm; each slice counts with its own extent.")
    lone = [i for i in range(len(steps)) if i not in gaps and not any(alike(steps[i], step) for step in distinct)]
    if lone:
        listed = ", ".join(f"{steps[i]:.2f} mm between slices {i + 1} and {i + 2}" for i in lone[:_MOST_LISTED])
        more = f" and {len(lone) - _MOST_LISTED} more" if len(lone) > _MOST_LISTED else ""
        warnings.append(f"Single steps differ from the others: {listed}{more}; each slice counts with its own extent.")
    if gaps:
        listed = ", ".join(f"{i + 1} and {i + 2} ({steps[i]:.2f} mm)" for i in sorted(gaps))
        limit = GAP_FACTOR * float(np.median(grid.slice_distances_mm))
        warnings.append(
            f"Slices are missing between slices {listed}; blood there is not counted "
            f"(a slice beside a gap counts with at most {limit:.2f} mm)."
        )
    return warnings
