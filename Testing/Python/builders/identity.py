# SPDX-License-Identifier: Apache-2.0
"""DICOM headers full of a made-up patient's data, and the search for what is left of them."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pydicom
import pypdfium2
from pydicom import Dataset

# No value is of digits alone and short: the new UIDs would hold it by chance.
SECRETS = {
    "PatientName": "Mustermann^Erika", "PatientID": "PID-4711", "PatientBirthDate": "19510312",
    "PatientAddress": "Hauptstrasse 12", "OtherPatientIDs": "ALT-0815", "InstitutionName": "Klinikum Musterstadt",
    "InstitutionAddress": "Am Park 3", "ReferringPhysicianName": "Arzt^Anna", "OperatorsName": "Operator^Otto",
    "AccessionNumber": "ACC-2020-77", "StudyDescription": "Schaedel nach Sturz",
    "SeriesDescription": "Frau M., Nativscan",
    "ProtocolName": "Protokoll Meier", "StationName": "CTSTATION9", "DeviceSerialNumber": "SN-998877",
    "ImageComments": "Patientin unruhig", "PatientComments": "Nachbarin informiert", "StudyID": "STUDY-42",
    "StudyDate": "20200131", "SeriesDate": "20200131", "ContentDate": "20200131",
    "AcquisitionDateTime": "20200131120000.5", "RequestingPhysician": "Fordernd^Fritz",
    "AdditionalPatientHistory": "Marcumar seit Fruehjahr", "StudyInstanceUID": "1.2.276.0.7230010.3.4711",
    "FrameOfReferenceUID": "1.2.276.0.7230010.3.4712", "InstanceCreatorUID": "1.2.276.0.7230010.3.4713",
}  # fmt: skip


def with_identity(dataset: Dataset, _: int) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in SECRETS.items():
        setattr(dataset, keyword, value)
    request, nested = Dataset(), Dataset()
    request.RequestedProcedureDescription = "Verlaufskontrolle Frau M."
    dataset.RequestAttributesSequence = [request]
    nested.PatientID = "PID-4711"
    nested.InstitutionName = "Zuweiser GmbH"
    nested.ReferencedSOPInstanceUID = "1.2.276.0.7230010.3.9999"
    # The profile has no entry for this sequence: it stays, and what is inside is cleaned.
    dataset.ReferencedImageEvidenceSequence = [nested]
    dataset.add_new((0x0009, 0x0010), "LO", "PRIVATE VENDOR")
    dataset.add_new((0x0009, 0x1001), "LO", "private Erika")
    dataset.add_new((0x6000, 0x4000), "LT", "overlay comment of Erika")
    dataset.file_meta.SourceApplicationEntityTitle = "AETITLE_KLINIK"


def original_values(files: Iterable[Path]) -> set[str]:
    """Return every value of four characters or more that `with_identity` and the writer put into some files."""
    values = {*SECRETS.values(), "Verlaufskontrolle", "Zuweiser", "private Erika", "overlay comment", "AETITLE_KLINIK"}
    values |= {part for value in SECRETS.values() for part in value.replace(",", " ").replace("^", " ").split()}
    values |= {"1.2.276.0.7230010.3.9999"}
    for file in files:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        values |= {str(dataset[name].value) for name in ("SOPInstanceUID", "SeriesInstanceUID")}
    return {value for value in values if len(value) >= 4}


def left_in(values: set[str], paths: Iterable[Path]) -> list[str]:
    """Return the values that the names or content of some files and folders hold.

    Content is every byte, what is packed by gzip (as a file, or as text inside a page), and the text and metadata of a
    PDF (as a file, or inside DICOM).
    """
    content = [piece for path in paths for piece in (path.name.encode(), *(_pieces(path) if path.is_file() else ()))]
    return [value for value in sorted(values) if any(value.encode() in piece for piece in content)]


# The beginning of a gzip header in base64.
_PACKED = re.compile(rb"H4sI[A-Za-z0-9+/]+=*")


def _pieces(path: Path) -> Iterator[bytes]:
    stored = path.read_bytes()
    # Millions of characters of base64 hold any word of four by chance.
    yield _PACKED.sub(b"", stored)
    yield from (gzip.decompress(base64.b64decode(block)) for block in _PACKED.findall(stored))
    if path.suffix == ".gz":
        yield gzip.decompress(stored)
    if path.suffix == ".pdf":
        yield _text_of_pdf(stored)
    elif path.suffix == ".dcm" and "EncapsulatedDocument" in (dataset := pydicom.dcmread(path)):
        yield _text_of_pdf(dataset.EncapsulatedDocument)


def _text_of_pdf(content: bytes) -> bytes:
    with pypdfium2.PdfDocument(content) as document:
        texts = [*document.get_metadata_dict().values(), *(page.get_textpage().get_text_range() for page in document)]
    return " ".join(" ".join(texts).split()).encode()
