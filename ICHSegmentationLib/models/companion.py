# SPDX-License-Identifier: Apache-2.0
"""A second model that takes part in the segmentation of another one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import MissingModelError, UnknownModelError
from ICHSegmentationLib.models.loaded_model import LoadedModel
from ICHSegmentationLib.models.manifest import get_model

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.runtimes.runtime import Runtime, RuntimeInfo
    from ICHSegmentationLib.models.trained_network import NetworkBuilder


@dataclass(frozen=True)
class Companion:
    """A detector or verifier that a model names; it is loaded when it is needed.

    Attributes
    ----------
    name : str
        Name in the manifest of the model that names it.
    entry : ModelEntry or None
        None if it is not installed beside that model.
    build : NetworkBuilder
        Builds its network.
    loaded : LoadedModel
        Keeps it loaded.
    """

    name: str
    entry: ModelEntry | None
    build: NetworkBuilder
    loaded: LoadedModel = field(default_factory=LoadedModel)

    def load(self, where: RuntimeInfo) -> Runtime:
        """Load the model for the same scan: on the device of the first one, and in torch if that runs in torch.

        Beside a model in OpenVINO the choice is that of "auto": what OpenVINO cannot run falls back to torch.

        Parameters
        ----------
        where
            Device and runtime of the first model.

        Raises
        ------
        ModelError, NoGraphicsCardError
            As for `load_runtime`.
        """
        assert self.entry is not None
        runtime = "torch" if where.backend == "torch" else "auto"
        return self.loaded.get(
            self.entry, build=self.build, device=where.device, runtime=runtime, threads=where.threads
        )


def find_companion(
    name: str, beside: ModelEntry, *, build: NetworkBuilder, loaded: LoadedModel | None = None
) -> Companion | None:
    """Find a model in the folder of another one; None if the name is empty.

    Parameters
    ----------
    name
        Name of the companion.
    beside
        The model that names it.
    build
        Builds its network.
    loaded
        Keeps the companion loaded between scans; by default it is loaded for this one only.
    """
    if not name:
        return None
    try:
        entry = get_model(name, folder=beside.folder)
    except (MissingModelError, UnknownModelError):
        entry = None
    return Companion(name, entry, build, loaded or LoadedModel())
