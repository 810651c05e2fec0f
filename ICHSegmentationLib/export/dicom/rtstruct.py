# SPDX-License-Identifier: Apache-2.0
"""RT Structure Set (PS3.3 A.19) of a label map: planar contours on the source slices.

Contours follow the edges of the pixels, so that the area on a slice is that of its pixels; times the extents of the
slices it gives the volumes back, on tilted and uneven stacks too. The format itself holds no extents.

Written with pydicom: rt-utils 1.2.7 draws contours through pixel centers, exchanges the spacings of rows and columns
and assumes even steps without tilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.terminology import HemorrhageClass, load_terminology
from ICHSegmentationLib.export.dicom.contours import pixel_polygons
from ICHSegmentationLib.export.dicom.identity import coded, derived_object
from ICHSegmentationLib.io.dicom.source_headers import derivation_named, quiet_dicom

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.source import CTSource

SERIES_DESCRIPTION = "Hemorrhage contours (research use only)"
_SERIES_OFFSET = 6
# The retired class that PS3.3 C.8.8.5 leaves in RT Referenced Study Sequence.
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"


def make_rtstruct(
    label_map: LabelMap, source: CTSource, source_datasets: Sequence[Dataset], *, automatic: bool
) -> Dataset:
    """Return a label map as RT Structure Set: one region per subtype that is there.

    Parameters
    ----------
    label_map : LabelMap
        Labels on the source slices.
    source : CTSource
        Origin of the volume.
    source_datasets : sequence of pydicom.Dataset
        Headers of that volume, see :func:`ICHSegmentationLib.io.dicom.source_headers.load_source_datasets`.
    automatic : bool
        Whether the labels are those of a model and nobody edited them.

    Raises
    ------
    InputError
        If there is no hemorrhage, or the headers of the source do not allow it.
    """
    rows = [row for row in load_terminology().classes if (label_map.labels == row.label).any()]
    if not rows:
        raise InputError(message("export.no_contours"))
    with quiet_dicom(), derivation_named(source):
        images = _images(source, source_datasets)
        dataset = _base(source_datasets[0])
        dataset.ReferencedFrameOfReferenceSequence = [_frame_of_reference(source_datasets)]
        dataset.StructureSetROISequence = [_roi(row, source_datasets[0], automatic=automatic) for row in rows]
        dataset.ROIContourSequence = [_contours(row, label_map, images) for row in rows]
        dataset.RTROIObservationsSequence = [_observation(row) for row in rows]
    return dataset


def _base(first: Dataset) -> Dataset:
    now = datetime.now()
    dataset = derived_object(
        first,
        sop_class_uid=RTStructureSetStorage,
        modality="RTSTRUCT",
        series_offset=_SERIES_OFFSET,
        series_description=SERIES_DESCRIPTION,
        # Contour Data can be longer than the 64 KiB that an explicit VR DS allows.
        transfer_syntax_uid=ImplicitVRLittleEndian,
    )
    dataset.OperatorsName = ""
    dataset.FrameOfReferenceUID = first.FrameOfReferenceUID
    dataset.PositionReferenceIndicator = ""
    dataset.StructureSetLabel = "HEMORRHAGE"
    dataset.StructureSetDescription = "Intracranial hemorrhage by subtype. Research use only."
    dataset.StructureSetDate, dataset.StructureSetTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    return dataset


def _images(source: CTSource, source_datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return the reference to each slice of the volume."""
    if not source.frames:
        return [_reference(dataset) for dataset in source_datasets]
    references = []
    for frame in source.frames:
        reference = _reference(source_datasets[0])
        reference.ReferencedFrameNumber = frame
        references.append(reference)
    return references


def _reference(dataset: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = dataset.SOPClassUID
    reference.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    return reference


def _frame_of_reference(source_datasets: Sequence[Dataset]) -> Dataset:
    first = source_datasets[0]
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ContourImageSequence = [_reference(dataset) for dataset in source_datasets]
    study.ReferencedSOPClassUID = _STUDY_CLASS
    study.ReferencedSOPInstanceUID = first.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = first.FrameOfReferenceUID
    frame.RTReferencedStudySequence = [study]
    return frame


def _roi(row: HemorrhageClass, first: Dataset, *, automatic: bool) -> Dataset:
    roi = Dataset()
    roi.ROINumber = row.label
    roi.ReferencedFrameOfReferenceUID = first.FrameOfReferenceUID
    roi.ROIName = row.id
    roi.ROIDescription = row.name
    roi.ROIGenerationAlgorithm = "AUTOMATIC" if automatic else "SEMIAUTOMATIC"
    return roi


def _contours(row: HemorrhageClass, label_map: LabelMap, images: list[Dataset]) -> Dataset:
    grid, mask = label_map.grid, label_map.labels == row.label
    contours = []
    for index in np.flatnonzero(mask.any(axis=(1, 2))):
        for polygon in pixel_polygons(mask[index]):
            places = np.column_stack([np.full(len(polygon), float(index)), polygon])
            contour = Dataset()
            contour.ContourImageSequence = [images[index]]
            contour.ContourGeometricType = "CLOSED_PLANAR"
            contour.NumberOfContourPoints = len(polygon)
            contour.ContourData = [f"{value:.4f}" for value in grid.points_mm(places).ravel()]
            contours.append(contour)
    region = Dataset()
    region.ROIDisplayColor = list(row.rgb)
    region.ReferencedROINumber = row.label
    region.ContourSequence = contours
    return region


def _observation(row: HemorrhageClass) -> Dataset:
    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = row.label
    observation.RTROIIdentificationCodeSequence = [coded(row.code)]
    observation.RTROIInterpretedType = ""
    observation.ROIInterpreter = ""
    return observation
