# SPDX-License-Identifier: Apache-2.0
"""Formats that a case is written in, and the name of each file in a folder of results."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    """Kind of file."""

    seg_nrrd = "seg-nrrd"
    nifti = "nifti"
    boxes = "boxes"
    slices = "slices"
    render = "render"
    pdf = "pdf"
    html = "html"
    csv = "csv"
    json = "json"
    scores = "scores"
    text = "text"
    fhir = "fhir"
    dicom_seg = "dicom-seg"
    dicom_labelmap = "dicom-labelmap"
    dicom_sr = "dicom-sr"
    dicom_pdf = "dicom-pdf"
    dicom_sc = "dicom-sc"
    rtstruct = "rtstruct"

    @property
    def needs_scan(self) -> bool:
        """Whether the scan is needed, for its pictures or its headers."""
        return self in _SHOW_SCAN or self.is_dicom

    @property
    def is_dicom(self) -> bool:
        """Whether it is a DICOM file, which needs a scan that was read from DICOM."""
        return self.value.startswith("dicom") or self is ExportFormat.rtstruct

    @property
    def names_study(self) -> bool:
        """Whether the file says which study it is of, where the scan was read from DICOM."""
        return self.is_dicom or self is ExportFormat.fhir

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files, one per picture."""
        return self is ExportFormat.dicom_sc

    @property
    def file_name(self) -> str:
        """Name of the file, or of the folder, in a folder of results."""
        return FILE_NAMES[self]


FILE_NAMES = {
    ExportFormat.seg_nrrd: "segmentation.seg.nrrd",
    ExportFormat.nifti: "labels.nii.gz",
    ExportFormat.boxes: "boxes.json",
    ExportFormat.slices: "slices.png",
    ExportFormat.render: "render.png",
    ExportFormat.pdf: "report.pdf",
    ExportFormat.html: "review.html",
    ExportFormat.csv: "measurements.csv",
    ExportFormat.json: "measurements.json",
    ExportFormat.scores: "scores.csv",
    ExportFormat.text: "report.txt",
    ExportFormat.fhir: "report.fhir.json",
    ExportFormat.dicom_seg: "segmentation.dcm",
    ExportFormat.dicom_labelmap: "labelmap.dcm",
    ExportFormat.dicom_sr: "measurements.dcm",
    ExportFormat.dicom_pdf: "report.dcm",
    ExportFormat.dicom_sc: "key-slices",
    ExportFormat.rtstruct: "contours.dcm",
}

_SHOW_SCAN = (ExportFormat.slices, ExportFormat.render, ExportFormat.pdf, ExportFormat.html)

SIDECAR_NAME = "labels.json"
"""Stands beside ``labels.nii.gz`` if the slices are unevenly spaced."""

_OF_A_RUN = (
    ExportFormat.seg_nrrd,
    ExportFormat.nifti,
    ExportFormat.boxes,
    ExportFormat.slices,
    ExportFormat.render,
)

CHOICES = tuple(kind for kind in ExportFormat if kind not in _OF_A_RUN)
"""Formats that users can export a segmentation to; the others are written by a run only."""

RESULT_KINDS = {
    "Report": (ExportFormat.pdf.file_name,),
    "Review page": (ExportFormat.html.file_name,),
    "Pictures": (ExportFormat.slices.file_name, ExportFormat.render.file_name),
    "Segmentation": (ExportFormat.seg_nrrd.file_name, ExportFormat.nifti.file_name, SIDECAR_NAME),
    "Boxes": (ExportFormat.boxes.file_name,),
    "Measurements": (ExportFormat.json.file_name, ExportFormat.csv.file_name),
    "DICOM": (ExportFormat.dicom_seg.file_name, ExportFormat.dicom_sr.file_name),
}
"""Files that a run writes, by title."""

RESULT_FILES = tuple(name for names in RESULT_KINDS.values() for name in names)
