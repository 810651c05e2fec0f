# SPDX-License-Identifier: Apache-2.0
"""A small model with random weights, and a cache folder of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ICHSegmentationLib.models import ModelEntry
from ICHSegmentationLib.models.publish import register_model
from ICHSegmentationLib.networks import build_network

# Every level of the network, but as narrow as it goes, so that it converts in about a second.
TINY = {
    "stem_widths": (8, 8),
    "growths": (8,) * 5,
    "layers": (2,) * 5,
    "widths": (8,) * 5,
    "decoder_widths": (8,) * 4,
    "decoder_growths": (8,) * 4,
    "decoder_layers": (2,) * 4,
    "multiple": 8,
}
FIELDS = {
    "name": "tiny",
    "system": "hardnet",
    "preset": "compact",
    "classes": ["background", "EDH", "SDH", "SAH", "IPH", "IVH"],
    "window_hu": [0.0, 80.0],
    "pixel_mm": 0.9,
    "neighbours": 1,
    "neighbour_distance_mm": 5.0,
    "network": TINY,
    "training_data": "none, random weights",
    "licence": "Apache-2.0",
    "non_commercial": False,
    "reference_seconds": 0.1,
    "card": "docs/models/tiny.md",
}


def random_state(system: str = "hardnet", **overrides: object) -> dict[str, torch.Tensor]:
    """Weights that give probabilities of all sizes, not the nearly even ones of a fresh network."""
    torch.manual_seed(0)
    state = build_network(system, "compact", in_channels=3, **overrides).state_dict()
    last = [name for name, value in state.items() if value.ndim == 4][-1]
    state[last] *= 100
    return state


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
    from ICHSegmentationLib.models.conversion import load_converted

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
