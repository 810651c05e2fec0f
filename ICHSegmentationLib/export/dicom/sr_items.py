# SPDX-License-Identifier: Apache-2.0
"""Content items of the structured report: numbers, answers and remarks, with their origin."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.terminology import Code
from ICHSegmentationLib.export.dicom import sr_codes
from ICHSegmentationLib.export.dicom.identity import coded

if TYPE_CHECKING:
    from highdicom.sr import (
        CoordinatesForMeasurement3D,
        FindingSite,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
        SourceImageForMeasurementGroup,
    )


class Origin(Enum):
    """Origin of a value; typed values have the method "Manual Entry" (DCM 113857).

    Those that replace a measured value are also marked as "User chosen value" (CID 224, in Selection Status of
    TID 310). The person who typed them is not an observer of the report: TID 1003 requires the name, which is unknown.
    """

    MEASURED = auto()
    TYPED = auto()
    REPLACED = auto()

    @classmethod
    def of_entry(cls, proposal: object) -> Origin:
        """Return the origin of a typed value: instead of a proposal or, if that is None, without one."""
        return cls.TYPED if proposal is None else cls.REPLACED


def number(
    name: Code,
    value: float,
    unit: Code,
    *,
    method: Code | None = None,
    derivation: Code | None = None,
    origin: Origin = Origin.MEASURED,
    sites: Sequence[FindingSite] = (),
    places: Sequence[CoordinatesForMeasurement3D] = (),
) -> Measurement:
    """Return a number (TID 300) with method, derivation, finding sites and source coordinates."""
    from highdicom.sr import Measurement, MeasurementProperties

    by_hand = origin is not Origin.MEASURED
    method = sr_codes.MANUAL_ENTRY if by_hand else method
    replaced = MeasurementProperties(selection_status=coded(sr_codes.USER_CHOSEN))
    return Measurement(
        name=coded(name),
        value=value,
        unit=coded(unit),
        method=None if method is None else coded(method),
        derivation=None if derivation is None else coded(derivation),
        finding_sites=list(sites) or None,
        properties=replaced if origin is Origin.REPLACED else None,
        referenced_coordinates=list(places) or None,
    )


def span(name: Code, lowest: float | None, highest: float | None, unit: Code) -> list[Measurement]:
    """Return one number, or two marked as minimum and maximum if they differ; None is left out."""
    if lowest is not None and lowest == highest:
        return [number(name, lowest, unit)]
    ends = ((lowest, sr_codes.MINIMUM), (highest, sr_codes.MAXIMUM))
    return [number(name, value, unit, derivation=which) for value, which in ends if value is not None]


def answer(name: Code, value: Code, origin: Origin = Origin.MEASURED) -> QualitativeEvaluation:
    """Return a coded answer, marked as in :func:`number` if it was typed."""
    from highdicom.sr import CodeContentItem, ContentSequence, QualitativeEvaluation

    evaluation = QualitativeEvaluation(coded(name), coded(value))
    marks = []
    if origin is not Origin.MEASURED:
        marks.append((sr_codes.METHOD, sr_codes.MANUAL_ENTRY, "HAS CONCEPT MOD"))
    if origin is Origin.REPLACED:
        marks.append((sr_codes.SELECTION_STATUS, sr_codes.USER_CHOSEN, "HAS PROPERTIES"))
    if marks:
        evaluation[0].ContentSequence = ContentSequence(
            [CodeContentItem(coded(key), coded(mark), relation) for key, mark, relation in marks]
        )
    return evaluation


def yes_no(value: bool | None) -> Code:
    """Return the code of an answer (CID 230); None is undetermined."""
    return sr_codes.UNDETERMINED if value is None else sr_codes.YES if value else sr_codes.NO


def presence(is_there: bool, *, assessed: bool) -> QualitativeEvaluation:
    """Return whether a hemorrhage is present; in a scan that was not assessed it is never absent."""
    absent = sr_codes.ABSENT if assessed else sr_codes.UNDETERMINED
    return answer(sr_codes.PRESENCE, sr_codes.PRESENT if is_there else absent)


def points(purpose: Code, points_mm: Sequence[Sequence[float]], frame_of_reference: str) -> CoordinatesForMeasurement3D:
    """Return a point, or a line between two, in LPS mm (PS3.3 C.18.9)."""
    from highdicom.sr import CoordinatesForMeasurement3D

    return CoordinatesForMeasurement3D(
        graphic_type="POINT" if len(points_mm) == 1 else "POLYLINE",
        graphic_data=np.array(points_mm, dtype=np.float64),
        frame_of_reference_uid=frame_of_reference,
        purpose=coded(purpose),
    )


def site(region: Code, laterality: Code | None = None, modifier: Code | None = None) -> FindingSite:
    """Return a finding site."""
    from highdicom.sr import FindingSite

    return FindingSite(
        coded(region),
        laterality=None if laterality is None else coded(laterality),
        topographical_modifier=None if modifier is None else coded(modifier),
    )


def group(
    identifier: str,
    finding: Code | None,
    measurements: Sequence[Measurement],
    answers: Sequence[QualitativeEvaluation] = (),
    *,
    category: Code | None = None,
    sites: Sequence[FindingSite] = (),
    images: Sequence[SourceImageForMeasurementGroup] = (),
    remark: str = "",
) -> MeasurementsAndQualitativeEvaluations:
    """Return a group without reference to a segment (TID 1501), with an optional comment (DCM 121106) at its end."""
    from highdicom.sr import MeasurementsAndQualitativeEvaluations, TextContentItem, TrackingIdentifier
    from pydicom.uid import generate_uid

    made = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=generate_uid(), identifier=identifier),
        finding_type=None if finding is None else coded(finding),
        finding_category=None if category is None else coded(category),
        finding_sites=list(sites) or None,
        measurements=list(measurements),
        qualitative_evaluations=list(answers),
        source_images=list(images) or None,
    )
    if remark:
        made[0].ContentSequence.append(TextContentItem(coded(sr_codes.COMMENT), remark, "CONTAINS"))
    return made
