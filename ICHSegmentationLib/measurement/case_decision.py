# SPDX-License-Identifier: Apache-2.0
"""Decision whether a scan has hemorrhage (Sym-TransNet, "Evaluation metrics")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement.measurements import Measurements


class CaseDecision(BaseModel):
    """Decision whether a scan has hemorrhage, by its total volume.

    The paper counts any voxel as hemorrhage, with a specificity of 84 %. Here each model has its own minimum volume.
    `ichseg evaluate` reports sensitivity and specificity for others (see
    :func:`ICHSegmentationLib.research.evaluation.metrics.detection.minimum_volume_curve`).

    Attributes
    ----------
    minimum_ml : float
        Minimum total volume of a scan with hemorrhage.
    volume_ml : float
        Total volume of the scan.
    has_bleed : bool
        The decision: whether the total volume is positive and reaches the minimum.
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
        """Return the decision in words, such as ``no hemorrhage (0.20 mL; the minimum is 0.5 mL)``."""
        words = "hemorrhage" if self.has_bleed else "no hemorrhage"
        return f"{words} ({self.volume_ml:.2f} mL; the minimum is {self.minimum_ml:g} mL)"
