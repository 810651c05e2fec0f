# SPDX-License-Identifier: Apache-2.0
"""Separating acquisitions that share one SeriesInstanceUID: contrast phases, repeated scans, other studies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ICHSegmentationLib.core.errors import UnusableSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan import slice_steps
from ICHSegmentationLib.io.dicom.slices import MINIMUM_SLICES, DicomSlice


@dataclass(frozen=True)
class _Key:
    """An attribute that may tell acquisitions apart.

    Attributes
    ----------
    name : str
        Keyword that is shown.
    keywords : tuple of str
        Keywords that may hold the value, in single- and in multi-frame files.
    whole_parts : bool
        Whether only parts of five slices or more without gaps count: times may be those of the reconstruction, in any
        order.
    """

    name: str
    keywords: tuple[str, ...]
    whole_parts: bool = False


_KEYS = (
    _Key("StudyInstanceUID", ("StudyInstanceUID",)),
    _Key("FrameOfReferenceUID", ("FrameOfReferenceUID",)),
    _Key("AcquisitionNumber", ("FrameAcquisitionNumber", "AcquisitionNumber")),
    _Key("TemporalPositionIdentifier", ("TemporalPositionIndex", "TemporalPositionIdentifier")),
    _Key("AcquisitionTime", ("FrameAcquisitionDateTime", "AcquisitionTime"), whole_parts=True),
    _Key("ContentTime", ("ContentTime",), whole_parts=True),
)


@dataclass(frozen=True)
class Acquisition:
    """One of the acquisitions of a series.

    Attributes
    ----------
    slices : list of DicomSlice
        Its slices, in the order in which they were given.
    told_by : tuple of str
        Keywords of the attributes that tell it from the others; empty where the series holds one acquisition.
    coverage : float
        Fraction of the series' length along the normal that it covers.
    """

    slices: list[DicomSlice]
    told_by: tuple[str, ...] = ()
    coverage: float = 1.0


def separate(slices: list[DicomSlice]) -> list[Acquisition]:
    """Return the acquisitions of a series.

    A series is separated only where parts of it lie on the same stretch of the slice normal: at least three slices of
    each between the ends of the other. Numbers and times that merely change along the stack, as those of consecutive
    rotations do, leave it whole.

    Raises
    ------
    UnusableSeriesError
        If the slices belong to several patients.
    """
    _check_patient(slices)
    depths_mm = _depths_mm(slices)
    found = _separate(slices, depths_mm)
    if len(found) == 1:
        return found
    whole_mm = float(np.ptp(depths_mm))
    return [replace(item, coverage=float(np.ptp(_depths_mm(item.slices))) / whole_mm) for item in found]


def _check_patient(slices: list[DicomSlice]) -> None:
    first: DicomSlice | None = None
    for item in slices:
        patient = str(item.value("PatientID") or "").strip()
        if not patient:
            continue
        if first is None:
            first = item
        elif patient != str(first.value("PatientID")).strip():
            raise UnusableSeriesError(message("io.patients_differ", first=first.path.name, second=item.path.name))


def _depths_mm(slices: list[DicomSlice]) -> np.ndarray:
    orientation = np.median([item.orientation for item in slices], axis=0)
    return np.stack([item.position_mm for item in slices]) @ np.cross(orientation[0], orientation[1])


def _separate(slices: list[DicomSlice], depths_mm: np.ndarray) -> list[Acquisition]:
    for key in _KEYS:
        parts = _parts(slices, depths_mm, key)
        if len(parts) > 1:
            inner = [(part, _separate([slices[i] for i in part], depths_mm[part])) for part in parts]
            return [Acquisition(found.slices, (key.name, *found.told_by)) for _, within in inner for found in within]
    return [Acquisition(slices)]


def _parts(slices: list[DicomSlice], depths_mm: np.ndarray, key: _Key) -> list[list[int]]:
    """Return the indices of the slices of each part that a key makes.

    The slices are followed in the order of the key's values. Where they fall back into the stretch that was passed
    already, the stack is passed a second time; passes that do not overlap belong to one part.
    """
    parts: list[list[int]] = []
    for scanned in _passes(_groups(slices, key), depths_mm):
        if parts and not _overlap(depths_mm[parts[-1]], depths_mm[scanned]):
            parts[-1] += scanned
        else:
            parts.append(scanned)
    if key.whole_parts and not all(_is_whole(depths_mm[part]) for part in parts):
        return [list(range(len(slices)))]
    return [sorted(part) for part in parts]


def _groups(slices: list[DicomSlice], key: _Key) -> list[list[int]]:
    """Return the indices of the slices with the same value, in the order of the values."""
    groups: dict[tuple[float, str], list[int]] = {}
    for index, item in enumerate(slices):
        values = (item.value(keyword) for keyword in key.keywords)
        groups.setdefault(_sortable(next((value for value in values if value is not None), None)), []).append(index)
    return [groups[value] for value in sorted(groups)]


def _sortable(value: Any) -> tuple[float, str]:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    return number if np.isfinite(number) else 0.0, str(value)


def _passes(groups: list[list[int]], depths_mm: np.ndarray) -> list[list[int]]:
    """Join successive groups as long as each lies beyond the one before, always in the same direction."""
    passes: list[list[int]] = []
    low_mm = high_mm = direction = 0.0
    for group in groups:
        low, high = float(depths_mm[group].min()), float(depths_mm[group].max())
        step = 1.0 if low > high_mm else -1.0 if high < low_mm else 0.0
        if passes and step and direction in {0.0, step}:
            passes[-1] += group
            direction, low_mm, high_mm = step, min(low, low_mm), max(high, high_mm)
        else:
            passes.append(list(group))
            direction, low_mm, high_mm = 0.0, low, high
    return passes


def _overlap(one_mm: np.ndarray, other_mm: np.ndarray) -> bool:
    low, high = max(one_mm.min(), other_mm.min()), min(one_mm.max(), other_mm.max())
    return all(np.count_nonzero((depths >= low) & (depths <= high)) >= MINIMUM_SLICES for depths in (one_mm, other_mm))


def _is_whole(depths_mm: np.ndarray) -> bool:
    return len(depths_mm) > slice_steps.FEWEST_DISTANCES and not slice_steps.find_gaps(np.diff(np.sort(depths_mm)))
