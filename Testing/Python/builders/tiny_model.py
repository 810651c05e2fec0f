# SPDX-License-Identifier: Apache-2.0
"""A small network with random weights, described as a model."""

from __future__ import annotations

from functools import partial

import torch

from ICHSegmentationLib.models import publish, select, trained_network
from ICHSegmentationLib.models.runtimes import conversion, openvino_runtime
from ICHSegmentationLib.systems import build_network, network_for

register_model = partial(publish.register_model, build=network_for)
load_runtime = partial(select.load_runtime, build=network_for)
load_converted = partial(conversion.load_converted, build=network_for)
load_openvino = partial(openvino_runtime.OpenVinoRuntime, build=network_for)
load_network = partial(trained_network.load_network, build=network_for)

# All levels of the network at minimal width, so that it converts in about a second.
TINY = {
    "stem_widths": (8, 8),
    "growths": (8,) * 5,
    "layers": (2,) * 5,
    "widths": (8,) * 5,
    "decoder_widths": (8,) * 4,
    "decoder_growths": (8,) * 4,
    "decoder_layers": (2,) * 4,
    "multiple": 8,
}
FIELDS = {
    "name": "tiny",
    "system": "hardnet",
    "preset": "compact",
    "classes": ["background", "EDH", "SDH", "SAH", "IPH", "IVH"],
    "window_hu": [0.0, 80.0],
    "pixel_mm": 0.9,
    "neighbours": 1,
    "neighbour_distance_mm": 5.0,
    "network": TINY,
    "training_data": "none, random weights",
    "licence": "Apache-2.0",
    "non_commercial": False,
    "reference_seconds": 0.1,
    "card": "docs/models/tiny.md",
}


def random_state(system: str = "hardnet", *, sureness: float = 100.0, **overrides: object) -> dict[str, torch.Tensor]:
    """Return weights with widely spread probabilities, unlike the nearly uniform ones of an untrained network."""
    torch.manual_seed(0)
    state = build_network(system, "compact", in_channels=3, **overrides).state_dict()
    last = [name for name, value in state.items() if value.ndim == 4][-1]
    state[last] *= sureness
    return state
