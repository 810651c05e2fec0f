# SPDX-License-Identifier: Apache-2.0
"""``measurements.json`` and ``.csv`` say what the contract says, in its words."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from builders.label_maps import ellipsoid_ml, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM
from pydantic import ValidationError

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.export.record import AlignmentRecord, MeasurementRecord, make_record
from ICHSegmentationLib.export.report.facts import facts
from ICHSegmentationLib.export.tables import write_measurements_csv, write_measurements_json
from ICHSegmentationLib.measurement import CaseDecision, Measurements
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane

pytestmark = pytest.mark.slow


@pytest.fixture
def a_written_json(tmp_path, a_result) -> dict:
    record = make_record(a_result, measure(a_result.label_map, a_result.volume)).with_seconds(write=0.7004)
    write_measurements_json(tmp_path / "measurements.json", record)
    return json.loads((tmp_path / "measurements.json").read_text(encoding="utf-8"))


def test_keys_are_those_of_the_contract(a_written_json):
    assert list(a_written_json) == [
        "schema", "input", "geometry", "model", "further_models", "runtime", "volumes_ml", "present", "abc2_ml",
        "largest_lesion", "lesions", "midline_shift", "modified_graeb", "iph_30_ml_or_more", "assessed", "corrected",
        "case_decision", "alignment", "ich_score", "growth", "agreement", "review", "timings_s",
    ]  # fmt: skip
    assert a_written_json["schema"] == 1


def test_abc2_is_null_where_it_is_not_made(a_written_json):
    abc2 = a_written_json["lesions"][0]["abc2"]
    assert a_written_json["abc2_ml"] == {
        "EDH": 0.0, "SDH": 0.0, "SAH": None, "IPH": abc2["volume_ml"], "IVH": None,
    }  # fmt: skip
    assert abc2["volume_ml"] == pytest.approx(ellipsoid_ml(CLOT_RADII_MM) * 3 / 3.1416, rel=0.2)
    assert abc2["difference_ml"] == pytest.approx(abc2["volume_ml"] - a_written_json["volumes_ml"]["IPH"], abs=1e-3)


def test_lesions_have_diameter_centre_and_density(a_written_json):
    lesion, ventricle = a_written_json["lesions"]
    assert lesion["longest_diameter_mm"] == pytest.approx(2 * max(CLOT_RADII_MM), abs=4)
    assert lesion["centroid_lps_mm"] == pytest.approx(CLOT_CENTRE_MM, abs=1)
    assert (lesion["hu_mean"], lesion["hu_sd"]) == (60.0, 0.0)
    assert (ventricle["subtype"], ventricle["abc2"]) == ("IVH", None)


def test_input_and_geometry(a_written_json):
    assert a_written_json["input"] == {
        "kind": "dicom",
        "slices": 28,
        "warnings": ["The slices are tilted.", "No graphics card was found."],
    }
    geometry = a_written_json["geometry"]
    assert geometry["tilt_deg"] == pytest.approx(18.5, abs=0.01)
    assert geometry["step_mm"] == [4.0, 7.0]
    assert geometry["slice_distance_mm"] == pytest.approx([3.79, 6.64], abs=0.01)
    assert geometry["spacing_mm"] == [1.9, 1.8]


def test_model_runtime_and_timings(a_written_json):
    assert a_written_json["model"] == {
        "name": "bright",
        "system": "transhardnet",
        "preset": "compact",
        "sha256": "c0ffee" + "0" * 58,
        "licence": "Apache-2.0",
    }
    assert a_written_json["runtime"] == {"device": "cpu", "backend": "openvino", "threads": 2}
    assert a_written_json["timings_s"] == {
        "read": 0.512, "preprocess": 0.2, "infer": 1.0, "postprocess": 0.1, "write": 0.7, "total": 2.512,
    }  # fmt: skip


def test_models_that_helped_are_told(a_result):
    second = a_result.model.model_copy(update={"name": "second", "licence": "MIT", "sha256": "ab" * 32})
    measured = measure(a_result.label_map)
    record = make_record(replace(a_result, further_models=(second,)), measured)
    assert json.loads(record.to_json())["further_models"] == [
        {"name": "second", "system": "transhardnet", "preset": "compact", "sha256": "ab" * 32, "licence": "MIT"}
    ]
    told = f"on cpu (openvino). Further model: second (transhardnet, compact), licence MIT, SHA-256 {'ab' * 32}."
    assert dict(facts(record))["Method"].endswith(told)
    assert make_record(a_result, measured).further_models == ()
    assert record.remeasured(measured).further_models == record.further_models


def test_a_file_that_says_nothing_of_further_models_is_read(a_result):
    content = json.loads(make_record(a_result, measure(a_result.label_map)).to_json())
    del content["further_models"]
    record = MeasurementRecord.model_validate_json(json.dumps(content))
    assert record.further_models is None
    assert "Further model" not in dict(facts(record))["Method"]


def test_thirty_millilitres_are_flagged(a_written_json, a_result):
    assert a_written_json["iph_30_ml_or_more"] is False
    measured = measure(a_result.label_map)
    for iph_ml, flag in ((29.999, False), (30.0, True)):
        other = measured.model_copy(update={"volumes_ml": {**measured.volumes_ml, "IPH": iph_ml}})
        assert make_record(a_result, other).iph_30_ml_or_more is flag


def test_volumes_and_largest_lesion(a_written_json):
    assert list(a_written_json["volumes_ml"]) == ["EDH", "SDH", "SAH", "IPH", "IVH", "total"]
    assert a_written_json["volumes_ml"]["IPH"] == pytest.approx(ellipsoid_ml(CLOT_RADII_MM), rel=0.04)
    assert a_written_json["present"] == {"EDH": False, "SDH": False, "SAH": False, "IPH": True, "IVH": True}
    lesion = a_written_json["largest_lesion"]
    assert list(lesion) == ["subtype", "volume_ml", "centroid_slice"]
    assert lesion["subtype"] == "IPH"
    assert lesion["volume_ml"] == a_written_json["volumes_ml"]["IPH"]


def test_no_blood_has_no_largest_lesion(a_result):
    empty = replace(a_result, label_map=labelled(a_result.volume.grid))
    record = make_record(empty, measure(empty.label_map))

    assert json.loads(record.to_json())["largest_lesion"] is None
    assert json.loads(record.to_json())["volumes_ml"]["total"] == 0


def test_no_tilt_is_not_written_as_minus_zero(a_result):
    from builders.label_maps import head_grid
    from builders.simple_head import head_volume

    volume = head_volume(head_grid([5.0] * 9, rows=20, columns=20))
    record = make_record(replace(a_result, volume=volume), measure(labelled(volume.grid)))
    assert '"tilt_deg": 0.0' in record.to_json()


def test_the_file_reads_back_and_refuses_unknown_keys(a_result):
    record = make_record(a_result, measure(a_result.label_map))
    assert MeasurementRecord.model_validate_json(record.to_json()) == record
    with pytest.raises(ValidationError):
        MeasurementRecord.model_validate_json(record.to_json().replace('"runtime"', '"machine"'))


def test_csv_has_one_row_per_subtype_and_the_total(tmp_path, a_result):
    measurements = measure(a_result.label_map)
    write_measurements_csv(tmp_path / "measurements.csv", measurements)
    with (tmp_path / "measurements.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert [row["subtype"] for row in rows] == ["EDH", "SDH", "SAH", "IPH", "IVH", "total"]
    assert rows[3]["name"] == "Intraparenchymal hemorrhage"
    assert float(rows[3]["volume_ml"]) == pytest.approx(measurements.volumes_ml["IPH"], abs=5e-4)
    assert (rows[0]["present"], rows[0]["volume_ml"], rows[0]["lesions"]) == ("no", "0.000", "0")
    assert (rows[5]["present"], rows[5]["lesions"]) == ("yes", "2")
    assert rows[5]["largest_lesion_ml"] == rows[3]["largest_lesion_ml"]
    assert float(rows[3]["abc2_ml"]) == measurements.abc2_ml["IPH"]
    assert [rows[index]["abc2_ml"] for index in (0, 2, 4, 5)] == ["0.000", "", "", ""]


def test_a_model_that_decides_on_scans_says_so_with_its_volume(a_result):
    measured = measure(a_result.label_map)
    total_ml = measured.volumes_ml["total"]
    for minimum_ml, words in ((0.5, "Hemorrhage ("), (total_ml + 1, "No hemorrhage (")):
        model = a_result.model.model_copy(update={"case_minimum_ml": minimum_ml})
        record = make_record(replace(a_result, model=model), measured)
        assert record.case_decision is not None
        assert record.case_decision.has_bleed == (minimum_ml < total_ml)
        assert dict(facts(record))["Decision"].startswith(words)
    assert make_record(a_result, measured).case_decision is None
    assert record.remeasured(measured).case_decision is None


def test_without_blood_there_is_no_bleed_at_any_least_volume():
    nothing = Measurements(volumes_ml={"total": 0.0}, present={}, slice_volumes_ml={}, lesions=())
    assert not CaseDecision.of(nothing, 0.0).has_bleed


def test_how_the_head_lay_is_told_where_the_network_wants_it_upright(a_result):
    plane = MidsagittalPlane(12.34, -3.21, 1.0, (0.0, 0.0, 0.0))
    measured = measure(a_result.label_map)
    record = make_record(replace(a_result, plane=plane), measured)
    assert record.alignment == AlignmentRecord(turn_deg=12.3, lean_deg=-3.2)
    assert "head turned by 12.3 deg, leaning by -3.2 deg" in dict(facts(record))["Geometry"]
    assert make_record(a_result, measured).alignment is None


def test_a_result_that_is_not_assessed_is_no_negative(a_result):
    deciding = a_result.model.model_copy(update={"case_minimum_ml": 0.5})
    empty = LabelMap(np.zeros_like(a_result.label_map.labels), a_result.label_map.grid)
    result = replace(a_result, model=deciding, label_map=empty, assessed=False)
    record = make_record(result, measure(empty))
    content = json.loads(record.to_json())
    assert content["assessed"] is False
    assert content["case_decision"] is None
    assert dict(facts(record))["Finding"].startswith("Not assessed: see the warnings.")
    assert make_record(replace(result, assessed=True), measure(empty)).case_decision is not None
    assert MeasurementRecord.model_validate_json(record.to_json()) == record
