# SPDX-License-Identifier: Apache-2.0
"""Keys from which new UIDs, pseudonyms and dates follow."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.resources import settings_folder
from ICHSegmentationLib.core.storage.files import write_error

_NAME = "deidentification-keys.json"
_STANDARD_UIDS = "1.2.840.10008."
_LONGEST_SHIFT_DAYS = 3650
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """Secrets from which new UIDs, pseudonyms and the shift of dates follow; equal keys give equal results.

    Attributes
    ----------
    uid_key, date_key : bytes
        Secrets of UIDs and pseudonyms, and of dates.
    """

    uid_key: bytes
    date_key: bytes

    def uid(self, old: str) -> str:
        """Return the UID in place of one that is not of the DICOM standard."""
        if not old or old.startswith(_STANDARD_UIDS):
            return old
        # 2.25 and a number of 128 bits (PS3.5 B.2).
        return f"2.25.{int.from_bytes(self._digest(self.uid_key, 'uid', old)[:16])}"

    def pseudonym(self, patient: str) -> str:
        """Return the name in place of a patient's name and ID."""
        return f"P{self._digest(self.uid_key, 'patient', patient).hex()[:16].upper()}"

    def shift_days(self, patient: str) -> int:
        """Return by how many days a patient's dates are set back, 1 to 3650."""
        return 1 + int.from_bytes(self._digest(self.date_key, "date", patient)[:8]) % _LONGEST_SHIFT_DAYS

    @staticmethod
    def _digest(key: bytes, kind: str, value: str) -> bytes:
        return hmac.digest(key, f"{kind}:{value}".encode(), hashlib.sha256)


def keys_path(given: Path | None) -> Path:
    """Return the file of the keys that was given, else that of the user's settings; absolute."""
    return given.absolute() if given is not None else settings_folder() / _NAME


def load_keys(path: Path) -> Keys:
    """Read the keys, or make them: a file that only its owner can read (mode 0600).

    Raises
    ------
    InputError
        If the file is not valid, or others can read it.
    ICHSegmentationError
        If it cannot be written.
    """
    try:
        _make_keys(path)
    except FileExistsError:
        pass
    except OSError as error:
        raise write_error(path, error) from error
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise InputError(message("export.keys_readable_by_others", path=path))
        content = json.loads(path.read_text(encoding="utf-8"))
        uid_key, date_key = (bytes.fromhex(content[name]) for name in ("uid_key", "date_key"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(message("export.keys_not_valid", path=path)) from error
    if min(len(uid_key), len(date_key)) < _SECRET_BYTES:
        raise InputError(message("export.keys_not_valid", path=path))
    return Keys(uid_key, date_key)


def _make_keys(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({name: secrets.token_hex(_SECRET_BYTES) for name in ("uid_key", "date_key")}, file)
