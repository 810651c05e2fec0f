# SPDX-License-Identifier: Apache-2.0
"""Sorting a folder's DICOM files into CT series and choosing one of them."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NoReturn

from pydicom import FileDataset

from ICHSegmentationLib.core.errors import InputError, SeveralSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.acquisitions import separate
from ICHSegmentationLib.io.dicom.enhanced import find_value, slices_of
from ICHSegmentationLib.io.dicom.files import file_of, integer_of, sop_class, value_of
from ICHSegmentationLib.io.dicom.slices import MINIMUM_SLICES, DicomSlice

CT_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image
}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame variants .7.1 to .7.4
_DICOMDIR = "1.2.840.10008.1.3.10"
_WHOLE_COVERAGE = 0.9


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


def choose_series(found: SortedFiles, series: str | None) -> tuple[list[DicomSlice], list[str]]:
    """Return the slices of one series, and warnings about what was left out.

    Parameters
    ----------
    found : SortedFiles
        The folder's files.
    series : str or None
        A SeriesInstanceUID, a unique beginning of one, or the number in the list that the error shows. Where a series
        holds several acquisitions, ``UID/1`` is the first.

    Raises
    ------
    SeveralSeriesError
        If there are several series or acquisitions of three slices or more and none was chosen.
    UnusableSeriesError
        If the series holds slices of several patients.
    InputError
        If there is no CT series, the choice fits none or several, or an attribute of a slice is missing or not valid.
    """
    if not found.series:
        _refuse_without_ct(found)
    uids = sorted(found.series, key=lambda uid: (integer_of(found.series[uid][0], "SeriesNumber", 0), uid))
    choices = [choice for uid in uids for choice in _choices(uid, found.series[uid])]
    if series is not None:
        chosen = _match(choices, series)
    else:
        whole = [choice for choice in choices if choice.count >= MINIMUM_SLICES] or choices
        if len(whole) > 1:
            _refuse_several(choices)
        chosen = whole[0]
    if chosen.error is not None:
        raise chosen.error
    warnings = _warn_left_out(found, len(choices) - 1, chosen_by_user=series is not None)
    if chosen.coverage < _WHOLE_COVERAGE:
        warnings.append(message("io.part_of_series", percent=100 * chosen.coverage))
    return chosen.slices, warnings


@dataclass
class _Choice:
    """A series, or one of the acquisitions that share its UID.

    Attributes
    ----------
    name : str
        SeriesInstanceUID, with ``/1`` and so on where it holds several acquisitions.
    description : str
        One line without patient data.
    count : int
        Number of images, frames counted singly.
    coverage : float
        Fraction of the series' length that an acquisition covers.
    slices : list of DicomSlice
        Empty if they cannot be used.
    error : InputError or None
        Why they cannot be used; raised only if the series is chosen.
    """

    name: str
    description: str
    count: int
    coverage: float = 1.0
    slices: list[DicomSlice] = field(default_factory=list)
    error: InputError | None = None

    @property
    def uid(self) -> str:
        """SeriesInstanceUID."""
        return self.name.partition("/")[0]


def _choices(uid: str, datasets: list[FileDataset]) -> list[_Choice]:
    try:
        acquisitions = separate(_slices(datasets))
    except InputError as error:
        count = sum(integer_of(dataset, "NumberOfFrames", 1) for dataset in datasets)
        return [_Choice(uid, _describe(datasets[0], count), count, error=error)]
    choices = []
    for number, acquisition in enumerate(acquisitions, start=1):
        slices = acquisition.slices
        name, description = uid, _describe(slices[0].dataset, len(slices))
        if acquisition.told_by:
            name += f"/{number}"
            description += f", acquisition {number} of {len(acquisitions)} by {' and '.join(acquisition.told_by)}"
        choices.append(_Choice(name, description, len(slices), acquisition.coverage, slices))
    return choices


def _slices(datasets: list[FileDataset]) -> list[DicomSlice]:
    slices: list[DicomSlice] = []
    for dataset in datasets:
        with damage_named(file_of(dataset)):
            slices += slices_of(dataset)
    return slices


def _describe(first: FileDataset, count: int) -> str:
    """Return one line about a series; SeriesDescription, a free text, may name the patient and is left out."""
    parts = [
        f"series {value_of(first, 'SeriesNumber') or '?'}",
        f"{count} slices of {value_of(first, 'Rows')} x {value_of(first, 'Columns')}",
    ]
    thickness, kernel = find_value(first, "SliceThickness"), find_value(first, "ConvolutionKernel")
    with contextlib.suppress(ValueError):
        parts.append(f"{float(thickness):g} mm")
    if kernel:
        parts.append(f"kernel {kernel}")
    return ", ".join(parts)


def _is_colour(dataset: FileDataset) -> bool:
    grey = str(value_of(dataset, "PhotometricInterpretation") or "MONOCHROME2").startswith("MONOCHROME")
    return integer_of(dataset, "SamplesPerPixel", 1) > 1 or not grey


def _check_complete(dataset: FileDataset) -> None:
    if "PixelData" not in dataset:
        raise InputError(message("io.no_pixels", path=file_of(dataset)))
    for keyword, tag in (("SeriesInstanceUID", "0020,000E"), ("Rows", "0028,0010"), ("Columns", "0028,0011")):
        if not value_of(dataset, keyword):
            raise InputError(message("io.attribute_missing", path=file_of(dataset), attribute=f"{keyword} ({tag})"))


def _match(choices: list[_Choice], series: str) -> _Choice:
    wanted = series.strip()
    if wanted.isdecimal() and 1 <= int(wanted) <= len(choices):
        return choices[int(wanted) - 1]
    matches = (
        [choice for choice in choices if choice.name == wanted]
        or [choice for choice in choices if choice.uid == wanted]
        or [choice for choice in choices if wanted and choice.name.startswith(wanted)]
    )
    if not matches:
        raise InputError(message("io.no_series_fits", series=series, count=len(choices)))
    if len({choice.uid for choice in matches}) > 1:
        raise InputError(message("io.several_series_fit", series=series, count=len(choices)))
    if len(matches) > 1:
        _refuse_several(choices)
    return matches[0]


def _refuse_several(choices: list[_Choice]) -> NoReturn:
    listed = tuple((choice.name, choice.description) for choice in choices)
    lines = "\n".join(f"  {number}: {line} ({name})" for number, (name, line) in enumerate(listed, start=1))
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
