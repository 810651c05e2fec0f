# SPDX-License-Identifier: Apache-2.0
"""Measurements of one label map."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.measurement.abc2 import METHODS
from ICHSegmentationLib.measurement.lesions import Lesion
from ICHSegmentationLib.measurement.midline_shift import MidlineShift
from ICHSegmentationLib.measurement.modified_graeb import ModifiedGraeb
from ICHSegmentationLib.measurement.score_items import LARGE_ML


class Measurements(BaseModel):
    """What is measured on a label map.

    Attributes
    ----------
    volumes_ml : dict of str to float
        To the nanolitre: volume per subtype (always all five), ``ICH`` where the label map holds blood without a
        subtype, and ``total``.
    present : dict of str to bool
        Whether any voxel has the subtype; the same keys without ``total``.
    slice_volumes_ml : dict of str to tuple of float
        Volume on each source slice; the same keys as ``volumes_ml``.
    lesions : tuple of Lesion
        Connected regions of each subtype, largest first.
    midline_shift : MidlineShift or None
        At the septum; None where the scan was not given.
    modified_graeb : ModifiedGraeb or None
        A proposal; 0 without blood in the ventricles. None where the scan was not given.
    """

    model_config = ConfigDict(frozen=True)

    volumes_ml: dict[str, float]
    present: dict[str, bool]
    slice_volumes_ml: dict[str, tuple[float, ...]]
    lesions: tuple[Lesion, ...]
    midline_shift: MidlineShift | None = None
    modified_graeb: ModifiedGraeb | None = None

    @property
    def abc2_ml(self) -> dict[str, float | None]:
        """ABC/2 of all lesions of a subtype together; None for subtypes that the estimate is not made for.

        For EDH and SDH it is the variant XYZ/2; see :func:`ICHSegmentationLib.measurement.abc2.measure_abc2`.
        """
        found = [(lesion.subtype, lesion.abc2.volume_ml) for lesion in self.lesions if lesion.abc2 is not None]
        return {
            name: round(sum(ml for subtype, ml in found if subtype == name), 3) + 0.0 if name in METHODS else None
            for name in self.present
        }

    @property
    def iph_30_ml_or_more(self) -> bool:
        """Whether the intraparenchymal volume reaches 30 mL, the ICH score's limit (Hemphill 2001)."""
        return self.volumes_ml["IPH"] >= LARGE_ML

    @property
    def largest_lesion(self) -> Lesion | None:
        """The largest connected region of one subtype, or None without blood."""
        return self.lesions[0] if self.lesions else None
