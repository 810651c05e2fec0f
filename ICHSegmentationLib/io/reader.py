# SPDX-License-Identifier: Apache-2.0
"""The one way in: a folder or files of any supported kind to a CTVolume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.dicom.reader import read_dicom
from ICHSegmentationLib.io.file_kind import FileKind, file_kind
from ICHSegmentationLib.io.mixed_scans import refuse_mixed
from ICHSegmentationLib.io.volumes.itk_reader import read_itk
from ICHSegmentationLib.io.volumes.nifti_reader import read_nifti
from ICHSegmentationLib.io.volumes.stated_spacing import Spacing

GreyWindow = tuple[float, float]


def read_ct(
    path: Path | str | Sequence[Path | str],
    *,
    series: str | None = None,
    grey_window: GreyWindow | None = None,
    spacing_mm: Spacing | None = None,
) -> CTVolume:
    """Read a head CT from a DICOM folder or file list, or from a NIfTI, NRRD or MHA file.

    Parameters
    ----------
    path : Path, str or sequence of these
        A folder (searched with its subfolders), a list of DICOM files, or one file. The kind is told by content.
    series : str or None
        Which DICOM series: its UID, a unique beginning of it, or its number in the list that the error shows; with
        ``/1`` and so on after the UID where one series holds several acquisitions.
    grey_window : tuple of float or None
        (low, high) HU that greys 0 and 255 stand for, for a NIfTI, NRRD or MHA file of windowed greys.
    spacing_mm : tuple of float or None
        Size of a voxel along the first, second and third axis of a NIfTI, NRRD or MHA file that does not state it.

    Returns
    -------
    CTVolume
        HU on the source slices, with everything that was found and handled in ``warnings``.

    Raises
    ------
    SeveralSeriesError
        If a folder holds several CT series, or a series several acquisitions, and none was chosen.
    InputError
        If the input cannot be placed in space, is not CT, or mixes two scans.
    """
    volume = _read(_files(path), series, grey_window, spacing_mm)
    refuse_mixed(volume.hu)
    return volume


def _read(
    found: list[Path], series: str | None, grey_window: GreyWindow | None, spacing_mm: Spacing | None
) -> CTVolume:
    empty = [file for file in found if len(found) > 1 and file.stat().st_size == 0]
    files = [file for file in found if file not in empty]
    kinds = [file_kind(file) for file in files]
    volumes = [file for file, kind in zip(files, kinds, strict=True) if kind not in {FileKind.DICOM, FileKind.UNKNOWN}]
    dicom = [file for file, kind in zip(files, kinds, strict=True) if kind is FileKind.DICOM]
    if dicom:
        if grey_window is not None:
            raise InputError(message("io.grey_window_for_dicom"))
        if spacing_mm is not None:
            raise InputError(message("io.spacing_for_dicom"))
        return _warn_left_out(read_dicom(dicom, series=series, empty=empty), volumes)
    if len(volumes) != 1:
        _refuse(files, volumes)
    if series is not None:
        raise InputError(message("io.series_of_no_dicom", path=volumes[0]))
    if file_kind(volumes[0]) is FileKind.NIFTI:
        return read_nifti(volumes[0], grey_window=grey_window, spacing_mm=spacing_mm)
    return read_itk(volumes[0], grey_window=grey_window, spacing_mm=spacing_mm)


def _files(path: Path | str | Sequence[Path | str]) -> list[Path]:
    """Return the files that a path stands for; a DICOMDIR stands for its folder."""
    if not isinstance(path, (str, Path)):
        files = [Path(item) for item in path]
    else:
        given = Path(path)
        if given.name.upper() == "DICOMDIR" and given.is_file():
            given = given.parent
        if given.is_dir():
            # Hidden files are never slices: macOS leaves "._" companions that look like their neighbours by name.
            return sorted(file for file in given.rglob("*") if not file.name.startswith(".") and file.is_file())
        files = [given]
    for file in files:
        if not file.is_file():
            raise InputError(message("io.no_file", path=file))
    return files


def _warn_left_out(volume: CTVolume, files: list[Path]) -> CTVolume:
    if not files:
        return volume
    return replace(volume, warnings=(*volume.warnings, message("io.only_dicom_read", names=_names(files))))


def _names(files: list[Path]) -> str:
    return ", ".join(file.name for file in files[:5])


def _refuse(files: list[Path], volumes: list[Path]) -> NoReturn:
    if volumes:
        raise InputError(message("io.several_volumes", count=len(volumes), names=_names(volumes)))
    if len(files) == 1:
        raise InputError(message("io.unknown_file", path=files[0]))
    raise InputError(message("io.nothing_found"))
