# SPDX-License-Identifier: Apache-2.0
"""Key slices as colour Secondary Capture Images (PS3.3 A.8.1), for archives that show pictures only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.storage.replacing import replacing_files
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.dicom.identity import MANUFACTURER, MODEL_NAME, keep_character_set, series_number
from ICHSegmentationLib.export.dicom.save import save_dicom
from ICHSegmentationLib.io.dicom.source_headers import derivation_named, quiet_dicom

if TYPE_CHECKING:
    from ICHSegmentationLib.rendering.key_slice_pictures import KeySlicePicture

SERIES_DESCRIPTION = "Hemorrhage key slices (research use only)"
FILE_PATTERN = "key-slice-*.dcm"
_SERIES_OFFSET = 5
_LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")


def write_secondary_captures(
    folder: Path, pictures: Sequence[KeySlicePicture], source: CTSource, source_datasets: Sequence[Dataset]
) -> list[Dataset]:
    """Write one image per key slice into a folder, as one series of the study: all of them, or none.

    Parameters
    ----------
    folder : Path
        Created if necessary. Pictures of an earlier export into it are replaced.
    pictures : sequence of KeySlicePicture
        Pictures without patient data.
    source : CTSource
        Origin of the volume.
    source_datasets : sequence of pydicom.Dataset
        Headers of that volume, see :func:`ICHSegmentationLib.io.dicom.source_headers.load_source_datasets`.

    Returns
    -------
    list of pydicom.Dataset
        Written datasets.

    Raises
    ------
    InputError
        If the headers of the source do not allow it.
    ICHSegmentationError
        If a file cannot be written.
    """
    series_uid = generate_uid()
    with quiet_dicom(), derivation_named(source):
        images = [
            _image(number, picture, series_uid, source, source_datasets)
            for number, picture in enumerate(pictures, start=1)
        ]
    earlier = [path.name for path in folder.glob(FILE_PATTERN)]
    with replacing_files(folder, instead_of=earlier) as staging:
        for image in images:
            save_dicom(staging / FILE_PATTERN.replace("*", str(image.InstanceNumber)), image)
    return images


def _image(
    number: int, picture: KeySlicePicture, series_uid: str, source: CTSource, source_datasets: Sequence[Dataset]
) -> Dataset:
    from highdicom.sc import SCImage

    first = source_datasets[0]
    image = SCImage(
        pixel_array=np.asarray(picture.picture),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=first.StudyInstanceUID,
        series_instance_uid=series_uid,
        series_number=series_number(first, _SERIES_OFFSET),
        sop_instance_uid=generate_uid(),
        instance_number=number,
        manufacturer=MANUFACTURER,
        patient_orientation=picture.sides,
        manufacturer_model_name=MODEL_NAME,
        software_versions=__version__,
        series_description=SERIES_DESCRIPTION,
    )
    keep_character_set(image, first)
    image.copy_patient_and_study_information(first)
    image.BodyPartExamined = "HEAD"
    image.ConversionType = "WSD"
    image.BurnedInAnnotation = "NO"
    image.DerivationDescription = "Outlines and volumes drawn by a program on a source slice. Research use only."
    image.SourceImageSequence = [_reference(picture.slice_index, source, source_datasets)]
    # An image stays lossy whatever is derived from it (PS3.3 C.7.6.1.1.5).
    for keyword in _LOSSY:
        if first.get(keyword):
            setattr(image, keyword, first[keyword].value)
    return image


def _reference(index: int, source: CTSource, source_datasets: Sequence[Dataset]) -> Dataset:
    dataset = source_datasets[0 if source.frames else index]
    reference, purpose = Dataset(), Dataset()
    reference.ReferencedSOPClassUID = dataset.SOPClassUID
    reference.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    if source.frames:
        reference.ReferencedFrameNumber = source.frames[index]
    code = codes.DCM.SourceImageForImageProcessingOperation
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = (
        code.value,
        code.scheme_designator,
        code.meaning,
    )
    reference.PurposeOfReferenceCodeSequence = [purpose]
    return reference
