# SPDX-License-Identifier: Apache-2.0
"""Report as DICOM Encapsulated PDF (PS3.3 A.45.1), for archives that keep documents with the scan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.export.dicom.identity import derived_object
from ICHSegmentationLib.export.dicom.save import save_dicom
from ICHSegmentationLib.export.report.pdf import TITLE
from ICHSegmentationLib.io.dicom.source_headers import derivation_named, quiet_dicom

SERIES_DESCRIPTION = "Hemorrhage report (research use only)"
_SERIES_OFFSET = 3


def write_dicom_pdf(
    path: Path | str, pdf: bytes, source: CTSource, source_datasets: Sequence[Dataset], *, shows_patient: bool
) -> Dataset:
    """Write a report with the patient and study of its scan, atomically.

    Parameters
    ----------
    path : Path or str
        File to write.
    pdf : bytes
        The report.
    source : CTSource
        Origin of the volume.
    source_datasets : sequence of pydicom.Dataset
        Headers of that volume, see :func:`ICHSegmentationLib.io.dicom.source_headers.load_source_datasets`.
    shows_patient : bool
        Whether the page shows patient data, for BurnedInAnnotation (0028,0301).

    Returns
    -------
    pydicom.Dataset
        Written dataset.

    Raises
    ------
    InputError
        If the headers of the source do not allow it.
    ICHSegmentationError
        If the file cannot be written.
    """
    with quiet_dicom(), derivation_named(source):
        dataset = _dataset(pdf, source_datasets, shows_patient=shows_patient)
    save_dicom(path, dataset)
    return dataset


def _dataset(pdf: bytes, source_datasets: Sequence[Dataset], *, shows_patient: bool) -> Dataset:
    first = source_datasets[0]
    now = datetime.now()
    dataset = derived_object(
        first,
        sop_class_uid=EncapsulatedPDFStorage,
        modality="DOC",
        series_offset=_SERIES_OFFSET,
        series_description=SERIES_DESCRIPTION,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        content_date=now.date(),
        content_time=now.time(),
    )
    dataset.ConversionType = "WSD"
    dataset.AcquisitionDateTime = ""
    dataset.BurnedInAnnotation = "YES" if shows_patient else "NO"
    dataset.SourceInstanceSequence = [_reference(source) for source in source_datasets]
    dataset.DocumentTitle = TITLE
    dataset.ConceptNameCodeSequence = [_code()]
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(pdf)
    # OB values have an even length (PS3.5 8.1.1); the true one stands above.
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return dataset


def _reference(source: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    return reference


def _code() -> Dataset:
    """Return the title of the document from CID 7021 (PS3.16)."""
    title = codes.DCM.ImagingMeasurementReport
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = title.value, title.scheme_designator, title.meaning
    return code
