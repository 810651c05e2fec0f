# SPDX-License-Identifier: Apache-2.0
"""torch, with a network that plays out-of-memory; the graphics card itself where there is one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.tiny_model import load_runtime

from ICHSegmentationLib.core.errors import OutOfMemoryError
from ICHSegmentationLib.models.runtimes.torch_runtime import TorchRuntime


class HungryNetwork(torch.nn.Module):
    """Gives the logits (x, 2x); has memory for so many images per kind of device."""

    def __init__(self, **most_images: int) -> None:
        super().__init__()
        self.most_images = most_images
        self.batches: list[tuple[str, int]] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.batches.append((images.device.type, len(images)))
        if len(images) > self.most_images[images.device.type]:
            raise torch.cuda.OutOfMemoryError
        return torch.cat([images, 2 * images], dim=1)


@pytest.fixture
def seven_images() -> np.ndarray:
    return np.random.default_rng(0).random((7, 1, 4, 6), dtype=np.float32)


def expected(images: np.ndarray) -> np.ndarray:
    first = 1 / (1 + np.exp(images))
    return np.concatenate([first, 1 - first], axis=1)


def test_probabilities_are_the_softmax_of_the_logits(seven_images):
    progress = []
    runtime = TorchRuntime(HungryNetwork(cpu=16), batch_size=4)
    result = runtime.probabilities(seven_images, progress=lambda done, count: progress.append((done, count)))

    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected(seven_images), atol=1e-6)
    assert progress == [(4, 7), (7, 7)]


def test_out_of_memory_halves_the_batch_and_remembers_it(seven_images):
    network = HungryNetwork(cpu=2)
    runtime = TorchRuntime(network, batch_size=8)

    np.testing.assert_allclose(runtime.probabilities(seven_images), expected(seven_images), atol=1e-6)
    assert [size for _, size in network.batches] == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert runtime.warnings == ()
    network.batches.clear()
    runtime.probabilities(seven_images[:2])
    assert [size for _, size in network.batches] == [1, 1]


def test_the_processors_own_out_of_memory_is_known_by_its_text(seven_images):
    network = HungryNetwork(cpu=16)
    network.forward = lambda images: torch.empty(10**15, dtype=images.dtype)
    with raises(OutOfMemoryError, "models.memory"):
        TorchRuntime(network, batch_size=2).probabilities(seven_images)


def test_other_failures_of_the_network_are_not_taken_for_memory(seven_images):
    network = HungryNetwork(cpu=16)
    network.forward = lambda images: images.reshape(5)
    with pytest.raises(RuntimeError, match="invalid for input of size"):
        TorchRuntime(network, batch_size=2).probabilities(seven_images)


def test_a_card_without_memory_for_one_image_is_left_with_a_warning(seven_images, caplog):
    # "meta" stands in for a card: torch's own device without memory, there on every machine.
    network = HungryNetwork(meta=0, cpu=4)
    runtime = TorchRuntime(network, device="meta", batch_size=4)
    assert runtime.info.device == "meta"

    np.testing.assert_allclose(runtime.probabilities(seven_images), expected(seven_images), atol=1e-6)
    assert network.batches[:4] == [("meta", 4), ("meta", 2), ("meta", 1), ("cpu", 1)]
    assert runtime.info.device == "cpu"
    assert [warning.code for warning in runtime.warnings] == ["models.graphics_memory"]
    assert runtime.warnings[0] in caplog.text


def test_a_processor_without_memory_is_an_error_with_a_sentence(seven_images):
    with raises(OutOfMemoryError, "models.memory"):
        TorchRuntime(HungryNetwork(cpu=0)).probabilities(seven_images)


def test_what_progress_raises_reaches_the_caller(seven_images):
    def cancel(_done: int, _count: int) -> None:
        raise KeyboardInterrupt

    network = HungryNetwork(cpu=4)
    with pytest.raises(KeyboardInterrupt):
        TorchRuntime(network, batch_size=2).probabilities(seven_images, progress=cancel)
    assert len(network.batches) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA graphics card")
def test_the_graphics_card_gives_the_processors_labels(a_model, some_images):
    on_card = load_runtime(a_model, device="cuda:0")
    on_processor = load_runtime(a_model, device="cpu", runtime="torch")

    assert on_card.info.precision in {"bf16", "f16"}
    result, reference = on_card.probabilities(some_images), on_processor.probabilities(some_images)
    assert np.abs(result - reference).max() < 0.1
    assert np.mean(result.argmax(1) != reference.argmax(1)) < 0.01
