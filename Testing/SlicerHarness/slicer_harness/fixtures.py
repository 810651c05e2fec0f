# SPDX-License-Identifier: Apache-2.0
"""pytest fixtures; a conftest imports them with ``from slicer_harness.fixtures import ...``."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from builders.requirements import missing

from slicer_harness.install import install
from slicer_harness.run import SlicerRun
from slicer_harness.window import missing_for_a_window, run_in_a_window

install()

_ROOT = Path(__file__).resolve().parents[3]
_PICTURES = _ROOT / "build" / "slicer-harness"


@pytest.fixture
def slicer_app(tmp_path_factory: pytest.TempPathFactory) -> Generator[SlicerRun]:
    """Start a fresh Slicer; at its end, fail the test for leftovers and for errors that were only printed."""
    run = SlicerRun(tmp_path_factory.mktemp("slicer"))
    run.begin()
    yield run
    problems = run.end()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def load_module(slicer_app: SlicerRun) -> Callable[[str | Path], Any]:
    """Load a module of this repository by name, or any module by file, and enter its panel."""

    def load(which: str | Path) -> Any:
        path = which if isinstance(which, Path) else _ROOT / which / f"{which}.py"
        return slicer_app.load_module(path)

    return load


@pytest.fixture
def click(slicer_app: SlicerRun) -> Callable[[Any], None]:
    """Click a widget with the mouse."""
    return slicer_app.click


@pytest.fixture
def choose(slicer_app: SlicerRun) -> Callable[[Any, str], None]:
    """Choose an item of a combo box or a node selector by its text."""
    return slicer_app.choose


@pytest.fixture
def wait_until(slicer_app: SlicerRun) -> Callable[..., Any]:
    """Run the event loop until a condition holds."""
    return slicer_app.wait_until


@pytest.fixture
def in_a_window() -> Callable[[str], None]:
    """Run another test in a window of Xvfb with real clicks."""
    reason = missing_for_a_window()
    if reason is not None:
        missing(reason)

    def run(test: str) -> None:
        done = run_in_a_window(test)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture
def dialogs(slicer_app: SlicerRun) -> Any:
    """Queue answers to modal dialogs."""
    return slicer_app.dialogs


@pytest.fixture
def screenshot(slicer_app: SlicerRun, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Save a picture as build/slicer-harness/<test>/<name>.png."""
    return lambda name: slicer_app.screenshot(_PICTURES / request.node.name / f"{name}.png")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Save a picture of the screen of a failing test."""
    report = yield
    run = getattr(item, "funcargs", {}).get("slicer_app")
    if call.when == "call" and report.failed and isinstance(run, SlicerRun):
        try:
            told = str(run.screenshot(_PICTURES / "failures" / f"{item.name.replace('/', '_')}.png"))
        except Exception as error:  # must not hide the failure of the test
            told = f"none could be made: {error!r}"
        report.sections.append(("picture of the failure", told))
    return report
