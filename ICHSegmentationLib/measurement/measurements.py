# SPDX-License-Identifier: Apache-2.0
"""Measurements of one label map."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.measurement.brain.midline_shift import MidlineShift
from ICHSegmentationLib.measurement.lesions import Lesion
from ICHSegmentationLib.measurement.modified_graeb import ModifiedGraeb
from ICHSegmentationLib.measurement.score_items import LARGE_ML
from ICHSegmentationLib.measurement.shape.abc2 import METHODS


class Measurements(BaseModel):
    """Measurements of a label map.

    Attributes
    ----------
    volumes_ml : dict of str to float
        Volume of each of the five subtypes, of ``ICH`` if there is blood of unknown subtype, and ``total``; rounded to
        1 nL.
    present : dict of str to bool
        Whether any voxel has the subtype; the same keys without ``total``.
    slice_volumes_ml : dict of str to tuple of float
        Volume on each source slice; the same keys as ``volumes_ml``.
    lesions : tuple of Lesion
        Lesions of all subtypes, largest first.
    midline_shift : MidlineShift or None
        Midline shift at the septum pellucidum; None without the scan.
    modified_graeb : ModifiedGraeb or None
        Proposal for the modified Graeb score, 0 without IVH; None without the scan.
    assessed : bool
        False if blood that is not labelled may be there, since the pose of the head did not allow to look for it: what
        is not present is then unknown, not absent.
    """

    model_config = ConfigDict(frozen=True)

    volumes_ml: dict[str, float]
    present: dict[str, bool]
    slice_volumes_ml: dict[str, tuple[float, ...]]
    lesions: tuple[Lesion, ...]
    midline_shift: MidlineShift | None = None
    modified_graeb: ModifiedGraeb | None = None
    assessed: bool = True

    @property
    def abc2_ml(self) -> dict[str, float | None]:
        """Sum of ABC/2 over the lesions of each subtype; None for subtypes without the estimate.

        For EDH and SDH it is XYZ/2; see :func:`ICHSegmentationLib.measurement.shape.abc2.measure_abc2`.
        """
        found = [(lesion.subtype, lesion.abc2.volume_ml) for lesion in self.lesions if lesion.abc2 is not None]
        return {
            name: round(sum(ml for subtype, ml in found if subtype == name), 3) + 0.0 if name in METHODS else None
            for name in self.present
        }

    @property
    def iph_30_ml_or_more(self) -> bool:
        """Whether the IPH volume is at least 30 mL, the limit of the ICH score (Hemphill 2001)."""
        return self.volumes_ml["IPH"] >= LARGE_ML

    @property
    def largest_lesion(self) -> Lesion | None:
        """The largest lesion, or None without blood."""
        return self.lesions[0] if self.lesions else None
