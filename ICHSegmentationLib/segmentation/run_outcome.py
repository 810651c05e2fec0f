# SPDX-License-Identifier: Apache-2.0
"""What a run says besides its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry
    from ICHSegmentationLib.segmentation.result import SegmentationResult

_FALSE_ML = "negative_ge-head-ct_ml"
_FOUND = {"case_sensitivity": "any", "iph_found_share": "IPH", "iph_any_found_share": "IPH"}


class RunOutcome(BaseModel):
    """Whether a result can be trusted, and what was measured of its model.

    Attributes
    ----------
    assessed : bool
        False if the head lies in the slices in a way that the model was not made for.
    warnings : tuple of str
        Warnings of the run, without those of the volume.
    minimum_ml : float or None
        Smallest total volume that the model counts as hemorrhage; None for any.
    false_ml : float or None
        Volume that the model labelled in the test scan without hemorrhage; None if it was not measured.
    missed_fraction : float or None
        Fraction of held-out scans with hemorrhage in which the model missed it; None if it was not measured.
    missed_kind : str
        Hemorrhage of these scans: a subtype such as ``IPH``, or ``any``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    assessed: bool = True
    warnings: tuple[str, ...] = ()
    minimum_ml: float | None = None
    false_ml: float | None = None
    missed_fraction: float | None = None
    missed_kind: str = ""

    @classmethod
    def of(cls, result: SegmentationResult) -> Self:
        """Return the outcome of a segmentation."""
        kind, missed_fraction = _missed(result.model)
        return cls(
            assessed=result.assessed,
            warnings=tuple(text for text in result.warnings if text not in result.volume.warnings),
            minimum_ml=result.model.case_minimum_ml,
            false_ml=_number(result.model, _FALSE_ML),
            missed_fraction=missed_fraction,
            missed_kind=kind,
        )


def _missed(entry: ModelEntry) -> tuple[str, float | None]:
    for name, kind in _FOUND.items():
        found = _number(entry, name)
        if found is not None:
            return kind, round(1 - found, 4)
    return "", None


def _number(entry: ModelEntry, name: str) -> float | None:
    value = entry.quality.get(name)
    return value if isinstance(value, float) else None
