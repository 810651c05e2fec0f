# SPDX-License-Identifier: Apache-2.0
"""Add a trained model to the installed ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_bytes, write_text
from ICHSegmentationLib.core.validation import first_problem
from ICHSegmentationLib.models.manifest import MANIFEST_NAME, MODELS_FOLDER, Manifest, ModelEntry, load_manifest
from ICHSegmentationLib.models.runtimes.conversion import check_against_torch
from ICHSegmentationLib.models.runtimes.graph import encode_graph, load_graph
from ICHSegmentationLib.models.trained_network import load_network
from ICHSegmentationLib.models.weights import encode_weights, sha256_hex
from ICHSegmentationLib.networks.interface import answer_of

if TYPE_CHECKING:
    import torch

    from ICHSegmentationLib.models.trained_network import NetworkBuilder

# The ExtensionsIndex refuses repositories over 100 MB, history included.
_MAX_BYTES_DEFAULT = 12_000_000
_MAX_BYTES_OTHER = 5_000_000
_LOG = logging.getLogger(__name__)


def register_model(
    fields: Mapping[str, Any],
    state_dict: Mapping[str, torch.Tensor],
    *,
    build: NetworkBuilder,
    folder: Path = MODELS_FOLDER,
    make_default: bool = False,
    with_graph: bool = False,
) -> ModelEntry:
    """Write a model's weights in float16 and its manifest entry; a model of the same name is replaced.

    The name of the weights file contains its checksum and the manifest is renamed into place last, so the folder is
    valid at every moment.

    Parameters
    ----------
    fields
        Fields of :class:`ModelEntry`, except those of its files, `parameters` and `folder`.
    state_dict
        The network's weights.
    build
        Builds the network, as `ICHSegmentationLib.systems.network_for`.
    folder
        Folder of the manifest.
    make_default
        Use this model if none is chosen; the first model of a folder is always the default.
    with_graph
        Also write the network in OpenVINO format (takes seconds), so that the model runs without torch. The models of
        the package have it.

    Returns
    -------
    ModelEntry
        As written.

    Raises
    ------
    ModelError
        If a field is wrong, the weights do not fit the network, or the file is too large for the package; other
        folders have no limit.
    """
    data = encode_weights({name: tensor.detach().cpu().numpy() for name, tensor in state_dict.items()})
    folder.mkdir(parents=True, exist_ok=True)
    manifest = load_manifest(folder) if (folder / MANIFEST_NAME).exists() else Manifest()
    name = str(fields.get("name", ""))
    make_default = make_default or not manifest.models or manifest.default == name
    if folder == MODELS_FOLDER:
        _check_size(len(data), name, is_default=make_default)

    digest = sha256_hex(data)
    written = {"file": f"{name}-{digest[:8]}.safetensors", "sha256": digest, "size_bytes": len(data)}
    try:
        draft = ModelEntry.model_validate({**fields, **written, "parameters": 1, "folder": folder})
    except ValidationError as error:
        place, problem = first_problem(error, whole="the whole description")
        raise ModelError(message("models.description_not_valid", name=name, place=place, problem=problem)) from error
    is_new_file = not draft.path.exists()
    write_bytes(draft.path, data)
    try:
        network = load_network(draft, build=build)
        graph = _write_graph(draft, network) if with_graph else {}
    except ModelError:
        if is_new_file:
            draft.path.unlink()
        raise
    entry = draft.model_copy(update={"parameters": sum(value.numel() for value in network.parameters()), **graph})

    others = tuple(other for other in manifest.models if other.name != name)
    replaced = {path for other in manifest.models if other.name == name for path in _files(other)} - _files(entry)
    updated = Manifest(default=name if make_default else manifest.default, models=(*others, entry))
    text = updated.model_dump_json(indent=2, by_alias=True) + "\n"
    write_text(folder / MANIFEST_NAME, text)
    for path in replaced:
        path.unlink(missing_ok=True)
    _LOG.info("registered model %s: %d parameters, %d bytes", name, entry.parameters, len(data))
    return entry


def _write_graph(draft: ModelEntry, network: torch.nn.Module) -> dict[str, str]:
    """Write a model's graph, compare it with torch, and return its manifest fields."""
    import torch

    channels, sides = draft.input_spec.channels, draft.sides
    data = encode_graph(network, channels=channels, sides=sides)
    digest = sha256_hex(data)
    graph = {"graph": f"{draft.name}-{digest[:8]}.graph.zip", "graph_sha256": digest}
    path = draft.folder / graph["graph"]
    write_bytes(path, data)
    try:
        model = load_graph(draft.model_copy(update=graph))
        answering = torch.nn.Sequential(network, answer_of(network)).eval()
        check_against_torch(model, answering, channels=channels, sides=sides)
    except ModelError:
        path.unlink()
        raise
    return graph


def _files(entry: ModelEntry) -> set[Path]:
    return {entry.path} | ({entry.folder / entry.graph} if entry.graph else set())


def _check_size(size: int, name: str, *, is_default: bool) -> None:
    max_bytes = _MAX_BYTES_DEFAULT if is_default else _MAX_BYTES_OTHER
    if size > max_bytes:
        raise ModelError(message("models.weights_too_large", name=name, size_mb=size / 1e6, max_mb=max_bytes / 1e6))
