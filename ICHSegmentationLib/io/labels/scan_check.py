# SPDX-License-Identifier: Apache-2.0
"""Check that a segmentation was made on the scan that it is used with."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.io.dicom.files import load_dataset, value_of
from ICHSegmentationLib.io.dicom.scan_header import header_of, scan_header
from ICHSegmentationLib.io.labels.seg_nrrd import recorded_scan
from ICHSegmentationLib.io.scan_identity import NIFTI_PREFIX, ScanIdentity, hash_of, parse_scan_identity
from ICHSegmentationLib.io.volumes.nifti_file import nifti_comment

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.source import CTSource


def check_scan(path: Path, source: CTSource) -> Message | None:
    """Check that a segmentation was made on a scan.

    Parameters
    ----------
    path : Path
        The segmentation.
    source : CTSource
        Origin of the scan. One that was not read from DICOM has no identity, and is not checked.

    Returns
    -------
    Message or None
        Warning if the segmentation does not say which scan it was made on, or names another series in the same frame
        of reference; None if it is this scan.

    Raises
    ------
    InputError
        If the patient or the frame of reference differ.
    """
    scan = scan_header(source)
    if scan is None:
        return None
    recorded = recorded_identity(path) or ScanIdentity()
    if recorded.patient_hash and scan.patient_id:
        found = hash_of(scan.patient_id, recorded.series_uid)
        if not hmac.compare_digest(found, recorded.patient_hash):
            raise InputError(message("io.scan_of_other_patient", path=path))
    if _differ(recorded.frame_of_reference_uid, scan.frame_of_reference_uid):
        raise InputError(message("io.scan_of_other_frame", path=path))
    if _differ(recorded.series_uid, scan.series_uid):
        return message("io.scan_of_other_series", name=path.name)
    same_series = recorded.series_uid and recorded.series_uid == scan.series_uid
    return None if same_series else message("io.scan_not_recorded", name=path.name)


def recorded_identity(path: Path) -> ScanIdentity | None:
    """Return the scan that a segmentation records; None where it records none. The file has been read before."""
    name = path.name.lower()
    if name.endswith(".nrrd"):
        return recorded_scan(path)
    if name.endswith((".nii", ".nii.gz")):
        return _of_nifti(path)
    return _of_dicom_seg(path)


def _of_nifti(path: Path) -> ScanIdentity | None:
    import nibabel

    text = nifti_comment(nibabel.Nifti1Image.from_filename(path), NIFTI_PREFIX)
    return None if text is None else parse_scan_identity(text)


def _of_dicom_seg(path: Path) -> ScanIdentity:
    dataset = load_dataset(path)
    references = value_of(dataset, "ReferencedSeriesSequence") or []
    series = str(value_of(references[0], "SeriesInstanceUID") or "") if references else ""
    return ScanIdentity.of(header_of(dataset)._replace(series_uid=series))


def _differ(first: str, second: str) -> bool:
    return bool(first and second and first != second)
