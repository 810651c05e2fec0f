# SPDX-License-Identifier: Apache-2.0
"""Scans as a worker keeps them."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.worker.protocol.exchange import write_volume
from ICHSegmentationLib.worker.server.scans import OpenScans


def open_scans(folder: Path, **volumes: CTVolume) -> OpenScans:
    """Return the scans of a worker to which volumes were handed over under these keys, through a folder."""
    scans = OpenScans()
    for key, volume in volumes.items():
        write_volume(folder / f"scan-{key}", volume)
        scans.open(key, folder / f"scan-{key}")
    return scans
