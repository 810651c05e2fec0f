# SPDX-License-Identifier: Apache-2.0
"""Measurements of a scan that need the atlas."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit, fit_atlas
from ICHSegmentationLib.anatomy.deep_samples import sample_deep
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.brain.midline import midline_shift
from ICHSegmentationLib.measurement.brain.midline_shift import MidlineShift
from ICHSegmentationLib.measurement.brain.ventricles import propose_graeb
from ICHSegmentationLib.measurement.modified_graeb import ModifiedGraeb

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.volume import CTVolume


class Examination(NamedTuple):
    """Atlas fit, or None if the atlas cannot be fitted, and the measurements that use it."""

    brain: AtlasFit | None
    midline_shift: MidlineShift
    modified_graeb: ModifiedGraeb


def examine(label_map: LabelMap, volume: CTVolume) -> Examination:
    """Fit the atlas to a scan, and measure midline shift and modified Graeb score.

    Parameters
    ----------
    label_map : LabelMap
        Labels on the slices of the scan.
    volume : CTVolume
        CT volume of the scan.
    """
    without_blood = ModifiedGraeb.of({})
    has_ivh = bool((label_map.labels == Subtype.IVH).any())
    unknown = ModifiedGraeb.not_determined() if has_ivh else without_blood
    brain = fit_atlas(volume)
    if isinstance(brain, Message):
        return Examination(None, MidlineShift(reason=brain), unknown)
    samples = sample_deep(brain, volume.hu, label_map.labels)
    if samples is None:
        return Examination(brain, MidlineShift(reason=message("measurement.no_deep_brain")), unknown)
    shift = midline_shift(samples)
    if not has_ivh:
        return Examination(brain, shift, without_blood)
    septum_x = shift.left_mm * brain.frame.scale_x
    return Examination(brain, shift, propose_graeb(label_map, brain, samples, septum_x=septum_x))
