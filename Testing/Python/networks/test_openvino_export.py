# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import openvino
import pytest
import torch

from ICHSegmentationLib.networks import build_network


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("system", ["hardnet", "transhardnet"])
def test_converted_network_gives_the_same_logits_for_any_batch_and_size(system):
    torch.manual_seed(0)
    network = build_network(system, "compact", in_channels=3).eval()
    converted = openvino.convert_model(network, example_input=torch.rand(2, 3, 64, 64), input=[-1, 3, -1, -1])
    compiled = openvino.Core().compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    for shape in [(1, 3, 64, 64), (3, 3, 128, 64)]:
        images = torch.rand(*shape)
        with torch.inference_mode():
            expected = network(images)
        result = torch.from_numpy(compiled([images.numpy()])[0])
        assert result.shape == expected.shape
        assert (result - expected).abs().max() / expected.abs().max() < 1e-4
