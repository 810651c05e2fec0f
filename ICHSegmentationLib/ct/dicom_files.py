# SPDX-License-Identifier: Apache-2.0
"""Finding and opening DICOM files; what is not DICOM is passed over, what is damaged is named."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from pathlib import Path

import pydicom
from pydicom import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ICHSegmentationLib.ct.file_kind import has_dicom_prefix, looks_like_dicom
from ICHSegmentationLib.errors import InputError

_logger = logging.getLogger(__name__)
_DEFERRED_BYTES = 4096


def load_dataset(path: Path) -> FileDataset:
    """Open one DICOM file; pixel data stay on disk until they are asked for.

    Raises
    ------
    InputError
        If the file cannot be parsed.
    """
    try:
        with warnings.catch_warnings():
            # Odd values in tags that are not used here (names, private tags) are no concern of the reader of a CT.
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, defer_size=_DEFERRED_BYTES, force=not has_dicom_prefix(path))
    except (InvalidDicomError, EOFError, OSError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        message = f"{path} is truncated or corrupt: it cannot be read as DICOM."
        raise InputError(message) from error
    if "TransferSyntaxUID" not in dataset.file_meta:
        # Files from before PS3.10 have no meta information: the encoding found while parsing stands in for it.
        implicit, _ = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    if sop_class(dataset) is None:
        message = f"{path} is truncated or corrupt: SOPClassUID (0008,0016) is missing."
        raise InputError(message)
    return dataset


def load_datasets(paths: Iterable[Path]) -> list[FileDataset]:
    """Open the DICOM files among the given files, in order."""
    datasets = []
    for path in paths:
        if looks_like_dicom(path):
            datasets.append(load_dataset(path))
        else:
            _logger.debug("Passed over a file that is not DICOM.")
    return datasets


def sop_class(dataset: Dataset) -> str | None:
    """Return SOPClassUID (0008,0016), else what the file's meta information says."""
    uid = dataset.get("SOPClassUID") or getattr(dataset, "file_meta", Dataset()).get("MediaStorageSOPClassUID")
    return str(uid) if uid else None


def file_of(dataset: Dataset) -> Path:
    """Return the file that a data set was opened from."""
    return Path(str(dataset.filename))
