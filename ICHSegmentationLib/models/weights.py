# SPDX-License-Identifier: Apache-2.0
"""Weights on disk: safetensors, mostly float16, checked against the manifest's SHA-256. Nothing is ever unpickled."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import ChecksumError, MissingModelError, ModelError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ICHSegmentationLib.models.manifest import ModelEntry


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read_verified(entry: ModelEntry) -> bytes:
    """Read a model's weights file once and check it against the manifest.

    Raises
    ------
    MissingModelError
        If the file is missing.
    ChecksumError
        If it is not the one that the manifest describes.
    """
    try:
        data = entry.path.read_bytes()
    except OSError as error:
        raise MissingModelError(message("models.weights_missing", name=entry.name, path=entry.path)) from error
    if sha256_hex(data) != entry.sha256:
        raise ChecksumError(message("models.weights_damaged", name=entry.name, path=entry.path))
    return data


def read_weights(entry: ModelEntry) -> dict[str, np.ndarray]:
    """Read and check a model's weights.

    Returns
    -------
    dict
        Name -> array; float16 becomes float32, other types stay.

    Raises
    ------
    ModelError
        If the file is missing, does not match the manifest or is not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(read_verified(entry))
    except SafetensorError as error:
        raise ModelError(message("models.weights_not_safetensors", name=entry.name, path=entry.path)) from error
    return {name: value.astype(np.float32) if value.dtype == np.float16 else value for name, value in tensors.items()}


def encode_weights(state: Mapping[str, np.ndarray]) -> bytes:
    """Encode weights as safetensors: floating point as float16, or as float32 where float16 overflows.

    Running variances of a batch normalisation behind a large sum of features can be that large.

    Raises
    ------
    ModelError
        If a number is not finite, or too large for float32.
    """
    from safetensors.numpy import save

    packed = {}
    for name, value in state.items():
        array = np.ascontiguousarray(value)
        if np.issubdtype(array.dtype, np.floating):
            with np.errstate(over="ignore"):
                small, full = array.astype(np.float16), array.astype(np.float32)
            array = small if np.isfinite(small).all() else full
            if not np.isfinite(array).all():
                raise ModelError(message("models.weights_not_finite", name=name))
        packed[name] = array
    return save(packed)
