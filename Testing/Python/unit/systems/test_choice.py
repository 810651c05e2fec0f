# SPDX-License-Identifier: Apache-2.0
"""Boxes are filled by the chosen model if it takes them, else by the best that does."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.models import Manifest, load_manifest
from ICHSegmentationLib.systems import available_models, box_model, get_system, system_names


def manifest_of(*systems: str) -> Manifest:
    """Return a list of models with these systems, named after them; the first is the default."""
    entry = load_manifest().models[0]
    models = tuple(entry.model_copy(update={"name": f"a-{system}", "system": system}) for system in systems)
    return Manifest(default=f"a-{systems[0]}" if systems else "", models=models)


@pytest.mark.parametrize(
    ("installed", "chosen", "name"),
    [
        (("transhardnet",), "a-transhardnet", "em"),
        (("transhardnet",), "default", "em"),
        ((), "default", "em"),
        (("transhardnet", "two_stage"), "a-transhardnet", "a-two_stage"),
        (("transhardnet", "two_stage"), "em", "em"),
        (("transhardnet", "two_stage_swin_unet", "two_stage"), "a-transhardnet", "a-two_stage"),
        (("transhardnet", "two_stage_swin_unet", "two_stage"), "a-two_stage_swin_unet", "a-two_stage_swin_unet"),
        (("two_stage", "transhardnet"), "default", "a-two_stage"),
        (("transhardnet", "detector"), "a-detector", "em"),
        (("transhardnet", "two_stage"), "gone", "a-two_stage"),
    ],
)
def test_which_model_fills_boxes(installed, chosen, name):
    assert box_model(manifest_of(*installed), chosen).name == name


@pytest.mark.parametrize("name", system_names())
def test_a_system_takes_boxes_if_its_segmenter_does(name):
    spec = get_system(name)
    assert spec.takes_boxes == hasattr(spec.segmenter, "predict_in_box")


def test_a_detector_is_not_available_for_whole_scans():
    manifest = manifest_of("transhardnet", "detector", "of-a-newer-version")
    assert [entry.name for entry in available_models(manifest)] == ["a-transhardnet", "a-of-a-newer-version", "em"]
