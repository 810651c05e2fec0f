# SPDX-License-Identifier: Apache-2.0
"""Cache of converted models: one folder per model, complete and checked or absent."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from ICHSegmentationLib.models.weights import sha256_hex

_CHECKSUMS = "sha256.json"
_LEFT_AFTER_S = 3600.0
"""Longer than any conversion: older temporary folders were left by a killed one."""


def cache_folder() -> Path:
    """Return the folder of converted models: ICHSEG_CACHE if set, else the platform's cache folder."""
    chosen = os.environ.get("ICHSEG_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("ichseg", appauthor=False)


def read_entry(folder: Path) -> dict[str, bytes] | None:
    """Read all files of a cache entry.

    Returns
    -------
    dict or None
        Name -> content, checked against the stored checksums; None if the entry is missing or damaged.
    """
    try:
        checksums: Mapping[str, str] = json.loads((folder / _CHECKSUMS).read_bytes())
        files = {name: (folder / name).read_bytes() for name in checksums}
    except (OSError, ValueError, TypeError):
        return None
    undamaged = all(sha256_hex(content) == checksums[name] for name, content in files.items())
    return files if undamaged else None


def write_entry(folder: Path, write_files: Callable[[Path], None]) -> None:
    """Write a cache entry under a temporary name, then rename it.

    Parameters
    ----------
    folder
        The entry; replaced if it exists.
    write_files
        Writes the files of the entry into the given folder.

    Raises
    ------
    OSError
        If the cache cannot be written (read-only, full).
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_left(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write_files(temporary)
        checksums = {path.name: sha256_hex(path.read_bytes()) for path in sorted(temporary.iterdir())}
        (temporary / _CHECKSUMS).write_text(json.dumps(checksums), encoding="utf-8")
        _replace(folder, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace(folder: Path, temporary: Path) -> None:
    try:
        temporary.rename(folder)
    except OSError:
        if read_entry(folder) is not None:
            return  # Another process wrote the same entry first.
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)


def _remove_left(folder: Path) -> None:
    for left in folder.parent.glob(f".{folder.name}-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
