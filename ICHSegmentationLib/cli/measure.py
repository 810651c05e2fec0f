# SPDX-License-Identifier: Apache-2.0
"""``ichseg measure``: the volumes of a segmentation on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ICHSegmentationLib.cli.summary import abc2_lines, volume_table
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.errors import InputError

if TYPE_CHECKING:
    from ICHSegmentationLib.ct.grid import SliceGrid

NO_SCORE = "ICH score: not offered, since there is no intraparenchymal hemorrhage."


class Patient(NamedTuple):
    """What the ICH score asks of the patient; None is not determined."""

    gcs: int | None = None
    age_years: int | None = None
    infratentorial: bool | None = None


def run(segmentation: Path, source: Path | None, patient: Patient, *, as_json: bool, quiet: bool) -> None:
    """Measure and show the volumes; see ``ichseg measure --help``."""
    from ICHSegmentationLib.measurement import ich_score, measure
    from ICHSegmentationLib.reporting.label_reader import read_labels

    terminal = Terminal(quiet=quiet, as_json=as_json)
    with terminal:
        found = read_labels(segmentation)
        label_map, warnings, volume = found.label_map, found.warnings, None
        if source is not None:
            from ICHSegmentationLib.ct.reader import read_ct

            volume = read_ct(source)
            _check_same_slices(label_map.grid, volume.grid, segmentation, source)
            # What the file left open is known now, so its warnings are settled.
            label_map, warnings = replace(label_map, grid=volume.grid), volume.warnings
        terminal.warn(warnings)
        measured = measure(label_map, volume)
    score = ich_score(measured, **patient._asdict())
    content = {
        "volumes_ml": measured.volumes_ml,
        "present": measured.present,
        "abc2_ml": measured.abc2_ml,
        "lesions": [lesion.model_dump(mode="json") for lesion in measured.lesions],
        "ich_score": None if score is None else score.model_dump(mode="json"),
        "warnings": list(warnings),
    }
    lines = [volume_table(measured.volumes_ml), *abc2_lines(measured)]
    if patient != Patient():
        lines.append(NO_SCORE if score is None else score.describe())
    terminal.show(content, "\n".join(lines))


def _check_same_slices(labels: SliceGrid, scan: SliceGrid, segmentation: Path, source: Path) -> None:
    """Refuse a scan on which the labels do not lie; positions may differ, since not every file can hold them."""

    def directions(grid: SliceGrid) -> np.ndarray:
        stack = grid.positions_mm[-1] - grid.positions_mm[0]
        return np.vstack([grid.orientation, stack / np.linalg.norm(stack)])

    alike = (directions(labels) * directions(scan)).sum(axis=1)
    if labels.shape != scan.shape or alike.min() < np.cos(np.deg2rad(1)):
        message = f"{segmentation} does not lie on the slices of {source}; give the scan that was segmented."
        raise InputError(message)
