# SPDX-License-Identifier: Apache-2.0
"""Read a predicted and a reference label file on their common slices."""

from __future__ import annotations

from dataclasses import replace

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.io.labels.label_file import same_place
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.research.evaluation.pairs import Pair

# Rounding differences between two writers of the same grid.
_SAME_MM = 0.05


def read_pair(pair: Pair) -> tuple[LabelMap, LabelMap, tuple[str, ...]]:
    """Read both files of a case and put them on one grid.

    A file without slice positions (a NIfTI of another program) is assumed to lie on the uneven slices of the other file
    if it matches their nearest affine.

    Returns
    -------
    predicted, reference : LabelMap
        On the same grid.
    warnings : tuple of str
        Assumptions made while reading.

    Raises
    ------
    InputError
        If a file cannot be read, the grids differ, or there is one slice only.
    """
    predicted, reference = read_labels(pair.prediction), read_labels(pair.reference)
    grid = _shared(predicted.label_map.grid, reference.label_map.grid)
    if grid is None:
        raise InputError(
            message(
                "research.not_on_the_same_slices",
                prediction=pair.prediction,
                reference=pair.reference,
                predicted_slices=_described(predicted.label_map.grid),
                reference_slices=_described(reference.label_map.grid),
            )
        )
    if grid.shape[0] < 2:
        raise InputError(message("research.single_slice_reference", path=pair.reference))
    return (
        replace(predicted.label_map, grid=grid),
        replace(reference.label_map, grid=grid),
        (*predicted.warnings, *reference.warnings),
    )


def _shared(first: SliceGrid, second: SliceGrid) -> SliceGrid | None:
    if first.matches(second, tolerance_mm=_SAME_MM):
        return second
    if first.shape != second.shape or first.is_regular == second.is_regular:
        return None
    if not same_place(first.nearest_affine_ras, second.nearest_affine_ras, first.shape):
        return None
    return second if first.is_regular else first


def _described(grid: SliceGrid) -> str:
    slices, rows, columns = grid.shape
    start = ", ".join(f"{value:.1f}" for value in grid.positions_mm[0])
    return f"{slices} slices of {rows} x {columns} pixels from ({start}) mm"
