# SPDX-License-Identifier: Apache-2.0
"""A second model that takes part in the segmentation of another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import MissingModelError, UnknownModelError
from ICHSegmentationLib.models.manifest import get_model
from ICHSegmentationLib.models.select import load_beside

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.runtimes.runtime import Runtime, RuntimeInfo
    from ICHSegmentationLib.models.trained_network import NetworkBuilder


@dataclass(frozen=True)
class Companion:
    """A detector or verifier that a model names; its weights are loaded when they are needed.

    Attributes
    ----------
    name : str
        Name in the manifest of the model that names it.
    entry : ModelEntry or None
        None if it is not installed beside that model.
    build : NetworkBuilder
        Builds its network.
    """

    name: str
    entry: ModelEntry | None
    build: NetworkBuilder

    def load(self, where: RuntimeInfo) -> Runtime:
        """Load the model on the device of another one; errors are those of `load_beside`."""
        assert self.entry is not None
        return load_beside(self.entry, where, build=self.build)


def find_companion(name: str, beside: ModelEntry, *, build: NetworkBuilder) -> Companion | None:
    """Find a model in the folder of another one; None if the name is empty."""
    if not name:
        return None
    try:
        entry = get_model(name, folder=beside.folder)
    except (MissingModelError, UnknownModelError):
        entry = None
    return Companion(name, entry, build)
