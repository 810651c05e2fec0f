# SPDX-License-Identifier: Apache-2.0
"""Read the attributes of a DICOM header that tell a scan from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.io.dicom.files import load_dataset, value_of
from ICHSegmentationLib.io.scan_identity import ScanHeader, ScanIdentity

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.core.scan.source import CTSource


def scan_identity(source: CTSource) -> ScanIdentity | None:
    """Return the identity of a scan that was read from DICOM; None for others, which have none."""
    header = scan_header(source)
    return None if header is None else ScanIdentity.of(header)


def scan_header(source: CTSource) -> ScanHeader | None:
    """Read the header of a scan; None if it was not read from DICOM."""
    if source.kind != "dicom" or not source.files:
        return None
    return header_of(load_dataset(source.files[0]))


def header_of(dataset: Dataset) -> ScanHeader:
    """Return the identifying attributes of a DICOM header."""
    keywords = ("FrameOfReferenceUID", "SeriesInstanceUID", "PatientID")
    return ScanHeader(*(str(value_of(dataset, keyword) or "").strip() for keyword in keywords))
