# SPDX-License-Identifier: Apache-2.0
"""Saving of DICOM objects."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from pydicom import Dataset

from ICHSegmentationLib.core.storage.files import write_bytes
from ICHSegmentationLib.io.dicom.source_headers import quiet_dicom


def save_dicom(path: Path | str, dataset: Dataset) -> None:
    """Write a dataset in the DICOM File Format (PS3.10), atomically.

    Raises
    ------
    ICHSegmentationError
        If the file cannot be written.
    """
    # In memory first: pydicom turns the error of a full disk into others, without its number.
    buffer = BytesIO()
    with quiet_dicom():
        dataset.save_as(buffer, enforce_file_format=True)
    write_bytes(path, buffer.getvalue())
