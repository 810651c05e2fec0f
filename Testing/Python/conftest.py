# SPDX-License-Identifier: Apache-2.0
"""Fixtures that all tests share, and how the tests are spread over parallel workers (pytest-xdist)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.requirements import shared_data_folder

# Set before the first import of numpy, torch or SimpleITK; processes that a test starts inherit them.
_THREAD_VARIABLES = (
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    "LP_NUM_THREADS",  # Mesa's software renderer
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)
_THREADS: int | None = None
if "PYTEST_XDIST_WORKER" in os.environ:
    _THREADS = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(_THREADS)))


@pytest.fixture(scope="session", autouse=True)
def _settings_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests, and the processes that they start, away from the settings of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICHSEG_CONFIG", str(tmp_path_factory.mktemp("settings")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _threads_of_this_worker() -> Iterator[None]:
    """Limit OpenVINO, which reads no variable, to the worker's share of the cores."""
    if _THREADS is None:
        yield
        return
    from ICHSegmentationLib.models.runtimes import openvino_runtime

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openvino_runtime, "_available_threads", lambda: _THREADS)
        yield


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests of one file on one worker, so that its fixtures are made once.

    All tests on the Slicer harness form one group: they render, and some own an X server that takes real clicks. The
    mark is set here, since xdist reads it in `pytest_collection_modifyitems`.
    """
    if item.config.pluginmanager.hasplugin("xdist") and item.get_closest_marker("xdist_group") is None:
        names = getattr(item, "fixturenames", ())
        on_harness = "slicer_app" in names or "in_a_window" in names
        item.add_marker(pytest.mark.xdist_group("slicer" if on_harness else item.nodeid.split("::")[0]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run if pytest-xdist, which adds the name of the group to the ID of a test, did not do so."""
    if getattr(session.config.option, "loadgroup", False) and not all("@" in item.nodeid for item in session.items):
        problem = "This pytest-xdist does not keep groups of tests on one worker with this pytest."
        raise pytest.UsageError(problem)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the development data beside the repository; a stranger's clone has none."""
    return shared_data_folder()
