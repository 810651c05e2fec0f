# SPDX-License-Identifier: Apache-2.0
"""What a segmentation can be exported to."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    """A kind of file."""

    pdf = "pdf"
    csv = "csv"
    json = "json"
    scores = "scores"
    text = "text"
    dicom_seg = "dicom-seg"
    dicom_sr = "dicom-sr"
    dicom_pdf = "dicom-pdf"

    @property
    def needs_scan(self) -> bool:
        """Whether the scan is needed, for its pictures or its headers."""
        return self not in (ExportFormat.csv, ExportFormat.json, ExportFormat.scores, ExportFormat.text)

    @property
    def is_dicom(self) -> bool:
        """Whether it is a DICOM file, which needs a scan that was read from DICOM."""
        return self.value.startswith("dicom")

    @property
    def file_name(self) -> str:
        """Name of the file in a folder of results."""
        return _FILE_NAMES[self]


_FILE_NAMES = {
    ExportFormat.pdf: "report.pdf",
    ExportFormat.csv: "measurements.csv",
    ExportFormat.json: "measurements.json",
    ExportFormat.scores: "scores.csv",
    ExportFormat.text: "report.txt",
    ExportFormat.dicom_seg: "segmentation.dcm",
    ExportFormat.dicom_sr: "measurements.dcm",
    ExportFormat.dicom_pdf: "report.dcm",
}
