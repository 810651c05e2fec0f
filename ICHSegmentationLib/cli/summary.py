# SPDX-License-Identifier: Apache-2.0
"""Results as lines for people."""

from __future__ import annotations

from collections.abc import Mapping

_PLACES = (
    ("Report", ("report.pdf",)),
    ("Pictures", ("slices.png", "render.png")),
    ("Segmentation", ("segmentation.seg.nrrd", "labels.nii.gz")),
    ("Measurements", ("measurements.json", "measurements.csv")),
)


def volume_table(volumes_ml: Mapping[str, float], truth_ml: Mapping[str, float] | None = None) -> str:
    """Return one line per subtype with its volume in mL, beside the truth where there is one."""
    heading = f"{'':<7}{'mL':>8}" + (f"{'truth':>8}" if truth_ml is not None else "")
    lines = [heading]
    for name, volume in volumes_ml.items():
        line = f"{name:<7}{volume:>8.1f}"
        if truth_ml is not None:
            line += f"{truth_ml.get(name, 0.0):>8.1f}"
        lines.append(line)
    return "\n".join(lines)


def places(outputs: Mapping[str, str]) -> str:
    """Return one line per kind of result with the files that were written."""
    lines = []
    for title, names in _PLACES:
        found = [outputs[name] for name in names if name in outputs]
        if found:
            lines.append(f"{title:<14}{'  '.join(found)}")
    lines.append("Research use only; not a medical device.")
    return "\n".join(lines)
