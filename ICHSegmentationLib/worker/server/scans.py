# SPDX-License-Identifier: Apache-2.0
"""Scans that the worker keeps between requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.worker.protocol.exchange import read_volume
from ICHSegmentationLib.worker.protocol.failures import UnknownScanError

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.core.scan.volume import CTVolume

_MAX_SCANS = 2  # a comparison needs both of its scans


class OpenScans:
    """The two scans used last, by key.

    Their arrays are read-only, so that values which depend on the scan alone are computed once, see
    `ICHSegmentationLib.core.storage.scan_cache`.
    """

    def __init__(self) -> None:
        self._volumes: dict[str, CTVolume] = {}

    def open(self, key: str, folder: Path) -> None:
        """Read a scan and keep it; errors as `read_volume`."""
        self._keep(key, read_volume(folder).read_only())

    def get(self, key: str) -> CTVolume:
        """Return a scan.

        Raises
        ------
        UnknownScanError
            If it was never opened, or was dropped in favour of others.
        """
        if key not in self._volumes:
            raise UnknownScanError(message("worker.unknown_scan"))
        self._keep(key, self._volumes[key])
        return self._volumes[key]

    def forget(self) -> None:
        """Drop all scans, for example when the memory is full."""
        self._volumes.clear()

    def _keep(self, key: str, volume: CTVolume) -> None:
        self._volumes.pop(key, None)
        self._volumes[key] = volume
        while len(self._volumes) > _MAX_SCANS:
            del self._volumes[next(iter(self._volumes))]
