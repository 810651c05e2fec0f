# SPDX-License-Identifier: Apache-2.0
"""A worker process with a tiny model, folders of its own, and a head to segment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.worker_world import make_world, tilted_head

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient

Environment = dict[str, str]


@pytest.fixture(scope="session")
def a_world(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Variables of a machine with one small model, which was converted before, and one thread."""
    return make_world(tmp_path_factory.mktemp("world"))


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
    return tilted_head()
