# SPDX-License-Identifier: Apache-2.0
"""Network graphs in OpenVINO format without weights: a model with one runs without torch."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.errors import ChecksumError, ModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.runtimes.quiet_openvino import import_converter, import_openvino, openvino_core
from ICHSegmentationLib.models.weights import read_weights, sha256_hex
from ICHSegmentationLib.networks.interface import answer_of

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry

# The graph and its few constants that are not weights.
_XML, _BIN = "graph.xml", "graph.bin"
# By number of dimensions. All numbers differ, so that no size is taken for another one.
_TRACE_SHAPES = {2: (2, 128, 64), 3: (2, 16, 24, 8)}
# A fixed date, so that the file depends on the network alone.
_DATE = (1980, 1, 1, 0, 0, 0)


def load_graph(entry: ModelEntry) -> Any | None:
    """Insert a model's weights into its graph.

    Parameters
    ----------
    entry : ModelEntry
        The model. Graph and weights are checked against the manifest.

    Returns
    -------
    openvino.Model or None
        Maps (N, C, H, W) to probabilities (N, K, H, W) for any N, H and W, or patches alike; None if the model has
        no graph, or one that this version of OpenVINO cannot read.

    Raises
    ------
    ModelError
        If the weights or the graph are missing or damaged, or do not fit each other.
    """
    if entry.graph is None:
        return None
    openvino = import_openvino()
    xml, numbers = _read(entry)
    weights = read_weights(entry)
    try:
        model = openvino_core().read_model(xml, numbers)
    except RuntimeError:
        return None
    for parameter in model.get_parameters()[1:]:
        name = parameter.get_friendly_name()
        if name not in weights or tuple(parameter.shape) != weights[name].shape:
            raise ModelError(message("models.graph_misfit", name=entry.name))
        parameter.output(0).replace(openvino.op.Constant(weights[name]).output(0))
        model.remove_parameter(parameter)
    model.validate_nodes_and_infer_types()
    return model


def _read(entry: ModelEntry) -> tuple[bytes, bytes]:
    try:
        data = (entry.folder / str(entry.graph)).read_bytes()
    except OSError as error:
        raise ModelError(message("models.graph_missing", name=entry.name, file=entry.graph)) from error
    if sha256_hex(data) != entry.graph_sha256:
        raise ChecksumError(message("models.graph_damaged", name=entry.name, file=entry.graph))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read(_XML), archive.read(_BIN)


def with_sides(sides: tuple[int, ...], free: Sequence[int]) -> list[int]:
    """Replace variable sides (-1) by given ones."""
    return [some if side == -1 else side for side, some in zip(sides, free, strict=True)]


def trace_shape(channels: int, sides: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the images that a network is traced with."""
    batch, *size = _TRACE_SHAPES[len(sides)]
    return batch, channels, *with_sides(sides, size)


def encode_graph(network: Any, *, channels: int, sides: tuple[int, ...] = (-1, -1)) -> bytes:
    """Convert a torch network, softmax included, with its weights as inputs of the graph.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode; takes (N, channels, H, W) with H and W multiples of 64, or (N, channels, D, H, W) with
        multiples of 8.
    channels : int
        Input channels.
    sides : tuple of int
        See `ModelEntry.sides`.

    Returns
    -------
    bytes
        A zip file, some tens of kB.
    """
    import torch

    openvino = import_openvino()
    answer = answer_of(network)
    weights = {name: value for name, value in network.state_dict().items() if value.is_floating_point()}

    def run(images: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        with _weights_of(network, dict(zip(weights, values, strict=True))):
            return answer(network(images))

    images = torch.rand(trace_shape(channels, sides), generator=torch.Generator().manual_seed(0))
    shapes = [openvino.PartialShape([-1, channels, *sides])]
    shapes += [openvino.PartialShape(list(value.shape)) for value in weights.values()]
    with torch.inference_mode(), warnings.catch_warnings():
        # Tracing warns about each size that it records; `register_model` compares the result with torch.
        warnings.simplefilter("ignore")
        trace = torch.jit.trace(run, (images, *weights.values()), check_trace=False)
        model = import_converter().convert_model(trace, input=shapes)
    for parameter, name in zip(model.get_parameters()[1:], weights, strict=True):
        parameter.set_friendly_name(name)
    return _encode(openvino, model)


def _encode(openvino: Any, model: Any) -> bytes:
    with tempfile.TemporaryDirectory(prefix="ichseg-") as folder:
        path = Path(folder) / _XML
        openvino.save_model(model, path, compress_to_fp16=False)
        contents = {_XML: path.read_bytes(), _BIN: path.with_suffix(".bin").read_bytes()}
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


@contextmanager
def _weights_of(network: Any, values: Mapping[str, Any]) -> Iterator[None]:
    """Replace a network's weights temporarily; torch's own function for this cannot be traced."""
    before = []
    for name, value in values.items():
        owner, _, leaf = name.rpartition(".")
        module = network.get_submodule(owner)
        table = module._parameters if leaf in module._parameters else module._buffers
        before.append((table, leaf, table[leaf]))
        table[leaf] = value
    try:
        yield
    finally:
        for table, leaf, value in before:
            table[leaf] = value
