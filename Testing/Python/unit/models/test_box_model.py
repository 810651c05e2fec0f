# SPDX-License-Identifier: Apache-2.0
"""Boxes are filled by the chosen model if it takes them, else by the best that does."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.models import Manifest, box_model, get_model, load_manifest
from ICHSegmentationLib.models.box_model import BOX_SYSTEMS
from ICHSegmentationLib.segmentation.boxes.segmentation import BoxSegmenter
from ICHSegmentationLib.segmentation.em import EmSegmenter
from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
from ICHSegmentationLib.segmentation.slicewise import SlicewiseSegmenter
from ICHSegmentationLib.segmentation.two_stage import TwoStageSegmenter


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


def test_the_systems_are_those_that_look_into_boxes():
    entry = get_model("em")
    takers = {"em": EmSegmenter, "two_stage": TwoStageSegmenter, "two_stage_swin_unet": TwoStageSegmenter}
    assert set(BOX_SYSTEMS) == set(takers)
    assert all(hasattr(kind, "blood_in_box") for kind in takers.values())
    assert not any(hasattr(kind, "blood_in_box") for kind in (SlicewiseSegmenter, PatchwiseSegmenter))
    assert isinstance(EmSegmenter(entry, None), BoxSegmenter)
