# SPDX-License-Identifier: Apache-2.0
"""Installed models and the runtimes that run them; importing this imports neither torch nor OpenVINO."""

from __future__ import annotations

from ICHSegmentationLib.models.companion import Companion, find_companion
from ICHSegmentationLib.models.loaded_model import LoadedModel
from ICHSegmentationLib.models.manifest import Manifest, ModelEntry, get_model, load_manifest
from ICHSegmentationLib.models.output_subtypes import output_subtypes
from ICHSegmentationLib.models.runtimes.devices import Device, list_devices
from ICHSegmentationLib.models.runtimes.runtime import Runtime, RuntimeInfo
from ICHSegmentationLib.models.select import load_runtime
from ICHSegmentationLib.models.trained_network import NetworkBuilder

__all__ = [
    "Companion",
    "Device",
    "LoadedModel",
    "Manifest",
    "ModelEntry",
    "NetworkBuilder",
    "Runtime",
    "RuntimeInfo",
    "find_companion",
    "get_model",
    "list_devices",
    "load_manifest",
    "load_runtime",
    "output_subtypes",
]
