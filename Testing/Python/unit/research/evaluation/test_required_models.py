# SPDX-License-Identifier: Apache-2.0
"""A model is evaluated only beside the models that it needs on a user's scan."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid
from builders.tiny_model import FIELDS, TINY, random_state, register_model

from ICHSegmentationLib.core.errors import MissingModelError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.evaluation.models import run as model_run
from ICHSegmentationLib.research.evaluation.models.held_out_case import PATIENTS, HeldOutCase, HeldOutFile
from ICHSegmentationLib.research.evaluation.models.run import ModelRun, RunSettings, run_model

GRID = make_grid(rows=40, columns=40, steps_mm=(10.0,) * 3, spacing_mm=(10.0, 10.0))


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were asked, a scan each time."""
    asked: list[str] = []

    def segment(volume, model, *_, **__):
        asked.append(model)
        return SimpleNamespace(label_map=LabelMap(np.zeros(GRID.shape, np.uint8), volume.grid), timings_s={"infer": 1})

    monkeypatch.setattr(model_run.pipeline, "segment", segment)
    return asked


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's folder of models: one that names a second reader, one that names a detector, and neither of these."""
    folder = tmp_path / "models"
    monkeypatch.setenv("ICHSEG_MODELS", str(folder))
    state = random_state(**TINY)
    register_model(FIELDS | {"name": "first", "second_reader": "reader"}, state, folder=folder)
    register_model(FIELDS | {"name": "inside", "detector": "finder"}, state, folder=folder)
    return folder


def evaluate(folder: Path, model: str, *, postprocessing: bool) -> ModelRun:
    file = HeldOutFile(PATIENTS, "a", folder / "a.npz")
    hu = np.full(GRID.shape, 30, dtype=np.int16)
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[1, 10:20, 10:20] = Subtype.IPH
    HeldOutCase(CTVolume(hu, GRID), labels, np.zeros(GRID.shape, dtype=bool)).write(file.path)
    return run_model(model, [file], (), folder / "predictions", RunSettings(postprocessing=postprocessing))


def test_without_its_verifier_a_model_is_evaluated_only_without_postprocessing(
    tmp_path: Path, models: Path, scans: list[str]
):
    told = ("research.no_verifier", {"model": "first", "needed": "reader", "folder": models})
    with raises(MissingModelError, told[0], **told[1]):
        evaluate(tmp_path, "first", postprocessing=True)
    assert scans == []
    assert evaluate(tmp_path, "first", postprocessing=False).verifier_sha256 is None
    assert scans == ["first"]

    reader = register_model(FIELDS | {"name": "reader"}, random_state(**TINY), folder=models)
    assert evaluate(tmp_path, "first", postprocessing=True).verifier_sha256 == reader.sha256
    assert evaluate(tmp_path, "first", postprocessing=False).verifier_sha256 is None
    reader.path.unlink()
    with raises(MissingModelError, told[0], **told[1]):
        evaluate(tmp_path, "first", postprocessing=True)


@pytest.mark.parametrize("postprocessing", [True, False])
def test_without_its_detector_a_model_is_not_evaluated(
    tmp_path: Path, models: Path, scans: list[str], *, postprocessing: bool
):
    with raises(MissingModelError, "research.no_detector", model="inside", needed="finder"):
        evaluate(tmp_path, "inside", postprocessing=postprocessing)
    assert scans == []
    register_model(FIELDS | {"name": "finder"}, random_state(**TINY), folder=models)
    assert evaluate(tmp_path, "inside", postprocessing=postprocessing).verifier_sha256 is None
