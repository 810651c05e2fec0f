# SPDX-License-Identifier: Apache-2.0
"""Which scan a segmentation was made on, so that it is not taken for that of another patient with the same slices."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import Message, message

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.core.source import CTSource

_ROUNDS = 100_000
_HASH_BYTES = 16
NIFTI_PREFIX = "ICHSegmentation "
"""Start of the NIfTI header extension (code 6, comment) that holds a `ScanIdentity`."""


class ScanHeader(NamedTuple):
    """What tells a scan from others; empty where the header does not say it."""

    frame_of_reference_uid: str
    series_uid: str
    patient_id: str


class ScanIdentity(BaseModel):
    """Identity of a scan as a file of labels records it; the patient's ID as a hash.

    Attributes
    ----------
    frame_of_reference_uid, series_uid : str
        FrameOfReferenceUID (0020,0052) and SeriesInstanceUID (0020,000E).
    patient_hash : str
        PBKDF2-HMAC-SHA-256 of PatientID (0010,0020), hexadecimal, salted with the SeriesInstanceUID; empty without ID.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    frame_of_reference_uid: str = ""
    series_uid: str = ""
    patient_hash: str = ""

    @classmethod
    def of(cls, header: ScanHeader) -> Self:
        """Return what a file records of a scan."""
        frame, series, patient = header
        return cls(
            frame_of_reference_uid=frame,
            series_uid=series,
            patient_hash=_hash_of(patient, series) if patient and series else "",
        )

    def to_json(self) -> str:
        """Return the record on one line."""
        return self.model_dump_json()


def scan_identity(source: CTSource) -> ScanIdentity | None:
    """Return the identity of a scan that was read from DICOM; None for others, which have none."""
    header = _header_of(source)
    return None if header is None else ScanIdentity.of(header)


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
    scan = _header_of(source)
    if scan is None:
        return None
    recorded = recorded_identity(path) or ScanIdentity()
    if recorded.patient_hash and scan.patient_id:
        found = _hash_of(scan.patient_id, recorded.series_uid)
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
    from ICHSegmentationLib.io.labels.seg_nrrd import recorded_scan

    name = path.name.lower()
    if name.endswith(".nrrd"):
        return recorded_scan(path)
    if name.endswith((".nii", ".nii.gz")):
        return _of_nifti(path)
    return _of_dicom_seg(path)


def parse_scan_identity(text: str | bytes) -> ScanIdentity | None:
    """Return the identity, or None where the text is not one."""
    try:
        return ScanIdentity.model_validate_json(text)
    except ValidationError:
        return None


def _of_nifti(path: Path) -> ScanIdentity | None:
    import nibabel

    for extension in nibabel.Nifti1Image.from_filename(path).header.extensions:
        content = extension.get_content()
        text = (content if isinstance(content, bytes) else str(content).encode()).rstrip(b"\0")
        if text.startswith(NIFTI_PREFIX.encode()):
            return parse_scan_identity(text[len(NIFTI_PREFIX) :])
    return None


def _of_dicom_seg(path: Path) -> ScanIdentity:
    from ICHSegmentationLib.io.dicom.files import load_dataset, value_of

    dataset = load_dataset(path)
    references = value_of(dataset, "ReferencedSeriesSequence") or []
    series = str(value_of(references[0], "SeriesInstanceUID") or "") if references else ""
    return ScanIdentity.of(_header(dataset)._replace(series_uid=series))


def _header_of(source: CTSource) -> ScanHeader | None:
    from ICHSegmentationLib.io.dicom.files import load_dataset

    if source.kind != "dicom" or not source.files:
        return None
    header = _header(load_dataset(source.files[0]))
    return header._replace(series_uid=source.series_uid or header.series_uid)


def _header(dataset: Dataset) -> ScanHeader:
    from ICHSegmentationLib.io.dicom.files import value_of

    keywords = ("FrameOfReferenceUID", "SeriesInstanceUID", "PatientID")
    return ScanHeader(*(str(value_of(dataset, keyword) or "").strip() for keyword in keywords))


def _hash_of(patient_id: str, series_uid: str) -> str:
    """Return a hash that takes long enough to compute that a patient's ID is not found by trying all."""
    return hashlib.pbkdf2_hmac("sha256", patient_id.encode(), series_uid.encode(), _ROUNDS, _HASH_BYTES).hex()


def _differ(first: str, second: str) -> bool:
    return bool(first and second and first != second)
