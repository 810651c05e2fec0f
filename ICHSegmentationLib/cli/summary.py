# SPDX-License-Identifier: Apache-2.0
"""Results as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.export.formats import RESULT_KINDS
from ICHSegmentationLib.export.report.facts import difference_from_voxels

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement import Measurements

_MIN_SHOWN_ML = 0.1


def volume_table(volumes_ml: Mapping[str, float], truth_ml: Mapping[str, float] | None = None) -> str:
    """Return one line per subtype with its volume in mL, beside the truth if given."""
    heading = f"{'':<7}{'mL':>8}" + (f"{'truth':>8}" if truth_ml is not None else "")
    lines = [heading]
    for name, volume in volumes_ml.items():
        line = f"{name:<7}{volume:>8.1f}"
        if truth_ml is not None:
            line += f"{truth_ml.get(name, 0.0):>8.1f}"
        lines.append(line)
    return "\n".join(lines)


def abc2_lines(measurements: Measurements) -> list[str]:
    """Return the ABC/2 estimate of each lesion that has one, largest first."""
    return [
        f"{lesion.subtype} on slice {abc2.slice + 1}: {abc2.method} {abc2.a_mm:.0f} x {abc2.b_mm:.0f} x "
        f"{abc2.c_mm:.0f} mm / 2 = {abc2.volume_ml:.1f} mL ({difference_from_voxels(abc2)}); "
        f"weighted slices {abc2.weighted_ml:.1f} mL"
        for lesion in measurements.lesions
        if (abc2 := lesion.abc2) is not None
    ]


def anatomy_lines(measurements: Measurements) -> list[str]:
    """Return the location of each lesion of 0.1 mL or more, the midline shift and the modified Graeb score."""
    lines = [
        f"{lesion.subtype} {lesion.volume_ml:.1f} mL: {lesion.location.describe()}"
        for lesion in measurements.lesions
        if lesion.location is not None and lesion.volume_ml >= _MIN_SHOWN_ML
    ]
    for found in (measurements.midline_shift, measurements.modified_graeb):
        if found is not None:
            text = found.describe()
            lines.append(f"{text[0].upper()}{text[1:]}")
    return lines


def places(outputs: Mapping[str, Path]) -> str:
    """Return one line per kind of result with the written files."""
    lines = []
    for title, names in RESULT_KINDS.items():
        found = [str(outputs[name]) for name in names if name in outputs]
        if found:
            lines.append(f"{title:<14}{'  '.join(found)}")
    lines.append("Research use only; not a medical device.")
    return "\n".join(lines)
