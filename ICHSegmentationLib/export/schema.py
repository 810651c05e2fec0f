# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas (draft 2020-12) of the JSON files, generated from the models that write them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.io.boxes import BoxFile


def measurements_schema() -> dict[str, Any]:
    """Return the schema of ``measurements.json``."""
    return _schema(MeasurementRecord, "measurements.json of ICHSegmentation, schema 1")


def comparison_schema() -> dict[str, Any]:
    """Return the schema of ``comparison.json``."""
    return _schema(Comparison, "comparison.json of ICHSegmentation, schema 1")


def boxes_schema() -> dict[str, Any]:
    """Return the schema of ``boxes.json``."""
    return _schema(BoxFile, "boxes.json of ICHSegmentation, schema 1")


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    content = model.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": GenerateJsonSchema.schema_dialect, **content, "title": title}
