# SPDX-License-Identifier: Apache-2.0
"""A model that stays loaded from one volume to the next."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ICHSegmentationLib.models.select import load_runtime

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.runtimes.runtime import Runtime, RuntimeInfo
    from ICHSegmentationLib.models.trained_network import NetworkBuilder

_LOG = logging.getLogger(__name__)


class LoadedModel:
    """Cache of the runtime that was used last, and of its companion's.

    It holds no other model: torch's number of threads applies to the whole process, and further models would compete
    for the memory of the graphics card.
    """

    def __init__(self) -> None:
        self._companion: LoadedModel | None = None
        self._key: tuple[str, ...] = ()
        self._runtime: Runtime | None = None
        self._info: RuntimeInfo | None = None

    def get(
        self,
        entry: ModelEntry,
        *,
        build: NetworkBuilder,
        device: str = "auto",
        runtime: str = "auto",
        threads: int | None = None,
    ) -> Runtime:
        """Return the loaded model, or load it.

        Parameters and errors are those of :func:`load_runtime`.
        """
        if not entry.has_weights:
            # Nothing to load: keep the model that is loaded.
            return load_runtime(entry, build=build, device=device, runtime=runtime, threads=threads)
        key = (str(entry.folder), entry.model_dump_json(), device, runtime, str(threads))
        # A runtime that fell back to the processor for lack of memory is tried on the card again.
        if self._runtime is not None and key == self._key and self._runtime.info == self._info:
            return self._runtime
        self.forget()
        loaded = load_runtime(entry, build=build, device=device, runtime=runtime, threads=threads)
        self._key, self._runtime, self._info = key, loaded, loaded.info
        _LOG.info("loaded model %s: %s on %s", entry.name, loaded.info.backend, loaded.info.device)
        return loaded

    @property
    def companion(self) -> LoadedModel:
        """Cache of the detector or verifier that the model names."""
        if self._companion is None:
            self._companion = LoadedModel()
        return self._companion

    def forget(self) -> None:
        """Free the memory of the loaded model and of its companion."""
        self._runtime = self._companion = None
