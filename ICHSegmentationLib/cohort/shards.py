# SPDX-License-Identifier: Apache-2.0
"""Shards of a cohort: one ledger each, and their merging."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ICHSegmentationLib.cohort.jobs import Case
from ICHSegmentationLib.cohort.ledger import LEDGER_NAME, Ledger
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import atomic_path

_FORM = re.compile(r"(\d{1,6})/(\d{1,6})")
_NAME = re.compile(r"ledger-(\d+)-of-(\d+)\.sqlite")


@dataclass(frozen=True)
class Shard:
    """One of ``count`` parts of a cohort; ``number`` counts from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``I/N``.

        Raises
        ------
        InputError
            If the text is not of this form, or I is not 1 to N.
        """
        found = _FORM.fullmatch(text)
        if found is None or not 1 <= int(found.group(1)) <= int(found.group(2)):
            raise InputError(message("cohort.shard_format", text=text))
        return cls(int(found.group(1)), int(found.group(2)))

    @property
    def ledger_name(self) -> str:
        """Name of the ledger in the folder of the results."""
        return f"ledger-{self.number}-of-{self.count}.sqlite"

    def select(self, cases: Iterable[Case]) -> list[Case]:
        """Return the scans of this shard; scans that are compared are in the same one."""
        cases = list(cases)
        later = {case.id: case.baseline_of for case in cases}
        return [case for case in cases if _number(_last(case.id, later), self.count) == self.number]


def merge(folder: Path) -> Path:
    """Join the ledgers of all shards into one, and return it; those of the shards are kept.

    Raises
    ------
    InputError
        If a shard is missing or in use, or the shards were made with different models or options.
    """
    shards = _shards(folder)
    path = folder / LEDGER_NAME
    with atomic_path(path) as temporary:
        settings: list[dict[str, str]] = []
        with Ledger(temporary) as joined:
            for shard in shards:
                with Ledger(folder / shard.ledger_name) as ledger:
                    for entry in ledger.entries():
                        joined.insert(entry)
                        if entry.settings and entry.settings not in settings:
                            settings.append(entry.settings)
        if len(settings) > 1:
            raise InputError(message("cohort.shards_settings", folder=folder))
    return path


def _shards(folder: Path) -> list[Shard]:
    found = [match for path in folder.glob("ledger-*.sqlite") if (match := _NAME.fullmatch(path.name))]
    if not found:
        raise InputError(message("cohort.no_ledgers", folder=folder))
    counts = {int(match.group(2)) for match in found}
    if len(counts) > 1:
        raise InputError(message("cohort.shards_differ", folder=folder))
    count = counts.pop()
    if len(found) < count:
        raise InputError(message("cohort.shard_missing", missing=count - len(found), count=count, folder=folder))
    return [Shard(number, count) for number in range(1, count + 1)]


def _last(case: str, later: dict[str, str | None]) -> str:
    """Return the last scan of the chain that a scan belongs to; of a circle the first by name."""
    chain = [case]
    while (following := later.get(chain[-1])) is not None:
        if following in chain:
            return min(chain[chain.index(following) :])
        chain.append(following)
    return chain[-1]


def _number(key: str, count: int) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count + 1
