# SPDX-License-Identifier: Apache-2.0
"""A model that stays loaded from one volume to the next."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ICHSegmentationLib.models.select import load_runtime

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.runtimes.runtime import Runtime, RuntimeInfo

_LOG = logging.getLogger(__name__)


class LoadedModel:
    """Keeps the runtime that was used last.

    Only one: torch's number of threads holds for the whole process, and a second model would take the memory of the
    graphics card from the first.
    """

    def __init__(self) -> None:
        self._key: tuple[str, ...] = ()
        self._runtime: Runtime | None = None
        self._info: RuntimeInfo | None = None

    def get(
        self, entry: ModelEntry, *, device: str = "auto", runtime: str = "auto", threads: int | None = None
    ) -> Runtime:
        """Load a model as :func:`load_runtime` does, unless it is the one that is loaded.

        Parameters and errors are those of :func:`load_runtime`.
        """
        if not entry.has_weights:
            # Nothing to load, so that the model that is loaded may stay.
            return load_runtime(entry, device=device, runtime=runtime, threads=threads)
        key = (str(entry.folder), entry.model_dump_json(), device, runtime, str(threads))
        # A runtime that fell back to the processor, for want of memory, is given another chance on the card.
        if self._runtime is not None and key == self._key and self._runtime.info == self._info:
            return self._runtime
        self.forget()
        loaded = load_runtime(entry, device=device, runtime=runtime, threads=threads)
        self._key, self._runtime, self._info = key, loaded, loaded.info
        _LOG.info("loaded model %s: %s on %s", entry.name, loaded.info.backend, loaded.info.device)
        return loaded

    def forget(self) -> None:
        """Free the memory of the loaded model."""
        self._runtime = None
