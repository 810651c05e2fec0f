# SPDX-License-Identifier: Apache-2.0
"""One scan of a cohort, and what became of it."""

from __future__ import annotations

import glob
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

CASES, PAIRS = "cases", "pairs"
"""Folders of the results of single scans, and of comparisons."""
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class Kind(StrEnum):
    """Kind of job: segment one scan, or compare two segmented ones."""

    CASE = "case"
    PAIR = "pair"


class State(StrEnum):
    """State of a job in the ledger. A failed job is not tried again by itself."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Case:
    """A scan to segment.

    Attributes
    ----------
    id : str
        Name of the folder of its results; unique in a cohort.
    paths : tuple of Path
        One folder or file, or the files of a DICOM series; absolute.
    series : str or None
        As for :func:`ICHSegmentationLib.read_ct`.
    baseline_of : str or None
        ID of the later scan of the same patient, to compare with.
    why : str
        Why this series was chosen.
    """

    id: str
    paths: tuple[Path, ...]
    series: str | None = None
    baseline_of: str | None = None
    why: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A series or file that is not segmented; ``what`` describes it without patient data."""

    path: Path
    what: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What a cohort consists of."""

    cases: tuple[Case, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Job:
    """Work for one process: a scan, or a pair of segmented ones (``case`` and ``followup``).

    Attributes
    ----------
    root : Path
        Folder of the cohort's results.
    """

    id: str
    kind: Kind
    root: Path
    case: Case
    followup: Case | None = None

    @property
    def folder(self) -> Path:
        """Folder of the results; complete whenever it exists."""
        return self.root / (CASES if self.kind is Kind.CASE else PAIRS) / self.id

    def temporary(self, purpose: str) -> Path:
        """Return a new hidden folder name beside `folder`, known by `remains`."""
        return self.folder.with_name(f".{self.id}.{secrets.token_hex(4)}.{purpose}")

    def remains(self) -> list[Path]:
        """Return the temporary folders that a killed run of this job left."""
        pattern = re.compile(rf"\.{re.escape(self.id)}\.[0-9a-f]{{8}}\.(partial|replaced)")
        parent = self.folder.parent
        return [path for path in parent.glob(f".{glob.escape(self.id)}.*") if pattern.fullmatch(path.name)]


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes
    ----------
    state : State
        DONE, FAILED, or WAITING if the cause lies outside the job, such as a full disk; the run then stops.
    error, code : str
        Sentence for the user and its code in the catalogue; empty if done.
    seconds, cpu_s : float
        Duration, and processor time of the process and its children.
    peak_mib : float
        Largest resident memory that was seen, sampled ten times a second.
    """

    id: str
    state: State
    error: str = ""
    code: str = ""
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    warnings: tuple[str, ...] = ()
    model_sha256: str = ""
    timings_s: dict[str, float] = field(default_factory=dict)


def is_safe_id(text: str) -> bool:
    """Whether a text can be the name of a folder on every system."""
    return _SAFE_ID.fullmatch(text) is not None and not text.endswith(".")


def short_hash(*parts: object) -> str:
    """Return twelve hexadecimal digits that stand for some values."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


def pair_id(baseline: Case, followup: Case) -> str:
    """Return the ID of the comparison of two scans."""
    return f"{baseline.id}--{followup.id}"
