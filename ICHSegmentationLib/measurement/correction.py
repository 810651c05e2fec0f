# SPDX-License-Identifier: Apache-2.0
"""Comparison of the result of a model with its correction by a user."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.terminology import load_terminology

_SAME_MM = 0.1


class SubtypeAgreement(BaseModel):
    """Volumes and Dice of one subtype before and after the correction.

    Attributes
    ----------
    dice : float or None
        2 |A and B| / (|A| + |B|) of voxels (Dice LR, Ecology 1945;26:297-302); None if neither has the subtype.
    model_ml, corrected_ml : float
        Volumes before and after.
    change_ml : float
        ``corrected_ml`` minus ``model_ml``.
    change_percent : float or None
        Change in per cent of ``model_ml``; None (not defined) if that is zero.
    added_ml, removed_ml : float
        Volumes of the voxels that gained and lost the subtype; their difference is ``change_ml``.
    """

    model_config = ConfigDict(frozen=True)

    dice: float | None = Field(ge=0, le=1)
    model_ml: float
    corrected_ml: float
    change_ml: float
    change_percent: float | None
    added_ml: float
    removed_ml: float


class Agreement(BaseModel):
    """Comparison of the label map of a model with the corrected one.

    Attributes
    ----------
    subtypes : dict of str to SubtypeAgreement
        By segment ID, and ``total`` for blood of any subtype.
    changed_ml : float
        Volume of the voxels whose label changed, from or to background or between subtypes.
    editing_s : float or None
        Editing time in seconds; None if not measured.
    """

    model_config = ConfigDict(frozen=True)

    subtypes: dict[str, SubtypeAgreement]
    changed_ml: float
    editing_s: float | None = Field(default=None, ge=0)

    @property
    def changed(self) -> tuple[str, ...]:
        """IDs of the segments that gained or lost voxels."""
        return tuple(
            name for name, part in self.subtypes.items() if name != "total" and part.added_ml + part.removed_ml > 0
        )

    def describe(self) -> list[str]:
        """Return lines of text: each changed subtype, the total, the unchanged subtypes, and the changed volume."""
        lines = []
        same = [name for name, part in self.subtypes.items() if part.dice is not None and name not in self.changed]
        for name, part in self.subtypes.items():
            if part.dice is None or (name != "total" and name in same):
                continue
            per_cent = "" if part.change_percent is None else f", {part.change_percent:+.0f} %"
            lines.append(
                f"{name}: Dice {part.dice:.2f}, {part.model_ml:.1f} -> {part.corrected_ml:.1f} mL "
                f"({part.change_ml + 0.0:+.1f} mL{per_cent})"
            )
        kept = [name for name in same if name != "total"]
        if kept:
            lines.append(f"{', '.join(kept)} unchanged")
        spent = "" if self.editing_s is None else f" in {self.editing_s / 60:.1f} min of editing"
        return [*lines, f"{self.changed_ml:.1f} mL changed their label{spent}"]


def compare_with_model(model: LabelMap, corrected: LabelMap, *, editing_s: float | None = None) -> Agreement:
    """Compare the label map of a model with the corrected one.

    Parameters
    ----------
    model, corrected : LabelMap
        Label maps before and after the correction, on the same slices.
    editing_s : float, optional
        Editing time in seconds.

    Raises
    ------
    InputError
        If the slice grids differ.
    """
    if not model.grid.matches(corrected.grid, tolerance_mm=_SAME_MM):
        raise InputError(message("measurement.other_slices"))
    box = labelled_box(model.labels | corrected.labels)
    before, after = model.labels[box], corrected.labels[box]
    voxel_ml = corrected.grid.voxel_volumes_mm3[box[0]] / 1000
    table = load_terminology()
    found = np.union1d(before, after)
    rows = [row for row in table.classes if row in table.subtypes or row.label in found]
    subtypes = {row.id: _compare(before == row.label, after == row.label, voxel_ml) for row in rows}
    subtypes["total"] = _compare(before > 0, after > 0, voxel_ml)
    return Agreement(subtypes=subtypes, changed_ml=_ml(before != after, voxel_ml), editing_s=editing_s)


def _compare(before: np.ndarray, after: np.ndarray, voxel_ml: np.ndarray) -> SubtypeAgreement:
    both, sizes = int((before & after).sum()), int(before.sum()) + int(after.sum())
    model_ml, corrected_ml = _ml(before, voxel_ml), _ml(after, voxel_ml)
    change_ml = round(corrected_ml - model_ml, 6) + 0.0
    return SubtypeAgreement(
        dice=round(2 * both / sizes, 6) if sizes else None,
        model_ml=model_ml,
        corrected_ml=corrected_ml,
        change_ml=change_ml,
        change_percent=round(100 * change_ml / model_ml, 6) if model_ml > 0 else None,
        added_ml=_ml(after & ~before, voxel_ml),
        removed_ml=_ml(before & ~after, voxel_ml),
    )


def _ml(mask: np.ndarray, voxel_ml: np.ndarray) -> float:
    return round(float(np.count_nonzero(mask, axis=(1, 2)) @ voxel_ml), 6)
