# SPDX-License-Identifier: Apache-2.0
"""An installed extension saves corrected cases as training data, and says that it cannot train."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders.installations import installed_extension, run_with

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.labels.nifti import read_labels_nifti
from ICHSegmentationLib.research.training.datasets.sources import NnunetSource

_SAVE = """
from pathlib import Path
import numpy as np
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.training_case.save_case import save_case
grid = SliceGrid.from_affine(np.diag([-0.5, -0.5, 5.0, 1.0]), (4, 12, 10))
hu = np.full(grid.shape, 30, dtype=np.int16)
labels = np.zeros(grid.shape, dtype=np.uint8)
labels[1, 3:6, 2:7] = 4
label_map = LabelMap(labels, grid)
print(save_case(Path({folder!r}), CTVolume(hu, grid), label_map, lesion_boxes(label_map), keep_face=True))
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed_extension(tmp_path_factory.mktemp("extension"))


def library_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in nodes if node.module and node.module.startswith("ICHSegmentationLib.")}


def test_a_corrected_case_is_saved_with_the_installed_files_only(modules, tmp_path):
    folder = tmp_path / "mine"
    assert run_with(modules, _SAVE.format(folder=str(folder))) == ["case_0001"]
    assert NnunetSource(folder).names() == ["case_0001"]
    assert (read_labels_nifti(folder / "labelsTr/case_0001.nii.gz").label_map.labels == 4).sum() == 15


def test_the_panel_imports_only_modules_that_are_installed(modules):
    panel = [modules / "ICHSegmentation.py", *(modules / "ICHSegmentationPanel").rglob("*.py")]
    wanted = set().union(*map(library_imports, panel))
    assert "ICHSegmentationLib.export.training_case.save_case" in wanted
    paths = {name: modules / name.replace(".", "/") for name in wanted}
    missing = {name for name, path in paths.items() if not (path.with_suffix(".py").exists() or path.is_dir())}
    assert missing == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "config.yaml", "--output", "model"),
        ("prepare", "bhsd", "downloaded", "--output", "prepared"),
        ("evaluate", "--predictions", "a", "--references", "b", "--output", "evaluation"),
        ("evaluate", "--config", "config.yaml", "--output", "evaluation"),
    ],
    ids=["train", "prepare", "evaluate", "evaluate a model"],
)
def test_training_and_evaluation_end_with_one_sentence(modules, tmp_path, arguments):
    environment = {**os.environ, "PYTHONPATH": str(modules), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-m", "ICHSegmentationLib.cli", *arguments]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    sentence = message("research.not_installed", command=f"ichseg {arguments[0]}")
    assert (run.returncode, run.stdout, run.stderr) == (2, "", f"error: {sentence}\n")
    assert list(tmp_path.iterdir()) == []
