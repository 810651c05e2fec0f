# SPDX-License-Identifier: Apache-2.0
"""Write a synthetic scan as a new CT series without any data of the patient of the host scan."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.storage.files import atomic_path
from ICHSegmentationLib.core.version import __version__

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset

    from ICHSegmentationLib.core.scan.volume import CTVolume

DESCRIPTION = "Simulated hemorrhage, research use only"


def write_dicom_series(folder: Path, volume: CTVolume, *, seed: int) -> list[Path]:
    """Write one CT Image (PS3.3 A.3) per slice, each atomically.

    Simulated lesions must not be filed under a real patient: name, ID, study and all UIDs are new. They derive from the
    seed and the voxels, so the same scan gives the same files.

    Parameters
    ----------
    folder : pathlib.Path
        Created if it does not exist; receives ``0001.dcm`` and so on.
    volume : CTVolume
        The scan; may be tilted or unevenly spaced.
    seed : int
        Part of the patient ID and the UIDs.

    Returns
    -------
    list of pathlib.Path
        Files in slice order.
    """
    import pydicom

    folder.mkdir(parents=True, exist_ok=True)
    content = hashlib.sha256(np.ascontiguousarray(volume.hu).tobytes()).hexdigest()
    entropy = [f"{seed}", content]
    common = _common(volume, seed, entropy)
    paths = []
    for number, position_mm in enumerate(volume.grid.positions_mm):
        dataset = pydicom.Dataset()
        dataset.update(common)
        dataset.SOPInstanceUID = _uid(*entropy, "image", str(number))
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = _decimals(position_mm)
        dataset.PixelData = np.ascontiguousarray(volume.hu[number]).astype("<i2").tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.file_meta = _file_meta(dataset)
        path = folder / f"{number + 1:04d}.dcm"
        with atomic_path(path) as temporary:
            pydicom.dcmwrite(temporary, dataset, enforce_file_format=True)
        paths.append(path)
    return paths


def _common(volume: CTVolume, seed: int, entropy: list[str]) -> Dataset:
    """Return the attributes shared by all slices."""
    import pydicom

    grid = volume.grid
    steps_mm = grid.slice_distances_mm
    values = {
        "SOPClassUID": pydicom.uid.CTImageStorage,
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
        "PatientName": "SIMULATED^HEMORRHAGE",
        "PatientID": f"SIMULATED-{seed}",
        "PatientBirthDate": "",
        "PatientSex": "",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "No attribute of the host's patient or study was copied",
        "StudyInstanceUID": _uid(*entropy, "study"),
        "StudyDate": "",
        "StudyTime": "",
        "StudyID": "",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "SeriesInstanceUID": _uid(*entropy, "series"),
        "SeriesNumber": 1,
        "SeriesDescription": DESCRIPTION,
        "Modality": "CT",
        "BodyPartExamined": "HEAD",
        "PatientPosition": "",
        "FrameOfReferenceUID": _uid(*entropy, "frame of reference"),
        "PositionReferenceIndicator": "",
        "Manufacturer": "ICHSegmentation",
        "SoftwareVersions": __version__,
        "AcquisitionNumber": "",
        "KVP": "",
        "BurnedInAnnotation": "NO",
        "ImageOrientationPatient": _decimals(grid.orientation.ravel()),
        "PixelSpacing": _decimals(grid.spacing_mm),
        "SliceThickness": _decimals([np.median(steps_mm) if len(steps_mm) else 1.0])[0],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": grid.shape[1],
        "Columns": grid.shape[2],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "HU",
        "WindowCenter": "40",
        "WindowWidth": "80",
    }
    dataset = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def _file_meta(dataset: Dataset) -> FileMetaDataset:
    import pydicom

    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    return meta


def _uid(*entropy: str) -> str:
    import pydicom

    return str(pydicom.uid.generate_uid(entropy_srcs=list(entropy)))


def _decimals(values: np.ndarray | list[float] | tuple[float, ...]) -> list[str]:
    """Return decimal strings of at most 16 characters (PS3.5 6.2)."""
    import pydicom

    return [str(pydicom.valuerep.format_number_as_ds(float(value))) for value in values]
