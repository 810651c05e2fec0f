# SPDX-License-Identifier: Apache-2.0
"""Headers of the slices that a volume was read from, as DICOM objects derived from them need them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset, FileDataset
from pydicom.valuerep import DA, TM

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.files import quiet_pydicom, value_of
from ICHSegmentationLib.io.dicom.slices import tag_name
from ICHSegmentationLib.io.file_kind import has_dicom_prefix

_TYPE_1 = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_logger = logging.getLogger(__name__)
_SEXES = {"M", "F", "O", ""}


quiet_dicom = partial(quiet_pydicom, "highdicom")
"""Keeps pydicom and highdicom from logging odd values: their messages quote the patient's data."""


@quiet_dicom()
def load_source_datasets(volume: CTVolume) -> list[FileDataset]:
    """Open the headers of a volume's slices, without pixels, made fit to be referred to.

    They are copies in memory; the files stay as they are. Attributes that must be there but may be empty (type 2 of the
    Patient and General Study modules, PS3.3 C.7.1.1 and C.7.2.1) are added empty, and values that are not valid for
    them are emptied. All slices get one orientation, the grid's, where theirs differ by rounding.

    Parameters
    ----------
    volume : CTVolume
        A volume read from DICOM.

    Returns
    -------
    list of FileDataset
        One per slice in the volume's order, or the one multi-frame file with its frames in the volume's order.

    Raises
    ------
    InputError
        If the volume is not from DICOM, a file is gone or was replaced, or lacks what a reference needs; the message
        names the file or the tag.
    """
    source = volume.source
    if source.kind != "dicom":
        raise InputError(message("io.source_not_dicom"))
    if source.frames and len(set(source.files)) > 1:
        raise InputError(message("io.source_several_multi_frame"))
    datasets = [_load(path) for path in dict.fromkeys(source.files)]
    for dataset, path in zip(datasets, dict.fromkeys(source.files), strict=True):
        with damage_named(path):
            _check(dataset, path, source.series_uid)
            _fill(dataset)
    if source.frames:
        _reduce_frames(datasets[0], volume.grid, source.frames)
    elif len({tuple(dataset.ImageOrientationPatient) for dataset in datasets}) > 1:
        for dataset in datasets:
            dataset.ImageOrientationPatient = decimal_strings(volume.grid.orientation)
    return datasets


def decimal_strings(values: np.ndarray) -> list[str]:
    """Return numbers as decimal strings of at most 16 characters (PS3.5 6.2, DS)."""
    return [str(pydicom.valuerep.DSfloat(float(value), auto_format=True)) for value in values.ravel()]


def _load(path: Path) -> FileDataset:
    with damage_named(path, "DICOM"):
        return pydicom.dcmread(path, stop_before_pixels=True, force=not has_dicom_prefix(path))


def _check(dataset: FileDataset, path: Path, series_uid: str | None) -> None:
    for keyword in _TYPE_1:
        if value_of(dataset, keyword) is None:
            raise InputError(message("io.source_attribute_missing", path=path, attribute=tag_name(keyword)))
    if str(dataset.SeriesInstanceUID) != series_uid:
        raise InputError(message("io.source_changed", path=path))


def _fill(dataset: Dataset) -> None:
    for keyword in _TYPE_2:
        if keyword not in dataset or value_of(dataset, keyword) is None:
            setattr(dataset, keyword, "")
    if str(dataset.PatientSex) not in _SEXES:
        dataset.PatientSex = ""
    for keyword, kind in (("PatientBirthDate", DA), ("StudyDate", DA), ("StudyTime", TM)):
        try:
            kind(str(dataset[keyword].value))
        except ValueError:
            setattr(dataset, keyword, "")
    _fit_character_set(dataset)


def _fit_character_set(dataset: Dataset) -> None:
    """Keep the character set, so that the archive finds the patient again; one that highdicom refuses becomes UTF-8."""
    import highdicom.enum
    from pydicom.charset import python_encoding

    given = value_of(dataset, "SpecificCharacterSet")
    if given is None:
        dataset.pop("SpecificCharacterSet", None)
        return
    # highdicom 0.27, which 3D Slicer 5.12 ships, has no list of them, and refuses none.
    enumerated = getattr(highdicom.enum, "SpecificCharacterSetValues", None)
    known = {value.value for value in enumerated} if enumerated else python_encoding.keys() - {""}
    names = [given] if isinstance(given, str) else list(given)
    if not known.issuperset(names):
        dataset.decode()
        dataset.SpecificCharacterSet = "ISO_IR 192"


def _reduce_frames(dataset: Dataset, grid: SliceGrid, frames: tuple[int, ...]) -> None:
    """Keep what places the volume's slices: frames of other places or duplicates are not in it."""
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = decimal_strings(np.array(grid.spacing_mm))
    measures.SliceThickness = ""
    orientation.ImageOrientationPatient = decimal_strings(grid.orientation)
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    dataset.SharedFunctionalGroupsSequence = [shared]
    places = []
    for position in grid.positions_mm:
        place, frame = Dataset(), Dataset()
        place.ImagePositionPatient = decimal_strings(position)
        frame.PlanePositionSequence = [place]
        places.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = places
    dataset.NumberOfFrames = len(frames)


@contextmanager
def derivation_named(source: CTSource) -> Iterator[None]:
    """Turn what highdicom finds wrong in the headers of a source into an :class:`InputError`.

    Its messages may quote the header, so they are neither shown nor logged.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        _logger.debug("%s while making a DICOM object", type(error).__name__)
        raise InputError(message("io.source_headers_not_valid", folder=source.files[0].parent)) from None
