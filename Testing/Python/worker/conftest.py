# SPDX-License-Identifier: Apache-2.0
"""A worker process with a tiny model, folders of its own, and a head to segment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.label_maps import head_grid
from builders.simple_head import head_volume
from builders.tiny_model import FIELDS, TINY, random_state

from ICHSegmentationLib.ct import CTVolume
from ICHSegmentationLib.models import get_model
from ICHSegmentationLib.models.conversion import load_converted
from ICHSegmentationLib.models.publish import register_model
from ICHSegmentationLib.worker.client import WorkerClient

Environment = dict[str, str]


@pytest.fixture(scope="session")
def a_world(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Variables of a machine with one small model, which was converted before, and one thread."""
    folder = tmp_path_factory.mktemp("world")
    variables = {"ICHSEG_MODELS": str(folder / "models"), "ICHSEG_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    register_model(FIELDS | {"pixel_mm": 1.6, "size_px": 128}, random_state(**TINY), folder=folder / "models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICHSEG_CACHE", variables["ICHSEG_CACHE"])
        load_converted(get_model(folder=folder / "models"))
    return variables


@pytest.fixture
def an_environment(a_world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """All variables of a worker; host and worker have a folder for temporary files that only this test uses."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    return {**os.environ, **a_world, "TMPDIR": str(temporary)}


@pytest.fixture
def a_temporary_folder(an_environment: Environment) -> Path:
    """Where temporary files go."""
    return Path(an_environment["TMPDIR"])


@pytest.fixture
def a_client(an_environment: Environment) -> Iterator[WorkerClient]:
    """A client whose worker is not yet started."""
    with WorkerClient(environment=an_environment) as client:
        yield client


@pytest.fixture(scope="session")
def a_head() -> CTVolume:
    """A tilted head with one clot on uneven slices."""
    steps_mm = [4.0] * 16 + [7.0] * 12
    return head_volume(head_grid(steps_mm, tilt_deg=12, rows=130, columns=112, spacing_mm=(1.6, 1.6)))
