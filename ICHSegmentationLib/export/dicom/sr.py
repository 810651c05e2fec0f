# SPDX-License-Identifier: Apache-2.0
"""Structured report of the measurements: Comprehensive 3D SR with template TID 1500 (PS3.16).

Groups in order:

- one per segment (TID 1411): volume, presence, and whether it was corrected;
- the total (TID 1501, as all that follow, without reference to a segment), and whether IPH reaches 30 mL;
- one per lesion, see :func:`ICHSegmentationLib.export.dicom.sr_lesions.lesion_groups`;
- midline shift, modified Graeb score, ICH score, growth and the verdict of a radiologist, if available.

Undetermined values are left out or coded as "Undetermined". Numbers are those of ``measurements.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import Dataset, FileDataset
from pydicom.uid import generate_uid

from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.terminology import Code, load_terminology
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.dicom import sr_codes
from ICHSegmentationLib.export.dicom.identity import (
    MANUFACTURER,
    MODEL_NAME,
    coded,
    keep_character_set,
    series_number,
)
from ICHSegmentationLib.export.dicom.save import save_dicom
from ICHSegmentationLib.export.dicom.sr_items import answer, number, presence, site, yes_no
from ICHSegmentationLib.export.dicom.sr_lesions import lesion_groups
from ICHSegmentationLib.export.dicom.sr_study import (
    graeb_group,
    growth_groups,
    ich_score_group,
    midline_group,
    review_group,
    total_group,
)
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.io.dicom.source_headers import derivation_named, quiet_dicom
from ICHSegmentationLib.io.labels.dicom_seg import segment_classes
from ICHSegmentationLib.measurement import Measurements

if TYPE_CHECKING:
    from highdicom.sr import (
        AlgorithmIdentification,
        MeasurementsAndQualitativeEvaluations,
        ObservationContext,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )

SERIES_DESCRIPTION = "Hemorrhage measurements (research use only)"
_SERIES_OFFSET = 2
# SNOMED CT; CID 100 (PS3.16), which lists CT of no particular region only, is extensible.
_CT_OF_HEAD = Code(scheme="SCT", value="303653007", meaning="Computed tomography of head")


def write_dicom_sr(
    path: Path | str,
    measurements: Measurements,
    source: CTSource,
    source_datasets: Sequence[FileDataset],
    segmentation: Dataset,
    *,
    record: MeasurementRecord | None = None,
) -> None:
    """Write the measurements of a segmentation as a structured report, atomically.

    The algorithm is taken from the segmentation. The observer is the program; values that a user entered are marked
    individually, see :class:`ICHSegmentationLib.export.dicom.sr_items.Origin`.

    Parameters
    ----------
    path : Path or str
        File to write.
    measurements : Measurements
        Measurements of that segmentation.
    source : CTSource
        Origin of the volume.
    source_datasets : sequence of pydicom.FileDataset
        Headers of that volume, see :func:`ICHSegmentationLib.io.dicom.source_headers.load_source_datasets`.
    segmentation : pydicom.Dataset
        The DICOM Segmentation that the report refers to.
    record : MeasurementRecord, optional
        Source of corrections, ICH score, growth, verdict, and edited points of the Graeb score.

    Raises
    ------
    InputError
        If the headers of the source do not allow it.
    ICHSegmentationError
        If the file cannot be written.
    """
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from highdicom.sr import Comprehensive3DSR, MeasurementReport

    with quiet_dicom(), derivation_named(source):
        content = MeasurementReport(
            observation_context=_observer(),
            procedure_reported=coded(_CT_OF_HEAD),
            imaging_measurements=[
                *_segment_groups(measurements, source_datasets[0], segmentation, record),
                total_group(measurements),
                *lesion_groups(measurements.lesions, source, source_datasets, segmentation),
                *_study_groups(measurements, source_datasets[0], record),
            ],
        )
        report = Comprehensive3DSR(
            evidence=[*source_datasets, segmentation],
            content=content[0],
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
        # highdicom's structured reports take no coding schemes.
        scheme = CodingSchemeIdentificationItem(
            sr_codes.PRIVATE_SCHEME, name=sr_codes.PRIVATE_SCHEME_NAME, responsible_organization=MANUFACTURER
        )
        report.CodingSchemeIdentificationSequence = [scheme]
        keep_character_set(report, source_datasets[0])
    save_dicom(path, report)


def _segment_groups(
    measurements: Measurements, image: Dataset, segmentation: Dataset, record: MeasurementRecord | None
) -> list[VolumetricROIMeasurementsAndQualitativeEvaluations]:
    from highdicom.sr import (
        ReferencedSegment,
        SourceSeriesForSegmentation,
        TrackingIdentifier,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )

    table = load_terminology()
    rows = segment_classes(segmentation)
    corrected = None if record is None else record.corrected
    groups = []
    for segment in segmentation.SegmentSequence:
        segment_number = int(segment.SegmentNumber)
        if segment_number not in rows:
            continue
        row = rows[segment_number]
        is_there = measurements.present.get(row.id, False)
        answers = [presence(is_there, assessed=measurements.assessed)]
        if corrected is not None:
            answers.append(answer(sr_codes.CORRECTED, yes_no(row.id in corrected)))
        volume_ml = measurements.volumes_ml.get(row.id, 0.0)
        uid = segment.get("TrackingUID") or generate_uid()
        groups.append(
            VolumetricROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=TrackingIdentifier(uid=uid, identifier=row.id),
                referenced_segment=ReferencedSegment(
                    sop_class_uid=segmentation.SOPClassUID,
                    sop_instance_uid=segmentation.SOPInstanceUID,
                    segment_number=segment_number,
                    source_series=SourceSeriesForSegmentation(image.SeriesInstanceUID),
                ),
                finding_category=coded(table.category),
                finding_type=coded(row.code),
                algorithm_id=_algorithm(segment),
                finding_sites=[site(table.region)],
                measurements=[number(sr_codes.VOLUME, volume_ml, sr_codes.MILLILITER, method=sr_codes.VOXEL_SUM)],
                qualitative_evaluations=answers,
            )
        )
    return groups


def _study_groups(
    measurements: Measurements, image: Dataset, record: MeasurementRecord | None
) -> list[MeasurementsAndQualitativeEvaluations]:
    """Return the groups of the whole head; the Graeb score of the record includes edits."""
    groups = []
    if measurements.midline_shift is not None:
        groups.append(midline_group(measurements.midline_shift, str(image.FrameOfReferenceUID)))
    graeb = measurements.modified_graeb if record is None else record.modified_graeb
    if graeb is not None:
        groups.append(graeb_group(graeb))
    if record is not None and record.ich_score is not None:
        groups.append(ich_score_group(record.ich_score, measurements))
    if record is not None and record.growth is not None:
        groups += growth_groups(record.growth)
    if record is not None and record.review is not None:
        groups.append(review_group(record.review))
    return groups


def _algorithm(segment: Dataset) -> AlgorithmIdentification | None:
    """Return the algorithm of a segment, or None if the segmentation does not name it."""
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
