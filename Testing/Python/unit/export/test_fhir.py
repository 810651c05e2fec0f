# SPDX-License-Identifier: Apache-2.0
"""FHIR bundles are valid R4B, say the millilitres of the record, and name nobody."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from builders.dicom import write_series
from builders.grids import make_grid
from builders.requirements import require_module

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.fhir import make_fhir
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement import MidlineShift, ich_score
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.segmentation.result import SegmentationResult

SNOMED, UCUM = "http://snomed.info/sct", "http://unitsofmeasure.org"


@pytest.fixture(scope="module")
def a_case(a_result: SegmentationResult) -> CaseResult:
    return CaseResult.of(a_result)


def resources(text: str) -> dict[str, list]:
    """Return the resources of a bundle by type, as fhir.resources reads and validates them."""
    require_module("fhir", "fhir.resources")
    from fhir.resources.R4B.bundle import Bundle

    bundle = Bundle.model_validate_json(text)
    found: dict[str, list] = {}
    for entry in bundle.entry:
        found.setdefault(entry.resource.get_resource_type(), []).append(entry.resource)
    return found


def test_every_volume_is_the_record_s(a_case: CaseResult):
    found = resources(make_fhir(a_case.measurements, a_case.record, None))

    volumes_ml = {}
    for item in found["Observation"][:6]:
        (coding,), component = item.code.coding, item.component[0]
        assert coding.system == SNOMED
        assert (component.code.coding[0].code, component.code.coding[0].system) == ("118565006", SNOMED)
        quantity = component.valueQuantity
        assert (quantity.code, quantity.system) == ("mL", UCUM)
        volumes_ml[coding.code] = float(quantity.value)
        assert item.valueBoolean is (quantity.value > 0)
    expected = a_case.measurements.volumes_ml
    codes = {"EDH": "82999001", "SDH": "35486000", "SAH": "21454007", "IPH": "274100004", "IVH": "23276006"}
    assert volumes_ml == {code: expected[name] for name, code in (codes | {"total": "1386000"}).items()}
    assert expected["IPH"] > 1


def test_the_report_is_preliminary_and_refers_to_every_observation(a_case: CaseResult):
    text = make_fhir(a_case.measurements, a_case.record, None)
    urls = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in json.loads(text)["entry"]}
    found = resources(text)
    (report,), (device,) = found["DiagnosticReport"], found["Device"]

    assert report.status == "preliminary"
    assert {urls[item.reference] for item in report.result} == {"Observation"}
    assert len(report.result) == len(found["Observation"])
    assert {urls[item.device.reference] for item in found["Observation"]} == {"Device"}
    assert [concept.coding[0].code for concept in report.conclusionCode] == ["274100004", "23276006"]
    assert "Research use only" in report.conclusion
    assert device.version[1].value == f"bright, SHA-256 c0ffee{'0' * 58}"


def test_what_is_not_determined_has_a_reason_in_place_of_a_value(a_case: CaseResult):
    shift = MidlineShift(reason="The septum was not found.")
    measurements = a_case.measurements.model_copy(update={"midline_shift": shift})
    found = resources(make_fhir(measurements, a_case.record, None))["Observation"]
    (midline,) = [item for item in found if (item.code.text or "").startswith("Midline")]
    assert midline.valueQuantity is None
    assert midline.dataAbsentReason.coding[0].code == "unknown"
    assert midline.note[0].text == "The septum was not found."


def test_scores_are_a_number_or_the_range_that_is_possible(a_case: CaseResult):
    score = ich_score(a_case.measurements, gcs=4, age_years=80, infratentorial=False)
    open_score = ich_score(a_case.measurements, gcs=4)
    values = []
    for given in (score, open_score):
        record = a_case.record.model_copy(update={"ich_score": given})
        found = resources(make_fhir(a_case.measurements, record, None))["Observation"]
        values += [item for item in found if item.code.text.startswith("ICH score")]
    assert values[0].valueQuantity.value == score.score == 4
    assert (values[1].valueRange.low.value, values[1].valueRange.high.value) == (open_score.lowest, open_score.highest)
    assert open_score.lowest < open_score.highest


def test_corrected_segments_say_so(a_case: CaseResult):
    record = a_case.record.model_copy(update={"corrected": ("IVH",)})
    found = resources(make_fhir(a_case.measurements, record, None))["Observation"]
    notes = {item.code.text: item.note[0].text for item in found if item.note and item.component}
    assert notes == {"Intraventricular hemorrhage": "The segment was corrected by hand."}


def test_the_study_is_the_only_link_to_the_patient(tmp_path: Path):
    grid = make_grid(rows=20, columns=16, steps_mm=[5.0] * 7)
    hu = np.zeros(grid.shape, dtype=np.int16)
    write_series(tmp_path / "ct", hu, grid)
    volume = read_ct(tmp_path / "ct")
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[2:5, 2:8, 3:11] = Subtype.IPH
    labels = LabelMap(array, volume.grid)
    case = CaseResult(label_map=labels, measurements=measure(labels), volume=volume)
    Exporter(case).write({ExportFormat.fhir: tmp_path / "report.json"})

    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    (report,) = resources(text)["DiagnosticReport"]
    assert report.imagingStudy[0].identifier.value == "urn:oid:1.2.3.4"
    assert report.subject is None
    assert not [word for word in ("Secret", "SECRET", "20200101", "2020-01-01") if word in text]
