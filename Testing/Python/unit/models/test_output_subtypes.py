# SPDX-License-Identifier: Apache-2.0
"""Which subtypes a model's labels can have."""

from __future__ import annotations

import json
from pathlib import Path

from builders.tiny_model import FIELDS

from ICHSegmentationLib.models import get_model, load_manifest, output_subtypes

FIVE = ("EDH", "SDH", "SAH", "IPH", "IVH")


def test_one_network_tells_its_classes():
    assert output_subtypes(get_model()) == FIVE
    assert output_subtypes(get_model("em")) == ("ICH",)


def test_of_two_stages_the_detector_names_the_blood(tmp_path: Path):
    weights = {"file": "a.safetensors", "sha256": "ab" * 32, "size_bytes": 10, "parameters": 10}
    stages = FIELDS | weights | {"name": "stages", "system": "two_stage", "classes": ["background", "ICH"]}
    finder = FIELDS | weights | {"name": "finder", "system": "detector", "classes": ["background", "EDH", "IPH"]}
    manifest = {
        "schema": 1,
        "default": "stages",
        "models": [stages | {"detector": "finder"}, stages | {"name": "lost", "detector": "gone"}, finder],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    named, lost, _ = load_manifest(tmp_path).models
    assert output_subtypes(named) == ("EDH", "IPH")
    assert output_subtypes(lost) == ("ICH",)  # the reader's boxes may still name it
