# SPDX-License-Identifier: Apache-2.0
"""Models in OpenVINO format: read from the graph, or converted from torch once and cached."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.models.runtimes.graph import load_graph, trace_shape, with_sides
from ICHSegmentationLib.models.runtimes.model_cache import cache_folder, read_entry, shared_folder, write_entry
from ICHSegmentationLib.models.runtimes.quiet_openvino import import_converter, import_openvino, openvino_core
from ICHSegmentationLib.models.trained_network import load_network
from ICHSegmentationLib.models.weights import read_verified
from ICHSegmentationLib.networks.interface import answer_of

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.trained_network import NetworkBuilder

# Increase when the conversion, the checksums or the code of a network change, so that older cache entries are not used.
CONVERSION_VERSION = 2
# Largest difference of the probabilities from torch's: float32 rounding through about 100 layers.
PROBABILITY_TOLERANCE = 1e-3
# By number of dimensions. They differ from the traced sizes, to prove that the conversion fixed none of them.
_CHECK_SHAPES = {2: ((1, 64, 128), (3, 192, 64)), 3: ((1, 16, 32, 32), (3, 8, 16, 24))}
_XML, _BIN = "model.xml", "model.bin"
_LOG = logging.getLogger(__name__)


def load_converted(entry: ModelEntry, *, build: NetworkBuilder) -> tuple[Any, tuple[str, ...]]:
    """Load a model in OpenVINO format: from its graph, else from the cache, else by converting the torch network.

    Parameters
    ----------
    entry
        The model. Its weights file is always checked against the manifest.
    build
        Builds its torch network, for the conversion.

    Returns
    -------
    openvino.Model
        Maps (N, C, H, W) to probabilities (N, K, H, W) for any N, H and W, or patches alike; includes the softmax.
    tuple of str
        Warnings: the cache could not be written, or is not used since others may write into it.

    Raises
    ------
    ModelError
        If the weights are missing or damaged, or the converted network differs from torch.
    """
    openvino = import_openvino()
    built = load_graph(entry)
    if built is not None:
        return built, ()
    folder = cache_folder() / "openvino" / _cache_key(entry, openvino.get_version())
    shared = shared_folder(folder.parent)
    files = read_entry(folder) if shared is None else None
    if files is not None and {_XML, _BIN} <= files.keys():
        read_verified(entry)
        _LOG.debug("converted model from the cache: %s", folder.name)
        return openvino_core().read_model(files[_XML], files[_BIN]), ()
    if folder.exists() and shared is None:
        _LOG.warning("The converted model in %s is damaged and is converted again.", folder)
    model = convert_network(load_network(entry, build=build), channels=entry.input_spec.channels, sides=entry.sides)
    if shared is not None:
        return model, (_warn(message("models.cache_shared", folder=shared)),)

    def write_files(target: Path) -> None:
        # Without compression: float16 would round the folded batch norms once more.
        openvino.save_model(model, target / _XML, compress_to_fp16=False)
        # Read it back: a full disk can truncate a file without an error.
        openvino_core().read_model(target / _XML)

    try:
        write_entry(folder, write_files)
    except (OSError, RuntimeError) as error:
        return model, (_warn(message("models.cache_not_written", folder=folder.parent, error=type(error).__name__)),)
    return model, ()


def _warn(warning: Message) -> Message:
    _LOG.warning(warning)
    return warning


def _cache_key(entry: ModelEntry, openvino_version: str) -> str:
    """Return the name of the cache entry, which depends on everything that changes the converted model."""
    facts = {
        "weights": entry.sha256,
        "network": [entry.system, entry.preset, entry.input_spec.channels, len(entry.classes), entry.network],
        "openvino": openvino_version,
        "conversion": CONVERSION_VERSION,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return f"{entry.name}-{digest[:24]}"


def convert_network(network: Any, *, channels: int, sides: tuple[int, ...] = (-1, -1)) -> Any:
    """Convert a torch network with logits as output to an OpenVINO model with probabilities, and check it.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode; takes (N, channels, H, W) with H and W multiples of 64, or (N, channels, D, H, W) with
        multiples of 8.
    channels
        Input channels.
    sides
        See `ModelEntry.sides`.

    Returns
    -------
    openvino.Model
        For any N; sides of -1 are variable.

    Raises
    ------
    ModelError
        If its probabilities differ from torch's by more than 1e-3 at any of several sizes.
    """
    import torch

    openvino = import_openvino()
    network = torch.nn.Sequential(network, answer_of(network)).eval()
    images = torch.rand(trace_shape(channels, sides), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode(), warnings.catch_warnings():
        # Tracing warns about each size that it records; the check below covers that.
        warnings.simplefilter("ignore")
        # torch's own check takes three quarters of the conversion time; the check below replaces it.
        trace = torch.jit.trace(network, images, check_trace=False)
        model = import_converter().convert_model(trace, input=[openvino.PartialShape([-1, channels, *sides])])
    check_against_torch(model, network, channels=channels, sides=sides)
    return model


def check_against_torch(model: Any, network: Any, *, channels: int, sides: tuple[int, ...] = (-1, -1)) -> None:
    """Compare the probabilities of an OpenVINO model with those of a torch network that ends in a softmax.

    Raises
    ------
    ModelError
        If they differ by more than 1e-3 at any of several sizes.
    """
    import torch

    compiled = openvino_core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    generator = torch.Generator().manual_seed(1)
    for batch, *size in _CHECK_SHAPES[len(sides)]:
        images = torch.rand((batch, channels, *with_sides(sides, size)), generator=generator)
        with torch.inference_mode():
            expected = network(images).numpy()
        difference = float(np.abs(compiled(images.numpy())[0] - expected).max())
        if not difference < PROBABILITY_TOLERANCE:
            raise ModelError(message("models.openvino_differs", difference=difference))
