# SPDX-License-Identifier: Apache-2.0
"""Workers of training in a process with loaded models: a forked one crashed when it freed them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_BUILDERS = Path(__file__).resolve().parents[3]
_PROGRAM = """
import gc, os, sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
times = int(sys.argv[3])

import numpy as np
import torch
from builders.tiny_model import FIELDS, TINY, load_openvino, random_state, register_model
from builders.training import a_configuration, write_squares

from ICHSegmentationLib.models import get_model
from ICHSegmentationLib.research.training.dataset import SliceDataset
from ICHSegmentationLib.research.training.fitting import batches
from ICHSegmentationLib.research.training.processes import Processes

sample = SliceDataset.__getitem__


def sample_after_collection(self, number):
    gc.collect()  # in a fork: also of what was garbage in the first process
    return sample(self, number)


class Garbage:
    def __init__(self, content):
        self.content, self.itself = content, self


root = Path(sys.argv[2])
SliceDataset.__getitem__ = sample_after_collection
files = write_squares(root)
register_model(FIELDS, random_state(**TINY), folder=root / "models")
config = a_configuration(root, optimisation={"workers": 1})
layer = torch.nn.Conv2d(3, 6, 3)
for _ in range(times):
    models = [load_openvino(get_model("tiny", folder=root / "models"), threads=2) for _ in range(2)]
    for model in models:
        assert model.probabilities(np.zeros((3, 3, 64, 64), np.float32)).shape == (3, 6, 64, 64)
    gc.disable()
    Garbage(models)
    del model, models
    batch = next(batches.training_batches(files, config, Processes(0, 1, torch.device("cpu"))))
    layer(batch["image"]).mean().backward()
    gc.enable()
    gc.collect()
print("done", times)
"""


@pytest.mark.slow
def test_none_of_fifty_workers_beside_garbage_models_crashes(tmp_path: Path):
    command = [sys.executable, "-c", _PROGRAM, str(_BUILDERS), str(tmp_path), "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
    assert (done.returncode, done.stdout) == (0, "done 50\n"), done.stderr
