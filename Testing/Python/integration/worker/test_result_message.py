# SPDX-License-Identifier: Apache-2.0
"""A result names the model that made it, although the client cannot look into the worker's models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from builders.label_maps import labelled
from builders.open_scans import open_scans
from builders.tiny_model import FIELDS

from ICHSegmentationLib import pipeline
from ICHSegmentationLib.models import RuntimeInfo, get_model, output_subtypes
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.worker.client.outcome import read_result
from ICHSegmentationLib.worker.protocol.messages import SegmentRequest, parse_response
from ICHSegmentationLib.worker.server import jobs


@pytest.fixture
def own_models(tmp_path: Path) -> Path:
    """A folder with two stages of one's own; the detector has a name that the package's models do not have."""
    weights = {"file": "a.safetensors", "sha256": "ab" * 32, "size_bytes": 10, "parameters": 10}
    stages = {"name": "stages", "system": "two_stage", "classes": ["background", "ICH"], "detector": "finder"}
    finder = {"name": "finder", "system": "detector", "classes": ["background", "EDH", "IPH"], "sha256": "cd" * 32}
    content = {"schema": 1, "default": "stages", "models": [FIELDS | weights | stages, FIELDS | weights | finder]}
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def test_subtypes_and_further_models_come_through(own_models, tmp_path, a_head, monkeypatch):
    def segment(volume, *_, **__):
        runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
        labels = labelled(volume.grid)
        return SegmentationResult(
            volume, labels, get_model("stages"), runtime, {}, (), further_models=(get_model("finder"),)
        )

    monkeypatch.setattr(pipeline, "segment", segment)
    request = SegmentRequest(id=1, scan="a", folder=tmp_path)
    scans = open_scans(tmp_path, a=a_head)
    with monkeypatch.context() as worker_only:
        worker_only.setenv("ICHSEG_MODELS", str(own_models))
        line = jobs.run_segment(request, scans, None, lambda *_: None, lambda: False).to_line()

    result = read_result(parse_response(line), a_head)
    assert result.subtypes == ("EDH", "IPH")
    assert output_subtypes(result.segmentation.model) == ("ICH",)  # all that the client itself could tell
    (finder,) = result.segmentation.further_models
    assert (finder.name, finder.sha256) == ("finder", "cd" * 32)
    np.testing.assert_array_equal(result.segmentation.label_map.labels, 0)
