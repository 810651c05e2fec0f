# SPDX-License-Identifier: Apache-2.0
"""Cache of converted models: one folder per model, complete, undamaged and written by this user, or absent."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs

from ICHSegmentationLib.core.resources import settings_folder

_CHECKSUMS = "checksums.json"
_KEY_NAME, _KEY_BYTES = "cache.key", 32
_LEFT_AFTER_S = 3600.0
"""Longer than any conversion: older temporary folders were left by a killed one."""


def cache_folder() -> Path:
    """Return the folder of converted models: ICHSEG_CACHE if set, else the platform's cache folder."""
    chosen = os.environ.get("ICHSEG_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("ichseg", appauthor=False)


def shared_folder(folder: Path) -> Path | None:
    """Return the folder, or the one that contains it, if another user of this computer may write into it; else None.

    Files in such a folder can be replaced between any check and their use, so that it is not used. Windows has no
    such bits; there the cache lies in the user's own profile.
    """
    if not hasattr(os, "geteuid"):
        return None
    for path in (folder, folder.parent):
        with suppress(OSError):  # not there, or no folder: writing it says why
            found = path.stat()
            if found.st_uid not in (os.geteuid(), 0) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return path
    return None


def read_entry(folder: Path) -> dict[str, bytes] | None:
    """Read all files of a cache entry.

    Returns
    -------
    dict or None
        Name -> content, checked against the stored checksums; None if the entry is missing, damaged, or was not written
        under this name by this user.
    """
    try:
        key = (settings_folder() / _KEY_NAME).read_bytes()
        checksums: Mapping[str, str] = json.loads((folder / _CHECKSUMS).read_bytes())
        files = {name: (folder / name).read_bytes() for name in checksums}
        undamaged = all(
            hmac.compare_digest(_checksum(key, folder.name, name, content), checksums[name])
            for name, content in files.items()
        )
    except (OSError, ValueError, TypeError):
        return None
    return files if undamaged and len(key) == _KEY_BYTES else None


def write_entry(folder: Path, write_files: Callable[[Path], None]) -> None:
    """Write a cache entry under a temporary name, then rename it.

    Parameters
    ----------
    folder
        The entry; replaced if it exists. Its name stands for everything that the content depends on.
    write_files
        Writes the files of the entry into the given folder.

    Raises
    ------
    OSError
        If the cache or the key of its checksums cannot be written (read-only, full).
    """
    for path in (folder.parent.parent, folder.parent):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_left(folder)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write_files(temporary)
        key = _make_key()
        checksums = {
            path.name: _checksum(key, folder.name, path.name, path.read_bytes()) for path in sorted(temporary.iterdir())
        }
        (temporary / _CHECKSUMS).write_text(json.dumps(checksums), encoding="utf-8")
        _replace(folder, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _checksum(key: bytes, entry: str, name: str, content: bytes) -> str:
    """Return a checksum that only this user can make, of a file in the place where it belongs."""
    return hmac.new(key, f"{entry}/{name}\n".encode() + content, hashlib.sha256).hexdigest()


def _make_key() -> bytes:
    """Return the user's key of the checksums, made at the first use; it does not lie beside what it protects."""
    path = settings_folder() / _KEY_NAME
    with suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == _KEY_BYTES:
            return key
        path.unlink()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another process made one
        key = secrets.token_bytes(_KEY_BYTES)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
    return path.read_bytes()


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
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
