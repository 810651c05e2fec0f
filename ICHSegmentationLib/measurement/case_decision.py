# SPDX-License-Identifier: Apache-2.0
"""Whether a scan counts as one with a bleed (Sym-TransNet, "Evaluation metrics")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement.measurements import Measurements


class CaseDecision(BaseModel):
    """A decision on a scan.

    The paper takes any voxel for a bleed, which gave it a specificity of 84 %; here the least volume is the model's
    own, and `ichseg evaluate` gives sensitivity and specificity at others (see
    :func:`ICHSegmentationLib.research.evaluation.metrics.detection.minimum_volume_curve`).

    Attributes
    ----------
    minimum_ml : float
        Volume from which on a scan counts as one with a bleed.
    volume_ml : float
        What was found in all.
    has_bleed : bool
        The decision.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum_ml: float
    volume_ml: float
    has_bleed: bool

    @classmethod
    def of(cls, measurements: Measurements, minimum_ml: float) -> Self:
        """Decide by the total volume."""
        total_ml = measurements.volumes_ml["total"]
        return cls(minimum_ml=minimum_ml, volume_ml=total_ml, has_bleed=total_ml > 0 and total_ml >= minimum_ml)

    def describe(self) -> str:
        """Return the decision in words."""
        words = "a bleed" if self.has_bleed else "no bleed"
        return (
            f"{words} ({self.volume_ml:.2f} mL found; from {self.minimum_ml:g} mL on a scan counts as one with a bleed)"
        )
