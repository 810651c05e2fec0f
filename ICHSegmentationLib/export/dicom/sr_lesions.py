# SPDX-License-Identifier: Apache-2.0
"""Measurement groups of lesions in the structured report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.anatomy.lesion_location import LesionLocation, Side
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.dicom import sr_codes
from ICHSegmentationLib.export.dicom.sr_items import answer, group, number, points, site
from ICHSegmentationLib.io.dicom.enhanced import slices_of
from ICHSegmentationLib.io.labels.dicom_seg import segment_classes, segment_frames
from ICHSegmentationLib.measurement import Abc2, Lesion

if TYPE_CHECKING:
    from highdicom.sr import (
        FindingSite,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
        SourceImageForMeasurementGroup,
    )
    from pydicom import Dataset, FileDataset

    from ICHSegmentationLib.core.scan.source import CTSource


def lesion_groups(
    lesions: Sequence[Lesion], source: CTSource, source_datasets: Sequence[FileDataset], segmentation: Dataset
) -> list[MeasurementsAndQualitativeEvaluations]:
    """Return a group per lesion, identified by subtype and rank, as ``IPH 1``.

    A segment contains all lesions of a subtype, so the group of a lesion refers to no segment (TID 1501 instead of
    1411). It names the slices of the lesion, its center, and, if no other lesion of the subtype shares a slice with it,
    the frames of the segment, which then show only this lesion.

    Parameters
    ----------
    lesions : sequence of Lesion
        Largest first.
    source : CTSource
        Origin of the volume.
    source_datasets : sequence of pydicom.FileDataset
        Headers of the volume, in its order.
    segmentation : pydicom.Dataset
        The DICOM Segmentation.
    """
    table = load_terminology()
    frame_of_reference = str(source_datasets[0].FrameOfReferenceUID)
    positions = np.stack([place.position_mm for dataset in source_datasets for place in slices_of(dataset)])
    frames = segment_frames(segmentation, positions)
    numbers = {row.id: number for number, row in segment_classes(segmentation).items()}
    rank: Counter[str] = Counter()
    groups = []
    for lesion in lesions:
        rank[lesion.subtype] += 1
        images = _slices(lesion, source, source_datasets)
        if _stands_alone(lesion, lesions):
            images += _frames(lesion, segmentation, frames, numbers.get(lesion.subtype))
        groups.append(
            group(
                f"{lesion.subtype} {rank[lesion.subtype]}",
                table.by_id(lesion.subtype).code,
                _measurements(lesion, frame_of_reference),
                _answers(lesion.location),
                category=table.category,
                sites=finding_sites(lesion.location),
                images=images,
            )
        )
    return groups


def finding_sites(location: LesionLocation | None) -> list[FindingSite]:
    """Return the regions with the side, if determined; otherwise the brain."""
    brain = load_terminology().region
    if location is None:
        return [site(brain)]
    names = () if location.region is None else (location.region, *location.reaches_into)
    regions = [sr_codes.REGIONS[name] for name in names] or [brain]
    if location.side is None:
        return [site(region) for region in regions]
    laterality = sr_codes.LATERALITIES.get(location.side)
    modifier = sr_codes.MIDLINE if location.side is Side.MIDLINE else None
    return [site(region, laterality, modifier) for region in regions]


def _measurements(lesion: Lesion, frame_of_reference: str) -> list[Measurement]:
    center = points(sr_codes.CENTER_OF_MASS, [lesion.centroid_lps_mm], frame_of_reference)
    found = [
        number(sr_codes.VOLUME, lesion.volume_ml, sr_codes.MILLILITER, method=sr_codes.VOXEL_SUM, places=[center]),
        number(sr_codes.DIAMETER, lesion.longest_diameter_mm, sr_codes.MILLIMETER, derivation=sr_codes.MAXIMUM),
    ]
    for value, derivation in ((lesion.hu_mean, sr_codes.MEAN), (lesion.hu_sd, sr_codes.STANDARD_DEVIATION)):
        if value is not None:
            found.append(number(sr_codes.ATTENUATION, value, sr_codes.HOUNSFIELD_UNIT, derivation=derivation))
    if lesion.abc2 is not None:
        found.append(_abc2(lesion.abc2, frame_of_reference))
    return found


def _abc2(abc2: Abc2, frame_of_reference: str) -> Measurement:
    """Return the estimate with its diameters A and B as lines."""
    lines = [points(sr_codes.SOURCE, ends, frame_of_reference) for ends in (abc2.a_ends_mm, abc2.b_ends_mm)]
    method = sr_codes.ABC2_METHODS[abc2.method]
    return number(sr_codes.ELLIPSOID, abc2.volume_ml, sr_codes.MILLILITER, method=method, places=lines)


def _answers(location: LesionLocation | None) -> list[QualitativeEvaluation]:
    if location is None:
        return []
    known = location.compartment
    value = sr_codes.UNDETERMINED if known is None else sr_codes.COMPARTMENTS[known]
    return [answer(sr_codes.TENTORIUM, value)]


def _stands_alone(lesion: Lesion, lesions: Sequence[Lesion]) -> bool:
    """Whether no other lesion of the subtype lies on its slices."""
    first, last = lesion.slices
    return not any(
        other is not lesion and other.subtype == lesion.subtype and other.slices[0] <= last and other.slices[1] >= first
        for other in lesions
    )


def _slices(
    lesion: Lesion, source: CTSource, source_datasets: Sequence[FileDataset]
) -> list[SourceImageForMeasurementGroup]:
    """Return the source slices of a lesion."""
    from highdicom.sr import SourceImageForMeasurementGroup

    touched = range(lesion.slices[0], lesion.slices[1] + 1)
    if source.frames:
        frames = [source.frames[index] for index in touched]
        first = source_datasets[0]
        return [SourceImageForMeasurementGroup(first.SOPClassUID, first.SOPInstanceUID, frames)]
    chosen = [source_datasets[index] for index in touched]
    return [SourceImageForMeasurementGroup(item.SOPClassUID, item.SOPInstanceUID) for item in chosen]


def _frames(
    lesion: Lesion, segmentation: Dataset, frames: dict[tuple[int, int], int], segment: int | None
) -> list[SourceImageForMeasurementGroup]:
    """Return the frames of the segment on the slices of the lesion, if the segmentation contains them."""
    from highdicom.sr import SourceImageForMeasurementGroup

    touched = range(lesion.slices[0], lesion.slices[1] + 1)
    found = [frames[segment, index] for index in touched if segment is not None and (segment, index) in frames]
    if not found:
        return []
    return [SourceImageForMeasurementGroup(segmentation.SOPClassUID, segmentation.SOPInstanceUID, sorted(found))]
