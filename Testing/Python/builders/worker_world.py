# SPDX-License-Identifier: Apache-2.0
"""An environment with one small model, for workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.label_maps import head_grid
from builders.simple_head import head_volume
from ICHSegmentationLib.core.scan.volume import CTVolume


def make_world(folder: Path) -> dict[str, str]:
    """Register and convert a model; return the environment variables for a worker that uses it with one thread."""
    # A client that only needs the head must not import torch.
    from builders.tiny_model import FIELDS, TINY, load_converted, random_state, register_model
    from ICHSegmentationLib.models import get_model

    variables = {"ICHSEG_MODELS": str(folder / "models"), "ICHSEG_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    register_model(FIELDS | {"pixel_mm": 1.6, "size_px": 128}, random_state(**TINY), folder=folder / "models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICHSEG_CACHE", variables["ICHSEG_CACHE"])
        load_converted(get_model(folder=folder / "models"))
    return variables


def tilted_head() -> CTVolume:
    """Return a tilted head with one clot and uneven steps."""
    steps_mm = [4.0] * 16 + [7.0] * 12
    return head_volume(head_grid(steps_mm, tilt_deg=12, rows=130, columns=112, spacing_mm=(1.6, 1.6)))
