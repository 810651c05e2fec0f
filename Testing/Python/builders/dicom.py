# SPDX-License-Identifier: Apache-2.0
"""Writers of synthetic DICOM CT: series, enhanced multi-frame files, screenshots, localizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from ICHSegmentationLib.core.scan.grid import SliceGrid

Edit = Callable[[Dataset, int], None]


def base_dataset(sop_class: str, series_uid: str, modality: str = "CT") -> FileDataset:
    """Return an image's header without geometry or pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = "1.2.3.4"
    dataset.SeriesInstanceUID = series_uid
    dataset.FrameOfReferenceUID = "1.2.3.5"
    dataset.Modality = modality
    dataset.Manufacturer = "Synthetic"
    dataset.PatientName = "Secret^Name"
    dataset.PatientID = "SECRET-ID"
    dataset.PatientBirthDate = ""
    dataset.PatientSex = ""
    dataset.StudyDate = "20200101"
    dataset.StudyTime = "120000"
    dataset.AccessionNumber = ""
    dataset.StudyID = ""
    dataset.SeriesNumber = 2
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    return dataset


def set_pixels(dataset: Dataset, stored: np.ndarray) -> None:
    """Set the pixels of a data set from a (rows, columns) or (frames, rows, columns) array of 8 or 16 bits."""
    bits = stored.dtype.itemsize * 8
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"


def decimals(values: Sequence[float] | np.ndarray) -> list[str]:
    """Return numbers as decimal strings of at most 16 characters (PS3.5 6.2, DS)."""
    return [f"{value:.10f}"[:16] for value in np.asarray(values, dtype=float).ravel()]


def write_series(
    folder: Path,
    hu: np.ndarray,
    grid: SliceGrid,
    *,
    series_uid: str = "1.2.826.1",
    slope: float = 1.0,
    intercept: float = -1024.0,
    dtype: type = np.int16,
    edit: Edit | None = None,
    compress: str | None = None,
    names: Callable[[int], str] = "{:03d}.dcm".format,
) -> list[Path]:
    """Write a (slices, rows, columns) volume as one CT Image per slice.

    ``edit(dataset, index)`` changes a slice's header before it is written; ``compress`` is a transfer syntax UID.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, image in enumerate(hu):
        dataset = base_dataset(CTImageStorage, series_uid)
        dataset.InstanceNumber = index + 1
        dataset.SliceThickness = "5"
        dataset.KVP = "120"
        dataset.PixelSpacing = decimals(grid.spacing_mm)
        dataset.ImagePositionPatient = decimals(grid.positions_mm[index])
        dataset.ImageOrientationPatient = decimals(grid.orientation)
        dataset.RescaleSlope, dataset.RescaleIntercept = decimals([slope, intercept])
        dataset.RescaleType = "HU"
        set_pixels(dataset, np.rint((image - intercept) / slope).astype(dtype))
        if edit is not None:
            edit(dataset, index)
        if compress is not None:
            dataset.compress(compress)
        paths.append(folder / names(index))
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def write_enhanced(
    path: Path, hu: np.ndarray, grid: SliceGrid, *, shared_orientation: bool = True, edit: Edit | None = None
) -> Path:
    """Write a volume as one Enhanced CT Image with functional groups (PS3.3 C.7.6.16)."""
    dataset = base_dataset(EnhancedCTImageStorage, "1.2.826.9")
    dataset.InstanceNumber = 1
    dataset.NumberOfFrames = len(hu)
    measures, orientation, kernel = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = decimals(grid.spacing_mm)
    measures.SliceThickness = "5"
    orientation.ImageOrientationPatient = decimals(grid.orientation)
    kernel.ConvolutionKernel = ["H60s"]
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    shared.CTReconstructionSequence = [kernel]
    if shared_orientation:
        shared.PlaneOrientationSequence = [orientation]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for index in range(len(hu)):
        place, values, frame = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = decimals(grid.positions_mm[index])
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = "1", str(-1024 - index), "HU"
        frame.PlanePositionSequence = [place]
        frame.PixelValueTransformationSequence = [values]
        if not shared_orientation:
            frame.PlaneOrientationSequence = [orientation]
        frames.append(frame)
        if edit is not None:
            edit(frame, index)
    dataset.PerFrameFunctionalGroupsSequence = frames
    stored = hu.astype(np.int32) + 1024 + np.arange(len(hu))[:, None, None]
    set_pixels(dataset, stored.astype(np.int16))
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_screenshot(path: Path, *, colour: bool = True, sop_class: str = SecondaryCaptureImageStorage) -> Path:
    """Write an 8-bit screenshot."""
    dataset = base_dataset(sop_class, "1.2.826.7", "OT" if sop_class == SecondaryCaptureImageStorage else "CT")
    set_pixels(dataset, np.zeros((8, 6 * (3 if colour else 1)), dtype=np.uint8))
    if colour:
        dataset.Columns, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 6, 3, "RGB"
        dataset.PlanarConfiguration = 0
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_localizer(path: Path, *, series_uid: str = "1.2.826.1") -> Path:
    """Write a sagittal scout image, by default into the series of :func:`write_series`."""
    dataset = base_dataset(CTImageStorage, series_uid)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    dataset.ImagePositionPatient = ["0", "0", "0"]
    dataset.ImageOrientationPatient = ["0", "1", "0", "0", "0", "-1"]
    dataset.PixelSpacing = ["1", "1"]
    set_pixels(dataset, np.zeros((20, 30), dtype=np.int16))
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_other(path: Path, *, sop_class: str, modality: str) -> Path:
    """Write an image of another modality."""
    dataset = base_dataset(sop_class, "1.2.826.8", modality)
    set_pixels(dataset, np.zeros((8, 6), dtype=np.int16))
    dataset.save_as(path, enforce_file_format=True)
    return path


def to_jpeg_lossless(path: Path) -> None:
    """Compress a file in place with JPEG Lossless, first-order prediction (1.2.840.10008.1.2.4.70)."""
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    assert pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.70"


def truncate(path: Path, fraction: float = 0.6) -> None:
    """Cut off the end of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
