# SPDX-License-Identifier: Apache-2.0
"""Inputs of several commands beside a segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.cli.options import YesNo
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.review import Review
    from ICHSegmentationLib.measurement import ModifiedGraeb
    from ICHSegmentationLib.measurement.correction import Agreement


class Patient(NamedTuple):
    """Items of the ICH score; None is undetermined."""

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
        """Return the items from the options of a command."""
        below, bled = (None if answer is None else answer == "yes" for answer in (infratentorial, ivh))
        return cls(gcs, age_years, below, iph_ml, bled)


class Scan(NamedTuple):
    """The CT that a segmentation belongs to, and how to read it; see `read_ct`."""

    path: Path
    series: str | None = None
    spacing_mm: tuple[float, float, float] | None = None

    @classmethod
    def of(cls, path: Path | None, series: str | None, spacing_mm: tuple[float, float, float] | None) -> Self | None:
        """Return the scan of a command's options, or None without one."""
        return None if path is None else cls(path, series, spacing_mm)

    def read(self) -> CTVolume:
        """Read it; errors as `read_ct`."""
        from ICHSegmentationLib.io.reader import read_ct

        return read_ct(self.path, series=self.series, spacing_mm=self.spacing_mm)


def edited_graeb(proposal: ModifiedGraeb | None, points: Sequence[str]) -> ModifiedGraeb:
    """Return the modified Graeb score with points of the user, such as ``third=3``, instead of those of the proposal.

    Raises
    ------
    InputError
        If there is no proposal, or a text does not name a compartment and valid points.
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
        raise InputError(*error.args) from error


class Correction(NamedTuple):
    """Labels of the model, the time that the user took to correct them, and the verdict that the page saved."""

    model_result: Path | None = None
    editing_minutes: float | None = None
    review: Path | None = None

    def read_review(self, label_map: LabelMap, volumes_ml: dict[str, float]) -> Review | None:
        """Return the verdict, or None where there is none; errors as :func:`.review.read_review`."""
        if self.review is None:
            return None
        from ICHSegmentationLib.export.review import read_review

        return read_review(self.review, label_map, volumes_ml)

    def compare(self, corrected: LabelMap, scan: SliceGrid | None) -> tuple[Agreement | None, tuple[str, ...]]:
        """Return the agreement, or None without labels of the model, and the warnings of reading these.

        Raises
        ------
        InputError
            If they cannot be read or lie on other slices.
        """
        if self.model_result is None:
            return None, ()
        from ICHSegmentationLib.io.labels.reader import read_labels
        from ICHSegmentationLib.measurement.correction import compare_with_model

        model = read_labels(self.model_result, scan)
        editing_s = None if self.editing_minutes is None else 60 * self.editing_minutes
        return compare_with_model(model.label_map, corrected, editing_s=editing_s), model.warnings
