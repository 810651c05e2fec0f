# SPDX-License-Identifier: Apache-2.0
"""What several commands are told beside a segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.cli.options import YesNo
    from ICHSegmentationLib.core.grid import SliceGrid
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.measurement import ModifiedGraeb
    from ICHSegmentationLib.measurement.agreement import Agreement


class Patient(NamedTuple):
    """What the ICH score asks of the patient; None is not determined."""

    gcs: int | None = None
    age_years: int | None = None
    infratentorial: bool | None = None
    iph_ml: float | None = None
    ivh: bool | None = None

    @classmethod
    def of(
        cls,
        gcs: int | None,
        age_years: int | None,
        infratentorial: YesNo | None,
        iph_ml: float | None,
        ivh: YesNo | None,
    ) -> Self:
        """Gather the command's options."""
        below, bled = (None if answer is None else answer == "yes" for answer in (infratentorial, ivh))
        return cls(gcs, age_years, below, iph_ml, bled)


def edited_graeb(proposal: ModifiedGraeb | None, points: Sequence[str]) -> ModifiedGraeb:
    """Return the modified Graeb score with the points that the user gave, as ``third=3``, in place of the proposal's.

    Raises
    ------
    InputError
        If there is no proposal, or a text does not name a compartment and points that it can have.
    """
    from ICHSegmentationLib.measurement import Ventricle

    if proposal is None:
        raise InputError(message("cli.graeb_needs_scan"))
    edits = {}
    for text in points:
        name, _, number = text.partition("=")
        if name not in list(Ventricle) or not number.isdecimal():
            raise InputError(message("cli.graeb_format", text=text, compartments=", ".join(Ventricle)))
        edits[name] = int(number)
    try:
        return proposal.edited(edits)
    except ValueError as error:
        raise InputError(str(error)) from error


class Correction(NamedTuple):
    """The model's own labels, and how long the user took to correct them."""

    model_result: Path | None = None
    editing_minutes: float | None = None

    def compare(self, corrected: LabelMap, scan: SliceGrid | None) -> tuple[Agreement | None, tuple[str, ...]]:
        """Return the agreement, None without the model's labels, and what reading these warned of.

        Raises
        ------
        InputError
            If they cannot be read or lie on other slices.
        """
        if self.model_result is None:
            return None, ()
        from ICHSegmentationLib.io.labels.reader import read_labels
        from ICHSegmentationLib.measurement.agreement import compare_with_model

        model = read_labels(self.model_result, scan)
        editing_s = None if self.editing_minutes is None else 60 * self.editing_minutes
        return compare_with_model(model.label_map, corrected, editing_s=editing_s), model.warnings
