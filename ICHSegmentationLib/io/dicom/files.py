# SPDX-License-Identifier: Apache-2.0
"""Opening DICOM files; what is damaged is named."""

from __future__ import annotations

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
from pydicom import Dataset, FileDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.file_kind import has_dicom_prefix

_DEFERRED_BYTES = 4096
_META_BYTES = 1024
_GROUP_2_BYTES = 144  # preamble, prefix, and the element that holds the length of the rest of group 0002
_CHUNK_BYTES = 1 << 16
_INFLATED_BYTES = 64 << 20
_INFLATION = 100
"""Pixels of a CT deflate to a half or a third; a file of more than 64 MiB that shrank a hundredfold is none."""


@contextmanager
def quiet_pydicom(*built_on_it: str) -> Iterator[None]:
    """Keep pydicom from warning about odd values: its messages quote them, and with them the patient's data.

    Parameters
    ----------
    *built_on_it : str
        Packages built on pydicom, by name, that must not log either.
    """
    settings, logger = pydicom.config.settings, logging.getLogger("pydicom")
    others = [logging.getLogger(name) for name in built_on_it]
    levels = [other.level for other in others]
    mode, disabled = settings.reading_validation_mode, logger.disabled
    settings.reading_validation_mode, logger.disabled = pydicom.config.IGNORE, True
    for other in others:
        other.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.reading_validation_mode, logger.disabled = mode, disabled
        for other, level in zip(others, levels, strict=True):
            other.setLevel(level)


def load_dataset(path: Path) -> FileDataset:
    """Open one DICOM file; pixel data stay on disk until they are asked for.

    Raises
    ------
    InputError
        If the file cannot be parsed.
    """
    with damage_named(path, "DICOM"):
        _check_deflated(path)
        dataset = pydicom.dcmread(path, defer_size=_DEFERRED_BYTES, force=not has_dicom_prefix(path))
        if "TransferSyntaxUID" not in dataset.file_meta:
            # Files from before PS3.10 have no meta information: the encoding found while parsing stands in for it.
            implicit, _ = dataset.original_encoding
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    if sop_class(dataset) is None:
        raise InputError(message("io.no_sop_class", path=path))
    return dataset


def _check_deflated(path: Path) -> None:
    """Refuse a deflated file (PS3.5 A.5) that would fill the memory; pydicom inflates it whole, whatever it holds."""
    with path.open("rb") as stream:
        start = stream.read(_META_BYTES)
        if DeflatedExplicitVRLittleEndian.encode() not in start:
            return
        meta = pydicom.filereader.read_file_meta_info(path)
        stream.seek(_GROUP_2_BYTES + int(meta.FileMetaInformationGroupLength))
        inflater, read, inflated = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
        while chunk := stream.read(_CHUNK_BYTES):
            read += len(chunk)
            while chunk:
                inflated += len(inflater.decompress(chunk, _INFLATED_BYTES))
                chunk = inflater.unconsumed_tail
                if inflated > max(_INFLATED_BYTES, _INFLATION * read):
                    raise InputError(message("io.deflated_too_much", path=path))


def value_of(dataset: Dataset, keyword: str) -> Any | None:
    """Return an attribute's value, or None where it is missing, empty or not of its type."""
    try:
        value = dataset.get(keyword)
    except Exception:  # pydicom converts on access, and each type fails in its own way
        return None
    return None if value is None or value == "" else value


def integer_of(dataset: Dataset, keyword: str, default: int) -> int:
    """Return an attribute's value as a whole number, or the default where it is missing or no number."""
    try:
        return int(value_of(dataset, keyword))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default


def sop_class(dataset: FileDataset) -> str | None:
    """Return SOPClassUID (0008,0016), else what the file's meta information says."""
    uid = value_of(dataset, "SOPClassUID") or value_of(dataset.file_meta, "MediaStorageSOPClassUID")
    return str(uid) if uid else None


def file_of(dataset: Dataset) -> Path:
    """Return the file that a data set was opened from."""
    return Path(str(dataset.filename))
