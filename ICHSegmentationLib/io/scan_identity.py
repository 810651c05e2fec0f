# SPDX-License-Identifier: Apache-2.0
"""Which scan a segmentation was made on, so that it is not taken for that of another patient with the same slices."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ValidationError

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
            patient_hash=hash_of(patient, series) if patient and series else "",
        )

    def to_json(self) -> str:
        """Return the record on one line."""
        return self.model_dump_json()


def parse_scan_identity(text: str | bytes) -> ScanIdentity | None:
    """Return the identity, or None where the text is not one."""
    try:
        return ScanIdentity.model_validate_json(text)
    except ValidationError:
        return None


def hash_of(patient_id: str, series_uid: str) -> str:
    """Return a hash that takes long enough to compute that a patient's ID is not found by trying all."""
    return hashlib.pbkdf2_hmac("sha256", patient_id.encode(), series_uid.encode(), _ROUNDS, _HASH_BYTES).hex()
