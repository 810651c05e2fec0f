# SPDX-License-Identifier: Apache-2.0
"""Atlas without files: a generated, upright head of middle age without calcifications."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.host_anatomy import Atlas
from ICHSegmentationLib.research.simulation.procedural.head import clean_head
from ICHSegmentationLib.research.simulation.procedural.traits import HeadTraits

_SHAPE, _SPACING_MM = (72, 144, 112), (2.5, 1.6, 1.6)
_VENTRICLE, _REST = 1 + max(DeepRegion), 2 + max(DeepRegion)
_TRAITS = HeadTraits(
    age_years=60,
    atrophy=0.4,
    size=(0.94, 0.94, 0.94),
    rotation_deg=(0.0, 0.0, 0.0),
    squareness=2.25,
    shift_mm=(0.0, 0.0, 0.0),
    skull_mm=6.5,
    scalp_mm=5.0,
    white_hu=28.0,
    grey_hu=36.0,
    csf_hu=6.0,
    ventricle_scale=1.2,
    ventricle_asymmetry=0.0,
    sulcus_mm=0.9,
    white_matter_disease=0.0,
    calcium_hu=100.0,
    choroid_calcified=False,
    pineal_calcified=False,
    pallidum_calcified=False,
    falx_calcified=False,
    head_rest=False,
)


def generated_atlas() -> Atlas:
    """Generate the atlas; regions are numbered as `DeepRegion`, plus one for the ventricles and one for the rest."""
    anatomy = clean_head(0, shape=_SHAPE, spacing_mm=_SPACING_MM, traits=_TRAITS).anatomy
    rest = np.where(anatomy.intracranial, np.uint8(_REST), np.uint8(0))
    regions = np.where(anatomy.ventricles, np.uint8(_VENTRICLE), np.where(anatomy.deep > 0, anatomy.deep, rest))
    # The origin is the centre of the field of view, where the midline lies.
    spacing = [float(step) for step in anatomy.spacing_mm[::-1]]
    origin = [-(count - 1) / 2 * step for count, step in zip(regions.shape[::-1], spacing, strict=True)]
    images = [sitk.GetImageFromArray(array) for array in (anatomy.intracranial.astype(np.float32), regions)]
    for image in images:
        image.SetSpacing(spacing)
        image.SetOrigin(origin)
    deep: dict[int, DeepRegion] = {int(region): region for region in DeepRegion if region != DeepRegion.UNKNOWN}
    return Atlas(mask=images[0], regions=images[1], ventricle=_VENTRICLE, deep=deep)
