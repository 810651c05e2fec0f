# SPDX-License-Identifier: Apache-2.0
"""Measurements as FHIR: a Bundle with one DiagnosticReport, its Observations and the Device that made them.

Only elements that FHIR R4 and R4B share are used. Findings, sites and volume have the SNOMED CT codes of the structured
report, units are UCUM's; what has no published code that could be checked is named in text only. Values that are not
determined have a data absent reason in place of a value.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import Code, load_terminology
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.dicom import sr_codes
from ICHSegmentationLib.export.dicom.identity import MANUFACTURER, MODEL_NAME
from ICHSegmentationLib.rendering.drawing import format_ml

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.export.record import MeasurementRecord
    from ICHSegmentationLib.measurement import Measurements

_SYSTEMS = {"SCT": "http://snomed.info/sct", "UCUM": "http://unitsofmeasure.org"}
_CT_OF_HEAD = Code(scheme="SCT", value="303653007", meaning="Computed tomography of head")
_NOTE = "Measured by a program. Research use only; not a medical device."
_ABSENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}
Resource = dict[str, Any]


def make_fhir(measurements: Measurements, record: MeasurementRecord | None, image: Dataset | None) -> str:
    """Return the text of the file: JSON of a Bundle (type collection), without patient data.

    Parameters
    ----------
    measurements : Measurements
        Measurements of a segmentation.
    record : MeasurementRecord, optional
        Source of the model, corrections, ICH score and edited points of the Graeb score.
    image : pydicom.Dataset, optional
        Header of the scan; its StudyInstanceUID is the only link to the patient's study.
    """
    device = _device(record)
    observations = [
        *_subtypes(measurements, record),
        _finding(
            load_terminology().by_id("ICH").code, measurements.volumes_ml["total"], assessed=measurements.assessed
        ),
        *_head(measurements, record),
    ]
    entries = [(f"urn:uuid:{uuid4()}", resource) for resource in (device, *observations)]
    for _, observation in entries[1:]:
        observation["device"] = {"reference": entries[0][0]}
    report = _report(measurements, [url for url, _ in entries[1:]], image)
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": url, "resource": resource} for url, resource in [(f"urn:uuid:{uuid4()}", report), *entries]
        ],
    }
    return json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"


def _report(measurements: Measurements, results: list[str], image: Dataset | None) -> Resource:
    table = load_terminology()
    found = [row for row in table.classes if measurements.volumes_ml.get(row.id, 0) > 0]
    parts = [f"{row.name} {format_ml(measurements.volumes_ml[row.id])}" for row in found]
    total = f"; total {format_ml(measurements.volumes_ml['total'])}" if len(found) > 1 else ""
    nothing = ["No hemorrhage found"] if measurements.assessed else []
    sentences = [f"{'; '.join(parts or nothing)}{total}."] if parts or nothing else []
    if not measurements.assessed:
        sentences.append(message("export.not_assessed"))
    conclusion = " ".join((*sentences, _NOTE))
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(conclusion)}</div>',
        },
        # Not final: no person has signed it.
        "status": "preliminary",
        "code": _concept(_CT_OF_HEAD),
        "result": [{"reference": url} for url in results],
        "conclusion": conclusion,
    }
    if found:
        report["conclusionCode"] = [_concept(row.code) for row in found]
    if image is not None:
        study = {"system": "urn:dicom:uid", "value": f"urn:oid:{image.StudyInstanceUID}"}
        report["imagingStudy"] = [{"type": "ImagingStudy", "identifier": study}]
    return report


def _device(record: MeasurementRecord | None) -> Resource:
    versions = [{"type": {"text": "program"}, "value": __version__}]
    if record is not None:
        weights = f"{record.model.name}, SHA-256 {record.model.sha256 or 'none'}"
        versions.append({"type": {"text": "model"}, "value": weights})
    return {
        "resourceType": "Device",
        "manufacturer": MANUFACTURER,
        "deviceName": [{"name": MODEL_NAME, "type": "model-name"}],
        "version": versions,
        "note": [{"text": _NOTE}],
    }


def _subtypes(measurements: Measurements, record: MeasurementRecord | None) -> list[Resource]:
    """Return whether there is hemorrhage of each subtype, with its volumes."""
    table = load_terminology()
    corrected = () if record is None or record.corrected is None else record.corrected
    rows = [row for row in table.classes if row.id in Subtype.__members__ or measurements.volumes_ml.get(row.id, 0) > 0]
    return [
        _finding(
            row.code,
            measurements.volumes_ml.get(row.id, 0.0),
            abc2_ml=measurements.abc2_ml.get(row.id),
            note="The segment was corrected by hand." if row.id in corrected else "",
            assessed=measurements.assessed,
        )
        for row in rows
    ]


def _finding(
    code: Code, volume_ml: float, *, abc2_ml: float | None = None, note: str = "", assessed: bool = True
) -> Resource:
    if not assessed and not volume_ml:
        return _observation(_concept(code), dataAbsentReason=_ABSENT, note=[{"text": message("export.not_assessed")}])
    components = [{"code": _concept(sr_codes.VOLUME), "valueQuantity": _quantity(volume_ml, sr_codes.MILLILITER)}]
    if abc2_ml is not None:
        quantity = _quantity(abc2_ml, sr_codes.MILLILITER)
        components.append({"code": {"text": "Volume estimated by ABC/2 (XYZ/2)"}, "valueQuantity": quantity})
    found = _observation(_concept(code), valueBoolean=volume_ml > 0, component=components)
    if note:
        found["note"] = [{"text": note}]
    return found


def _head(measurements: Measurements, record: MeasurementRecord | None) -> list[Resource]:
    """Return midline shift and scores."""
    found = []
    shift = measurements.midline_shift
    if shift is not None:
        name = {"text": "Midline shift at the septum pellucidum"}
        if shift.shift_mm is None:
            found.append(_observation(name, dataAbsentReason=_ABSENT, note=[{"text": shift.reason}]))
        else:
            side = [] if shift.toward is None else [{"code": {"text": "Side"}, "valueString": shift.toward}]
            value = _quantity(shift.shift_mm, sr_codes.MILLIMETER)
            found.append(_observation(name, valueQuantity=value, **({"component": side} if side else {})))
    graeb = measurements.modified_graeb if record is None else record.modified_graeb
    if graeb is not None:
        found.append(_score("Modified Graeb score, a proposal", graeb.lowest, graeb.highest))
    if record is not None and record.ich_score is not None:
        score = record.ich_score
        found.append(_score("ICH score, of spontaneous hemorrhage only", score.lowest, score.highest))
    return found


def _score(name: str, lowest: int, highest: int) -> Resource:
    low, high = _quantity(lowest, sr_codes.SCORE), _quantity(highest, sr_codes.SCORE)
    if lowest == highest:
        return _observation({"text": name}, valueQuantity=low)
    return _observation({"text": name}, valueRange={"low": low, "high": high})


def _observation(code: Resource, **values: Any) -> Resource:
    site = _concept(load_terminology().region)
    return {"resourceType": "Observation", "status": "preliminary", "code": code, "bodySite": site, **values}


def _concept(code: Code) -> Resource:
    coding = {"system": _SYSTEMS[code.scheme], "code": code.value, "display": code.meaning}
    return {"coding": [coding], "text": code.meaning}


def _quantity(value: float, unit: Code) -> Resource:
    return {"value": value, "unit": unit.value, "system": _SYSTEMS[unit.scheme], "code": unit.value}
