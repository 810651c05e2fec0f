# SPDX-License-Identifier: Apache-2.0
"""A model in OpenVINO's form: from its graph, or converted from torch once and then taken from the cache."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.models.runtimes.graph import load_graph, trace_shape, with_sides
from ICHSegmentationLib.models.runtimes.model_cache import cache_folder, read_entry, write_entry
from ICHSegmentationLib.models.runtimes.quiet_openvino import import_converter, import_openvino
from ICHSegmentationLib.models.weights import read_verified

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry

# Raise when the conversion or the code of a network changes, so that older cache entries are left alone.
CONVERSION_VERSION = 1
# The converted network must give the same probabilities as torch, up to float32 rounding through ~100 layers.
PROBABILITY_TOLERANCE = 1e-3
# They prove that no size was baked in; all differ from those that are traced. By the number of dimensions.
_CHECK_SHAPES = {2: ((1, 64, 128), (3, 192, 64)), 3: ((1, 16, 32, 32), (3, 8, 16, 24))}
_XML, _BIN = "model.xml", "model.bin"
_LOG = logging.getLogger(__name__)


def load_converted(entry: ModelEntry) -> tuple[Any, tuple[str, ...]]:
    """Load a model in OpenVINO's form: from its graph, else from the cache, else by converting the torch network.

    Parameters
    ----------
    entry
        The model. Its weights file is checked against the manifest in either case.

    Returns
    -------
    openvino.Model
        Takes (N, C, H, W) and gives probabilities (N, K, H, W), any N, H and W, or the same of patches; the softmax is
        inside.
    tuple of str
        Warnings: the cache could not be written.

    Raises
    ------
    ModelError
        If the weights are missing or damaged, or the converted network does not give what torch gives.
    """
    openvino = import_openvino()
    built = load_graph(entry)
    if built is not None:
        return built, ()
    folder = cache_folder() / "openvino" / _cache_key(entry, openvino.get_version())
    files = read_entry(folder)
    if files is not None and {_XML, _BIN} <= files.keys():
        read_verified(entry)
        _LOG.debug("converted model from the cache: %s", folder.name)
        return openvino.Core().read_model(files[_XML], files[_BIN]), ()
    if folder.exists():
        _LOG.warning("The converted model in %s is damaged; it is made anew.", folder)
    model = _convert(entry)

    def write_files(target: Path) -> None:
        # Without compression: folding the batch norms makes numbers that float16 would round once more.
        openvino.save_model(model, target / _XML, compress_to_fp16=False)
        # A full disk can cut a file short without an error, which reading it back shows.
        openvino.Core().read_model(target / _XML)

    try:
        write_entry(folder, write_files)
    except (OSError, RuntimeError) as error:
        message = (
            f"The converted model could not be kept in {folder.parent} ({type(error).__name__}), so that every start "
            "converts it again; free some space or set ICHSEG_CACHE to a folder that can be written."
        )
        _LOG.warning(message)
        return model, (message,)
    return model, ()


def _cache_key(entry: ModelEntry, openvino_version: str) -> str:
    """Name of the cache entry: whatever changes the converted model is in it."""
    facts = {
        "weights": entry.sha256,
        "network": [entry.system, entry.preset, entry.input_spec.channels, len(entry.classes), entry.network],
        "openvino": openvino_version,
        "conversion": CONVERSION_VERSION,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return f"{entry.name}-{digest[:24]}"


def _convert(entry: ModelEntry) -> Any:
    from ICHSegmentationLib.models.trained_network import load_network

    return convert_network(load_network(entry), channels=entry.input_spec.channels, sides=entry.sides)


def convert_network(network: Any, *, channels: int, sides: tuple[int, ...] = (-1, -1)) -> Any:
    """Convert a torch network that gives logits into an OpenVINO model that gives probabilities, and check it.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode; takes (N, channels, H, W), H and W multiples of 64, or (N, channels, D, H, W), multiples
        of 8.
    channels
        Input channels.
    sides
        As of `ModelEntry.sides`.

    Returns
    -------
    openvino.Model
        With any N, and any sides that are -1.

    Raises
    ------
    ModelError
        If the converted network's probabilities are more than 1e-3 from torch's, at several sizes.
    """
    import torch

    from ICHSegmentationLib.networks.blocks.layers import answer_of

    openvino = import_openvino()
    network = torch.nn.Sequential(network, answer_of(network)).eval()
    images = torch.rand(trace_shape(channels, sides), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode(), warnings.catch_warnings():
        # Tracing warns about each size that it records, which the check below settles.
        warnings.simplefilter("ignore")
        # torch's own check of the trace takes three quarters of the whole conversion; the check below replaces it.
        trace = torch.jit.trace(network, images, check_trace=False)
        model = import_converter().convert_model(trace, input=[openvino.PartialShape([-1, channels, *sides])])
    check_against_torch(model, network, channels=channels, sides=sides)
    return model


def check_against_torch(model: Any, network: Any, *, channels: int, sides: tuple[int, ...] = (-1, -1)) -> None:
    """Compare probabilities of an OpenVINO model with those of a torch network that ends in a softmax.

    Raises
    ------
    ModelError
        If they are more than 1e-3 apart, at several sizes.
    """
    import torch

    compiled = import_openvino().Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    generator = torch.Generator().manual_seed(1)
    for batch, *size in _CHECK_SHAPES[len(sides)]:
        images = torch.rand((batch, channels, *with_sides(sides, size)), generator=generator)
        with torch.inference_mode():
            expected = network(images).numpy()
        difference = float(np.abs(compiled(images.numpy())[0] - expected).max())
        if not difference < PROBABILITY_TOLERANCE:
            message = f"OpenVINO and torch disagree on this network (probabilities differ by {difference:.2g})."
            raise ModelError(message)
