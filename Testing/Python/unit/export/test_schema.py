# SPDX-License-Identifier: Apache-2.0
"""The published schemas are those of the files that are written."""

from __future__ import annotations

import json

import jsonschema
import pytest

from ICHSegmentationLib.core.resources import resource_path
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.record import make_record
from ICHSegmentationLib.export.schema import boxes_schema, comparison_schema, measurements_schema
from ICHSegmentationLib.measurement import ich_score
from ICHSegmentationLib.measurement.correction import compare_with_model
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.measure import measure

FOLDER = resource_path("Schemas")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("measurements-1.schema.json", measurements_schema),
        ("comparison-1.schema.json", comparison_schema),
        ("boxes-1.schema.json", boxes_schema),
    ],
)
def test_the_published_file_is_the_one_that_ichseg_schema_prints(name, made):
    """After a change of the models: ``ichseg schema > Resources/Schemas/measurements-1.schema.json``."""
    assert json.loads((FOLDER / name).read_text(encoding="utf-8")) == made()


def test_what_is_written_is_valid_and_what_is_not_in_the_schema_is_refused(a_result):
    measured = measure(a_result.label_map, a_result.volume)
    growth = Comparison.of(compare_volumes(measured, measured), None, ("Doubt.",))
    record = make_record(a_result, measured).model_copy(
        update={
            "ich_score": ich_score(measured, gcs=9),
            "growth": growth,
            "agreement": compare_with_model(a_result.label_map, a_result.label_map, editing_s=1),
        }
    )
    schema = json.loads((FOLDER / "measurements-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    written = json.loads(record.to_json())
    jsonschema.validate(written, schema)
    jsonschema.validate(json.loads(growth.to_json()), comparison_schema())

    assert "schema" in schema["required"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "volume": 1}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "volumes_ml": {"IPH": "12"}}, schema)
