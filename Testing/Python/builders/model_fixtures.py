# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a small model with random weights, and a cache folder for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from builders.tiny_model import FIELDS, TINY, load_converted, random_state, register_model
from ICHSegmentationLib.models import ModelEntry


@pytest.fixture(scope="session")
def a_models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    register_model(FIELDS, random_state(**TINY), folder=folder)
    return folder


@pytest.fixture
def a_model(a_models_folder: Path) -> ModelEntry:
    from ICHSegmentationLib.models import get_model

    return get_model("tiny", folder=a_models_folder)


@pytest.fixture(scope="session")
def a_filled_cache(a_models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds the converted tiny model; not to be changed."""
    from ICHSegmentationLib.models import get_model

    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICHSEG_CACHE", str(folder))
        load_converted(get_model("tiny", folder=a_models_folder))
    return folder


@pytest.fixture
def an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ICHSEG_CACHE", str(folder))
    return folder


@pytest.fixture
def some_images() -> np.ndarray:
    return np.random.default_rng(0).random((5, 3, 64, 128), dtype=np.float32)
