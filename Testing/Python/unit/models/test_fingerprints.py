# SPDX-License-Identifier: Apache-2.0
"""Fingerprints of the installed models: stored results and measured costs refer to them."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.models import load_manifest
from ICHSegmentationLib.models.manifest import MODELS_FOLDER

FINGERPRINTS = {
    "transhardnet-compact": "98653ecc5c5680b5a42e6b241393988536a5973a66bcf0aef4177ece997b40f8",
    "se_unet_3d-compact": "c9d7faf63d6b964c787df4cb5acd1ef14223dcb71e34eec50188026ea4c4225a",
    "symtransnet-compact": "6805bbe6adab7c782dacb8138bb9d095c8284ca0decf68e1f9ea4219668ca749",
    "attfocusnet-compact": "3259513657442b29ea061398909224ee905b0aef6aadbd2c539a2fe180ac6c51",
    "detector-compact": "c1c24e9a086ad66d9ee28ce7325d8e1058eb11e146185109036394e8cefe932f",
    "two_stage-compact": "431b55c90d4e8311736ae061c269bf3f23e79c7e7da3fc3417c9bc74abdade2d",
    "hardnet-compact": "20486411197568bdded97302fa357a52fffd196cf6b0df9cb0b4b9da4cbe76f6",
    "em": "a77af344d978e6bd44691564d3c2445c833e6a7beb010f0d6c3bc847f111befd",
}


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_a_model_keeps_its_fingerprint(name):
    assert load_manifest(MODELS_FOLDER).get(name).fingerprint == FINGERPRINTS[name]
