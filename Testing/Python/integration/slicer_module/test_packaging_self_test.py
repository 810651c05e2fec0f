# SPDX-License-Identifier: Apache-2.0
"""The module's test of itself, under the harness: with a small head, and a small model in a real worker process."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from builders.cmake_lists import REPOSITORY
from builders.label_maps import head_grid
from builders.python_slicer import put_on_path
from builders.simple_head import CLOT_HU, head_hu
from builders.slicer_packages import hide_other_packages

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure


class Case(unittest.TestCase):
    """As ScriptedLoadableModuleTest, for its messages and assertions."""

    __test__ = False

    def runTest(self):
        """Nothing by itself."""

    def delayDisplay(self, message):
        self.messages = [*getattr(self, "messages", ()), message]


@pytest.fixture(autouse=True)
def the_panel_can_be_imported(slicer_app, monkeypatch):
    assert slicer_app
    monkeypatch.syspath_prepend(str(REPOSITORY / "ICHSegmentation"))


@pytest.fixture
def run_self_test(monkeypatch):
    """Run it on a small head with two bleeds in place of the generated one, which takes seconds to draw."""
    from ICHSegmentationPanel import self_test

    grid = head_grid([5.0] * 20, rows=120, columns=104, spacing_mm=(1.7, 1.7))
    hu = head_hu(grid)
    labels = np.where(hu == CLOT_HU, np.uint8(Subtype.IPH), np.uint8(0))
    labels[:10][labels[:10] > 0] = Subtype.SDH
    volumes_ml = dict(measure(LabelMap(labels, grid)).volumes_ml)
    del volumes_ml["total"]
    drawn = SimpleNamespace(volume=CTVolume(hu, grid), labels=labels, volumes_ml=volumes_ml)
    monkeypatch.setattr(self_test, "generate", lambda: drawn)

    def run():
        case = Case()
        self_test.run_self_test(case)
        return case

    return run


@pytest.fixture
def only_packages_of_slicer(tmp_path, monkeypatch):
    """PythonSlicer finds Slicer's packages and the module's requirements: no torch, no typer."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    hidden = hide_other_packages(folder)
    assert {"torch", "typer", "rich", "gdcm", "pytest"} <= set(hidden)
    assert not {"numpy", "openvino", "pydantic", "vtkmodules", "highdicom"} & set(hidden)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(REPOSITORY))))


@pytest.mark.slow
@pytest.mark.usefixtures("only_packages_of_slicer")
def test_it_passes_with_a_worker_that_has_only_the_packages_of_slicer(run_self_test, tmp_path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    put_on_path(tmp_path / "bin", monkeypatch)
    case = run_self_test()
    assert case.messages[-1] == "Self test passed"
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("only_packages_of_slicer")
def test_reports_can_be_written_with_only_the_packages_of_slicer(tmp_path):
    code = f"""
import numpy as np
from pathlib import Path
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.run_export import run_export
from ICHSegmentationLib.export.record import RunRecord
from ICHSegmentationLib.core.label_map import LabelMap
grid = SliceGrid.from_affine(np.diag([2.0, 2.0, 5.0, 1.0]), (9, 40, 40))
labels = np.zeros(grid.shape, np.uint8)
labels[3:6, 10:20, 10:20] = 4
job = ExportJob(
    folder=Path({str(tmp_path)!r}) / "out", formats=("pdf", "csv", "json", "text"), scan=ScanFiles(),
    run=RunRecord.of_attributes({{}}),
)
files = run_export(job, CTVolume(np.full(grid.shape, 30, np.int16), grid), LabelMap(labels, grid))
print(*sorted(path.suffix for path in files))
import highdicom, pydicom
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.stdout == ".csv .json .pdf .txt\n", run.stderr


def test_it_notices_volumes_that_are_not_those_of_the_labels(run_self_test, monkeypatch):
    from ICHSegmentationLib import mrml

    true_volumes = mrml.segment_volumes_ml
    monkeypatch.setattr(
        mrml, "segment_volumes_ml", lambda node: {key: 1.01 * value for key, value in true_volumes(node).items()}
    )
    with pytest.raises(AssertionError, match="SDH"):
        run_self_test()


def test_without_the_packages_it_tests_the_files_and_says_so(run_self_test, slicer_app, caplog):
    slicer_app.packaging.missing.add("openvino")
    with caplog.at_level(logging.WARNING):
        case = run_self_test()
    assert case.messages == ["Files of the extension"]
    assert "openvino" in caplog.text


def test_it_notices_a_file_that_is_missing(run_self_test, monkeypatch, tmp_path):
    from ICHSegmentationPanel import self_test

    monkeypatch.setattr(self_test, "__file__", str(tmp_path / "ICHSegmentationPanel" / "self_test.py"))
    with pytest.raises(AssertionError, match=r"ICHSegmentation\.ui"):
        run_self_test()


def test_slicers_test_runner_finds_the_packages_from_the_module_file_alone(slicer_app, monkeypatch):
    """Slicer imports the file by itself then, and looks for test cases in it."""
    slicer_app.packaging.missing.add("openvino")
    kept = [
        path for path in sys.path if Path(path or ".").resolve() not in (REPOSITORY, REPOSITORY / "ICHSegmentation")
    ]
    monkeypatch.setattr(sys, "path", kept)
    for name in [name for name in sys.modules if name.startswith("ICHSegmentationPanel")]:
        monkeypatch.delitem(sys.modules, name)
    spec = importlib.util.spec_from_file_location("ICHSegmentation", REPOSITORY / "ICHSegmentation/ICHSegmentation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases = unittest.TestLoader().loadTestsFromModule(module)
    result = unittest.TestResult()
    cases.run(result)
    # The module's own, and the base class that the file imports, as in every module of Slicer.
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])
