# SPDX-License-Identifier: Apache-2.0
"""Saving of DICOM objects."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset

from ICHSegmentationLib.core.files import atomic_path
from ICHSegmentationLib.io.dicom.source_headers import quiet_dicom


def save_dicom(path: Path | str, dataset: Dataset) -> None:
    """Write a dataset in the DICOM File Format (PS3.10), atomically.

    Raises
    ------
    ICHSegmentationError
        If the file cannot be written.
    """
    with quiet_dicom(), atomic_path(path) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
