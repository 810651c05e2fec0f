# SPDX-License-Identifier: Apache-2.0
"""Slices in, probabilities out, whatever their number, size and order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders.tiny_model import load_openvino

from ICHSegmentationLib.core.errors import CancelledError
from ICHSegmentationLib.models.runtimes.openvino_runtime import OpenVinoRuntime

pytestmark = pytest.mark.slow

_FREED_BY_A_THREAD = """
import os, signal, sys, threading
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from builders.tiny_model import FIELDS, TINY, load_openvino, random_state, register_model
from ICHSegmentationLib.models import get_model

folder = Path(sys.argv[2])
register_model(FIELDS, random_state(**TINY), folder=folder)
kept = [load_openvino(get_model("tiny", folder=folder))]
thread = threading.Thread(target=kept.clear)
thread.start()
thread.join()
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_is_handled_after_another_thread_has_freed_the_model(tmp_path):
    """OpenVINO unmapped the signal stack of the thread that had loaded the model: a silent segmentation fault."""
    builders = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _FREED_BY_A_THREAD, str(builders), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr


@pytest.fixture
def a_runtime(a_model, a_filled_cache, monkeypatch) -> OpenVinoRuntime:
    monkeypatch.setenv("ICHSEG_CACHE", str(a_filled_cache))
    return load_openvino(a_model, threads=2, precision="f32")


def test_a_slice_gives_the_same_alone_and_among_others(a_runtime, some_images):
    together = a_runtime.probabilities(some_images)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    for index in range(len(some_images)):
        np.testing.assert_array_equal(a_runtime.probabilities(some_images[index : index + 1])[0], together[index])
    np.testing.assert_array_equal(a_runtime.probabilities(some_images[::-1])[::-1], together)


def test_the_number_of_threads_changes_nothing(a_runtime, a_model, some_images):
    one_thread = load_openvino(a_model, threads=1, precision="f32")
    assert one_thread.info.threads == 1
    np.testing.assert_allclose(
        one_thread.probabilities(some_images), a_runtime.probabilities(some_images), rtol=0, atol=1e-6
    )


def test_another_size_and_back_gives_the_same(a_runtime, some_images):
    before = a_runtime.probabilities(some_images)
    assert a_runtime.probabilities(np.zeros((1, 3, 128, 64), np.float32)).shape == (1, 6, 128, 64)
    np.testing.assert_array_equal(a_runtime.probabilities(some_images), before)


def test_no_slices_give_no_probabilities(a_runtime):
    assert a_runtime.probabilities(np.zeros((0, 3, 64, 64), np.float32)).shape == (0, 6, 64, 64)


def test_progress_counts_every_slice(a_runtime, some_images):
    calls = []
    a_runtime.probabilities(some_images, progress=lambda done, count: calls.append((done, count)))
    assert calls == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_a_cancelled_run_leaves_the_runtime_usable(a_runtime, some_images):
    expected = a_runtime.probabilities(some_images)

    def cancel(done: int, _: int) -> None:
        if done == 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        a_runtime.probabilities(np.zeros_like(some_images), progress=cancel)
    np.testing.assert_array_equal(a_runtime.probabilities(some_images), expected)
