# SPDX-License-Identifier: Apache-2.0
"""Sorting a folder's DICOM files into CT series and choosing one of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NoReturn

from pydicom import FileDataset

from ICHSegmentationLib.core.errors import InputError, SeveralSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.enhanced import find_value
from ICHSegmentationLib.io.dicom.files import file_of, integer_of, sop_class, value_of

CT_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image
}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame variants .7.1 to .7.4
_DICOMDIR = "1.2.840.10008.1.3.10"
MINIMUM_SLICES = 3


@dataclass
class SortedFiles:
    """A folder's data sets by what they are."""

    series: dict[str, list[FileDataset]] = field(default_factory=lambda: defaultdict(list))
    localizers: list[FileDataset] = field(default_factory=list)
    captures: list[FileDataset] = field(default_factory=list)
    others: list[FileDataset] = field(default_factory=list)


def sort_files(datasets: list[FileDataset]) -> SortedFiles:
    """Sort data sets into CT series, localizers, screenshots and anything else.

    Raises
    ------
    InputError
        If a CT image has no pixel data or no SeriesInstanceUID.
    """
    found = SortedFiles()
    for dataset in datasets:
        kind = sop_class(dataset) or ""
        if kind == _DICOMDIR:
            continue
        if kind.startswith(_SECONDARY_CAPTURE) and kind.removeprefix(_SECONDARY_CAPTURE)[:1] in {"", "."}:
            found.captures.append(dataset)
        elif kind not in CT_CLASSES:
            found.others.append(dataset)
        elif _is_colour(dataset):
            found.captures.append(dataset)
        elif "LOCALIZER" in (value_of(dataset, "ImageType") or ()):
            found.localizers.append(dataset)
        else:
            _check_complete(dataset)
            found.series[str(dataset.SeriesInstanceUID)].append(dataset)
    return found


def choose_series(found: SortedFiles, series: str | None) -> tuple[list[FileDataset], list[str]]:
    """Return the files of one series, and warnings about what was left out.

    Parameters
    ----------
    found : SortedFiles
        The folder's files.
    series : str or None
        A SeriesInstanceUID, a unique beginning of one, or the number in the list that the error shows.

    Raises
    ------
    SeveralSeriesError
        If there are several series of three slices or more and none was chosen.
    InputError
        If there is no CT series, or the choice fits none or several.
    """
    if not found.series:
        _refuse_without_ct(found)
    uids = sorted(found.series, key=lambda uid: (integer_of(found.series[uid][0], "SeriesNumber", 0), uid))
    if series is not None:
        chosen = _match(uids, series)
    else:
        whole = [uid for uid in uids if count_slices(found.series[uid]) >= MINIMUM_SLICES] or uids
        if len(whole) > 1:
            listed = tuple((uid, describe(found.series[uid])) for uid in uids)
            _refuse_several(listed)
        chosen = whole[0]
    return found.series[chosen], _warn_left_out(found, len(uids) - 1, chosen_by_user=series is not None)


def count_slices(datasets: list[FileDataset]) -> int:
    """Return the number of images, frames counted singly."""
    return sum(integer_of(dataset, "NumberOfFrames", 1) for dataset in datasets)


def describe(datasets: list[FileDataset]) -> str:
    """Return one line about a series, without patient data."""
    first = datasets[0]
    parts = [
        f"series {value_of(first, 'SeriesNumber') or '?'}",
        str(value_of(first, "SeriesDescription") or "").strip(),
        f"{count_slices(datasets)} slices of {value_of(first, 'Rows')} x {value_of(first, 'Columns')}",
    ]
    thickness, kernel = find_value(first, "SliceThickness"), find_value(first, "ConvolutionKernel")
    if thickness:
        parts.append(f"{float(thickness):g} mm")
    if kernel:
        parts.append(f"kernel {kernel}")
    return ", ".join(part for part in parts if part)


def _is_colour(dataset: FileDataset) -> bool:
    grey = str(value_of(dataset, "PhotometricInterpretation") or "MONOCHROME2").startswith("MONOCHROME")
    return integer_of(dataset, "SamplesPerPixel", 1) > 1 or not grey


def _check_complete(dataset: FileDataset) -> None:
    if "PixelData" not in dataset:
        raise InputError(message("io.no_pixels", path=file_of(dataset)))
    for keyword, tag in (("SeriesInstanceUID", "0020,000E"), ("Rows", "0028,0010"), ("Columns", "0028,0011")):
        if not value_of(dataset, keyword):
            raise InputError(message("io.attribute_missing", path=file_of(dataset), attribute=f"{keyword} ({tag})"))


def _match(uids: list[str], series: str) -> str:
    choice = series.strip()
    if choice.isdecimal() and 1 <= int(choice) <= len(uids):
        return uids[int(choice) - 1]
    matches = [uid for uid in uids if uid == choice] or [uid for uid in uids if choice and uid.startswith(choice)]
    if len(matches) != 1:
        if matches:
            raise InputError(message("io.several_series_fit", series=series, count=len(uids)))
        raise InputError(message("io.no_series_fits", series=series, count=len(uids)))
    return matches[0]


def _refuse_several(listed: tuple[tuple[str, str], ...]) -> NoReturn:
    lines = "\n".join(f"  {number}: {line} ({uid})" for number, (uid, line) in enumerate(listed, start=1))
    raise SeveralSeriesError(message("io.several_series", count=len(listed), lines=lines), listed)


def _refuse_without_ct(found: SortedFiles) -> NoReturn:
    if found.localizers:
        raise InputError(message("io.only_localizers", path=file_of(found.localizers[0])))
    if found.captures:
        raise InputError(message("io.screenshot", path=file_of(found.captures[0])))
    if found.others:
        modality = value_of(found.others[0], "Modality") or "unknown"
        raise InputError(message("io.not_ct", path=file_of(found.others[0]), modality=modality))
    raise InputError(message("io.no_dicom_images"))


def _warn_left_out(found: SortedFiles, other_series: int, *, chosen_by_user: bool) -> list[str]:
    small_series = 0 if chosen_by_user else other_series
    warnings = [
        message("io.localizers_left_out", count=len(found.localizers)),
        message("io.screenshots_left_out", count=len(found.captures)),
        message("io.others_left_out", count=len(found.others)),
        message("io.small_series_left_out", count=small_series, minimum=MINIMUM_SLICES),
    ]
    return [warning for warning in warnings if warning.parameters["count"]]
