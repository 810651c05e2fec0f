# SPDX-License-Identifier: Apache-2.0
"""Volumes as a structured report: Comprehensive 3D SR with the Measurement Report template (PS3.16 TID 1500)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.uid import generate_uid

from ICHSegmentationLib import __version__
from ICHSegmentationLib.ct.source import CTSource
from ICHSegmentationLib.files import atomic_path
from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.reporting.dicom_identity import (
    MANUFACTURER,
    MODEL_NAME,
    coded,
    keep_character_set,
    series_number,
)
from ICHSegmentationLib.reporting.dicom_seg_reader import segment_classes
from ICHSegmentationLib.reporting.dicom_source import derivation_named, quiet_dicom
from ICHSegmentationLib.terminology import Code, load_terminology

if TYPE_CHECKING:
    from highdicom.sr import (
        AlgorithmIdentification,
        Measurement,
        MeasurementReport,
        MeasurementsAndQualitativeEvaluations,
        ObservationContext,
        QualitativeEvaluation,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )

SERIES_DESCRIPTION = "Hemorrhage volumes (research use only)"
_SERIES_OFFSET = 2
# SNOMED CT; CID 100 (PS3.16), which lists CT of no particular region only, is extensible.
_CT_OF_HEAD = Code(scheme="SCT", value="303653007", meaning="Computed tomography of head")


def write_dicom_sr(
    path: Path | str,
    measurements: Measurements,
    source: CTSource,
    source_datasets: Sequence[Dataset],
    segmentation: Dataset,
) -> None:
    """Write the volumes of a segmentation as a structured report, atomically.

    One measurement group per segment of hemorrhage, with volume in mL and whether there is any, and one for the total.
    What made the segmentation is taken from the segmentation itself.

    Parameters
    ----------
    path : Path or str
        Where to write.
    measurements : Measurements
        Volumes of that segmentation.
    source : CTSource
        Where the volume was read from.
    source_datasets : sequence of pydicom.Dataset
        What :func:`ICHSegmentationLib.reporting.dicom_source.load_source_datasets` gave for that volume.
    segmentation : pydicom.Dataset
        The DICOM Segmentation that the report refers to.

    Raises
    ------
    InputError
        If the headers of the source do not allow it.
    ICHSegmentationError
        If the system refuses the file.
    """
    from highdicom.sr import Comprehensive3DSR

    with quiet_dicom():
        with derivation_named(source):
            report = Comprehensive3DSR(
                evidence=[*source_datasets, segmentation],
                content=_content(measurements, source_datasets[0], segmentation)[0],
                series_instance_uid=generate_uid(),
                series_number=series_number(source_datasets[0], _SERIES_OFFSET),
                sop_instance_uid=generate_uid(),
                instance_number=1,
                manufacturer=MANUFACTURER,
                manufacturer_model_name=MODEL_NAME,
                software_versions=__version__,
                series_description=SERIES_DESCRIPTION,
                is_complete=True,
            )
        keep_character_set(report, source_datasets[0])
        with atomic_path(path) as temporary:
            report.save_as(temporary, enforce_file_format=True)


def _content(measurements: Measurements, image: Dataset, segmentation: Dataset) -> MeasurementReport:
    from highdicom.sr import MeasurementReport

    rows = segment_classes(segmentation)
    groups: list[VolumetricROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations] = [
        _segment_group(measurements, image, segmentation, item)
        for item in segmentation.SegmentSequence
        if int(item.SegmentNumber) in rows
    ]
    groups.append(_total_group(measurements))
    return MeasurementReport(
        observation_context=_observer(), procedure_reported=coded(_CT_OF_HEAD), imaging_measurements=groups
    )


def _segment_group(
    measurements: Measurements, image: Dataset, segmentation: Dataset, segment: Dataset
) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
    from highdicom.sr import (
        FindingSite,
        ReferencedSegment,
        SourceSeriesForSegmentation,
        TrackingIdentifier,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )

    table = load_terminology()
    number = int(segment.SegmentNumber)
    row = segment_classes(segmentation)[number]
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=segment.get("TrackingUID") or generate_uid(), identifier=row.id),
        referenced_segment=ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=number,
            source_series=SourceSeriesForSegmentation(image.SeriesInstanceUID),
        ),
        finding_category=coded(table.category),
        finding_type=coded(row.code),
        algorithm_id=_algorithm(segment),
        finding_sites=[FindingSite(coded(table.region))],
        measurements=[_volume(measurements.volumes_ml.get(row.id, 0.0))],
        qualitative_evaluations=[_presence(present=measurements.present.get(row.id, False))],
    )


def _total_group(measurements: Measurements) -> MeasurementsAndQualitativeEvaluations:
    from highdicom.sr import MeasurementsAndQualitativeEvaluations, TrackingIdentifier

    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=generate_uid(), identifier="total"),
        finding_type=coded(load_terminology().by_id("ICH").code),
        measurements=[_volume(measurements.volumes_ml["total"])],
        qualitative_evaluations=[_presence(present=any(measurements.present.values()))],
    )


def _volume(volume_ml: float) -> Measurement:
    from highdicom.sr import CodedConcept, Measurement
    from pydicom.sr.codedict import codes

    return Measurement(
        name=codes.SCT.Volume,
        value=volume_ml,
        unit=CodedConcept("mL", "UCUM", "milliliter"),
        method=codes.DCM.SumOfSegmentedVoxelMethodForVolume,
    )


def _presence(*, present: bool) -> QualitativeEvaluation:
    from highdicom.sr import QualitativeEvaluation
    from pydicom.sr.codedict import codes

    return QualitativeEvaluation(codes.DCM.PresenceOfProperty, codes.DCM.Present if present else codes.DCM.Absent)


def _algorithm(segment: Dataset) -> AlgorithmIdentification | None:
    """Return what the segmentation says of how the segment was made, or None where it says nothing."""
    from highdicom.sr import AlgorithmIdentification

    items = segment.get("SegmentationAlgorithmIdentificationSequence")
    if not items:
        return None
    parameters = [f"type={str(segment.SegmentAlgorithmType).lower()}"]
    if items[0].get("AlgorithmParameters"):
        parameters += str(items[0].AlgorithmParameters).split(",")
    return AlgorithmIdentification(
        name=str(items[0].AlgorithmName), version=str(items[0].AlgorithmVersion), parameters=parameters
    )


def _observer() -> ObservationContext:
    from highdicom.sr import DeviceObserverIdentifyingAttributes, ObservationContext, ObserverContext
    from pydicom.sr.codedict import codes

    device = DeviceObserverIdentifyingAttributes(
        # The same for every report of one version: it names the software, not the computer.
        uid=generate_uid(entropy_srcs=[MANUFACTURER, MODEL_NAME, __version__]),
        name=f"{MODEL_NAME} {__version__} (research use only)",
        manufacturer_name=MANUFACTURER,
        model_name=MODEL_NAME,
    )
    return ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device))
