# SPDX-License-Identifier: Apache-2.0
"""How much a result is worth a second look, from what its record says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ICHSegmentationLib.export.record import MeasurementRecord

_SMALL_ML = (0.05, 1.0)
"""Total volume that may be a speck or the end of a true lesion."""
_LARGE_ML = (27.0, 33.0)
"""IPH near the 30 mL at which the ICH score changes."""
_POINTS_NOT_ASSESSED, _POINTS_BORDERLINE, _POINTS_WARNING = 100, 10, 1


class Doubt(NamedTuple):
    """Points, more for more doubt, and their reasons."""

    points: int
    reasons: tuple[str, ...]


def doubt_of(record: MeasurementRecord) -> Doubt:
    """Return the doubt of a result: not assessed, volumes near a limit, then the number of warnings."""
    found: list[tuple[int, str]] = []
    if not record.assessed:
        found.append((_POINTS_NOT_ASSESSED, "not assessed"))
    total_ml, iph_ml = record.volumes_ml.get("total", 0.0), record.volumes_ml.get("IPH", 0.0)
    if _SMALL_ML[0] <= total_ml <= _SMALL_ML[1]:
        found.append((_POINTS_BORDERLINE, "small volume"))
    if _LARGE_ML[0] <= iph_ml <= _LARGE_ML[1]:
        found.append((_POINTS_BORDERLINE, "IPH near 30 mL"))
    warnings = len(record.input.warnings)
    if warnings:
        found.append((warnings * _POINTS_WARNING, f"{warnings} warning{'s' if warnings > 1 else ''}"))
    return Doubt(sum(points for points, _ in found), tuple(reason for _, reason in found))
