# SPDX-License-Identifier: Apache-2.0
"""Mutations of a scan's files that leave its truth as it is, or that no reader may pass over.

Each is a function of the random generator and the data sets of a series (or of the path of a file). What changes all
slices alike and yields another valid scan is none: no reader could know.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random

import numpy as np
import pydicom
from builders.dicom import write_localizer, write_other, write_screenshot
from pydicom import Dataset
from pydicom.uid import generate_uid

Datasets = list[Dataset]
SeriesMutation = Callable[[Random, Datasets], None]
FolderMutation = Callable[[Random, Path], None]
FileMutation = Callable[[Random, Path], None]

_TAGS = (
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "BitsAllocated"),
    *("BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation", "PixelData"),
    *("RescaleSlope", "RescaleIntercept", "RescaleType", "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"),
    *("StudyInstanceUID", "FrameOfReferenceUID", "InstanceNumber", "Modality", "ImageType", "SliceThickness"),
    *("PatientID", "KVP"),
)
_ODD_VALUES = {
    "ImagePositionPatient": (["0", "0", "0"], ["0", "0"], ["1e308", "0", "0"], ["nan", "0", "0"]),
    "ImageOrientationPatient": (["0"] * 6, ["1", "0", "0", "1", "0", "0"], ["0", "1", "0", "-1", "0", "0"]),
    "PixelSpacing": (["0", "0"], ["-0.5", "0.5"], ["3", "3"], ["1e-9", "1e-9"], ["inf", "1"]),
    "RescaleSlope": ("0", "2", "1e30", "nan", "-1"),
    "RescaleIntercept": ("0", "1e30", "nan", "-32768"),
    "PixelRepresentation": (0, 1, 7),
    "BitsStored": (8, 12, 16, 99),
    "Rows": (0, 1, 43, 65535),
    "NumberOfFrames": ("0", "7", "-1"),
    "SeriesInstanceUID": ("1.2", ""),
    "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.4",),
    "PatientID": ("OTHER",),
    "StudyInstanceUID": ("1.9.9",),
    "FrameOfReferenceUID": ("1.9.8",),
    "AcquisitionNumber": (7,),
    "PhotometricInterpretation": ("RGB", "MONOCHROME1", "PALETTE COLOR"),
}


def lose_tag(random: Random, datasets: Datasets) -> None:
    """Remove or empty an attribute of one, some or all slices."""
    keyword = random.choice(_TAGS)
    for dataset in _some(random, datasets):
        if keyword in dataset and random.random() < 0.7:
            del dataset[keyword]
        elif keyword != "PixelData":
            setattr(dataset, keyword, None)


def odd_value(random: Random, datasets: Datasets) -> None:
    """Give one or two slices an odd value."""
    keyword = random.choice(list(_ODD_VALUES))
    for dataset in random.sample(datasets, min(len(datasets), random.choice([1, 1, 2]))):
        setattr(dataset, keyword, random.choice(_ODD_VALUES[keyword]))


def number_in_any_order(random: Random, datasets: Datasets) -> None:
    """Number the slices in any order, backwards, or not at all."""
    numbers = list(range(1, len(datasets) + 1))
    random.choice([numbers.reverse, lambda: random.shuffle(numbers)])()
    for number, dataset in zip(numbers, datasets, strict=True):
        dataset.InstanceNumber = number


def number_acquisitions(random: Random, datasets: Datasets) -> None:
    """Number blocks of slices along the stack, as scanners do for each rotation."""
    size, first = random.choice([1, 2, 4, 10]), random.choice([1, 100])
    normal = np.cross(*np.reshape(np.array(datasets[0].ImageOrientationPatient, dtype=float), (2, 3)))
    along = sorted(datasets, key=lambda dataset: float(np.array(dataset.ImagePositionPatient, dtype=float) @ normal))
    for index, dataset in enumerate(along):
        dataset.AcquisitionNumber = first + index // size
        dataset.ContentTime = f"12{index // size:02d}00"


def jitter(random: Random, datasets: Datasets) -> None:
    """Move each slice by up to 0.05 mm, or round its position to 0.1 or 0.01 mm."""
    kind = random.choice(["jitter", "0.1", "0.01"])
    for dataset in datasets:
        place = np.array(dataset.ImagePositionPatient, dtype=float)
        if kind == "jitter":
            place += [random.uniform(-0.05, 0.05) for _ in range(3)]
        else:
            place = np.round(place, 1 if kind == "0.1" else 2)
        dataset.ImagePositionPatient = [f"{value:.6f}"[:16] for value in place]


def store_otherwise(random: Random, datasets: Datasets) -> None:
    """Store the same HU with another slope, intercept and type."""
    slope, intercept, kind = random.choice(
        [
            (1, 0, np.int16),
            (1, -1024, np.uint16),
            (1, -32768, np.uint16),
            (1, -8192, np.uint16),
            (0.0625, -1024, np.uint16),
            (0.5, 100, np.int16),
        ]
    )
    if any(dataset.file_meta.TransferSyntaxUID.is_compressed for dataset in datasets):
        return
    for dataset in datasets:
        hu = _hu(dataset)
        if hu is None or not np.isfinite(hu).all():
            return
        stored = np.rint((hu - intercept) / slope)
        limits = np.iinfo(kind)
        dataset.PixelData = np.clip(stored, limits.min, limits.max).astype(kind).tobytes()
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{slope:g}", f"{intercept:g}"
        dataset.PixelRepresentation = int(kind is np.int16)
        dataset.BitsStored, dataset.HighBit = 16, 15


def compress(random: Random, datasets: Datasets) -> None:
    """Compress some or all slices without loss."""
    syntax = random.choice(["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"])
    for dataset in _some(random, datasets):
        if _hu(dataset) is not None and not dataset.file_meta.TransferSyntaxUID.is_compressed:
            dataset.compress(syntax, generate_instance_uid=False)


def compress_with_loss(random: Random, datasets: Datasets) -> None:
    """Compress all slices with a loss that is stated by the transfer syntax."""
    syntax, options = random.choice(
        [
            ("1.2.840.10008.1.2.4.81", {"jls_error": 3}),
            ("1.2.840.10008.1.2.4.91", {"j2k_cr": [8]}),
            ("1.2.840.10008.1.2.4.91", {"j2k_psnr": [70]}),
        ]
    )
    for dataset in datasets:
        if _hu(dataset) is not None and not dataset.file_meta.TransferSyntaxUID.is_compressed:
            dataset.compress(syntax, generate_instance_uid=False, **options)


def other_encoding(random: Random, datasets: Datasets) -> None:
    """Write with implicit VR, or deflated."""
    for dataset in _some(random, datasets):
        if not dataset.file_meta.TransferSyntaxUID.is_compressed:
            dataset.file_meta.TransferSyntaxUID = random.choice(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"])


def pack_bits(random: Random, datasets: Datasets) -> None:
    """Store the same HU in 12 or 13 of 16 bits."""
    bits = random.choice([12, 13])
    for dataset in datasets:
        hu = _hu(dataset)
        if hu is None or dataset.file_meta.TransferSyntaxUID.is_compressed:
            continue
        stored = np.clip(np.rint(hu) + 1024, 0, (1 << bits) - 1).astype(np.uint16)
        dataset.PixelData = stored.tobytes()
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits - 1, 0
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"


def drop_slices(random: Random, datasets: Datasets) -> None:
    """Lose one to three slices, or all but two."""
    for _ in range(random.choice([1, 1, 2, 3, len(datasets) - 2])):
        datasets.pop(random.randrange(len(datasets)))


def copy_slices(random: Random, datasets: Datasets) -> None:
    """Add copies of some or all slices, at their place or near it."""
    offset = random.choice([0.0, 0.0, 0.011, 0.05, 0.3, 1.0]) * _usual_mm(datasets) / 5
    datasets += [_moved(dataset, offset) for dataset in _some(random, datasets)]


def second_scan(random: Random, datasets: Datasets) -> None:
    """Add a scan of another content, half a step away or at the same places, told by one attribute or by nothing."""
    offset = random.choice([0.0, 0.06, 0.5]) * _usual_mm(datasets)
    keyword, first, second = random.choice(
        [
            ("PatientID", "A", "B"),
            ("StudyInstanceUID", "1.1", "1.2"),
            ("FrameOfReferenceUID", "1.1", "1.2"),
            ("AcquisitionNumber", 1, 2),
            ("TemporalPositionIdentifier", 1, 2),
            ("ContentTime", "120000", "121000"),
            ("SeriesInstanceUID", "1.1", "1.2"),
        ]
    )
    added = [_moved(dataset, offset) for dataset in datasets]
    for dataset in datasets:
        setattr(dataset, keyword, first)
    for dataset in added:
        setattr(dataset, keyword, second)
        hu = _hu(dataset)
        if hu is not None and not dataset.file_meta.TransferSyntaxUID.is_compressed:
            dataset.PixelData = (dataset.pixel_array[::-1] + 1).astype(dataset.pixel_array.dtype).tobytes()
    datasets += added


def strange_slice(random: Random, datasets: Datasets) -> None:
    """Move one slice far away, or aside."""
    dataset = random.choice(datasets)
    place = np.array(dataset.ImagePositionPatient, dtype=float)
    place += random.choice([(0, 0, 300), (0, 30, -400), (25, 0, 0), (0, 0, 1e6)])
    dataset.ImagePositionPatient = [f"{value:.6f}"[:16] for value in place]


SERIES: tuple[SeriesMutation, ...] = (
    lose_tag,
    odd_value,
    number_in_any_order,
    number_acquisitions,
    jitter,
    store_otherwise,
    compress,
    compress_with_loss,
    other_encoding,
    pack_bits,
    drop_slices,
    copy_slices,
    second_scan,
    strange_slice,
)


def add_other_files(random: Random, folder: Path) -> None:
    """Add what lies beside slices in real folders."""
    kind = random.choice(["localizer", "screenshot", "mr", "empty", "text", "hidden"])
    if kind == "localizer":
        write_localizer(folder / "scout.dcm")
    elif kind == "screenshot":
        write_screenshot(folder / "dose.dcm")
    elif kind == "mr":
        write_other(folder / "mr.dcm", sop_class="1.2.840.10008.5.1.4.1.1.4", modality="MR")
    elif kind == "empty":
        (folder / "zz.dcm").touch()
    else:
        (folder / ("README.txt" if kind == "text" else "._000.dcm")).write_bytes(b"no slice")


def damage_a_file(random: Random, folder: Path) -> None:
    """Cut off a file, or change bytes of it."""
    damage(random, random.choice(sorted(folder.glob("*"))))


def mislabel_syntax(random: Random, folder: Path) -> None:
    """State that some files are compressed, or in the other byte order, which they are not."""
    end = random.choice([b"5", b"2"])
    files = sorted(folder.glob("*"))
    for path in random.sample(files, random.choice([1, len(files)])):
        content = path.read_bytes()
        path.write_bytes(content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2." + end + b"\0", 1))


def damage(random: Random, path: Path, *, spared: int = 0) -> None:
    """Cut off a file or change some of its bytes from ``spared`` on."""
    content = bytearray(path.read_bytes())
    if random.random() < 0.4:
        del content[random.randrange(len(content) + 1) :]
    else:
        for _ in range(random.choice([1, 1, 4, 30])):
            if len(content) > spared:
                content[random.randrange(spared, len(content))] = random.randrange(256)
    path.write_bytes(content)


FOLDER: tuple[FolderMutation, ...] = (add_other_files, damage_a_file, mislabel_syntax)


HARMLESS = frozenset(
    mutation.__name__
    for mutation in (
        number_in_any_order,
        number_acquisitions,
        jitter,
        store_otherwise,
        compress,
        other_encoding,
        pack_bits,
        copy_slices,
        add_other_files,
    )
) | {"multi-frame", "nifti", "nrrd", "rename_compression", "nifti_big_endian", "nrrd_big_endian", "nrrd_compressed"}
"""What scanners, archives and people do to good scans."""


def rename_compression(random: Random, path: Path) -> None:  # noqa: ARG001
    """Compress a file, or unpack it, under its old name."""
    content = path.read_bytes()
    path.write_bytes(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else gzip.compress(content, 1))


def lose_spacing(random: Random, path: Path) -> None:  # noqa: ARG001
    """Lose the size of the voxels: both forms and pixdim of a NIfTI, the directions of a NRRD."""
    content = path.read_bytes()
    packed = content[:2] == b"\x1f\x8b"
    plain = bytearray(gzip.decompress(content) if packed else content)
    if plain[:4] == b"NRRD":
        header, _, voxels = bytes(plain).partition(b"\n\n")
        lines = [line for line in header.split(b"\n") if not line.startswith(b"space")]
        plain = bytearray(b"\n".join(lines) + b"\n\n" + voxels)
    elif len(plain) > 256:
        plain[80:92], plain[252:256] = bytes(12), bytes(4)
    path.write_bytes(gzip.compress(plain, 1) if packed else plain)


def pad(random: Random, path: Path) -> None:
    """Append bytes that the header knows nothing of."""
    path.write_bytes(path.read_bytes() + random.randbytes(random.choice([1, 1000])))


def _some(random: Random, datasets: Datasets) -> Datasets:
    if random.random() < 0.4:
        return list(datasets)
    return random.sample(datasets, random.choice([1, 1, len(datasets) // 2 or 1]))


def _usual_mm(datasets: Datasets) -> float:
    places = np.array([dataset.ImagePositionPatient for dataset in datasets], dtype=float)
    return float(np.median(np.linalg.norm(np.diff(places, axis=0), axis=1))) if len(places) > 1 else 5.0


def _moved(dataset: Dataset, along_mm: float) -> Dataset:
    copy = deepcopy(dataset)
    copy.SOPInstanceUID = copy.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    normal = np.cross(*np.reshape(np.array(copy.ImageOrientationPatient, dtype=float), (2, 3)))
    place = np.array(copy.ImagePositionPatient, dtype=float) + along_mm * normal
    copy.ImagePositionPatient = [f"{value:.6f}"[:16] for value in place]
    return copy


def _hu(dataset: Dataset) -> np.ndarray | None:
    try:
        pixels: np.ndarray = pydicom.pixels.pixel_array(dataset).astype(float)
        return pixels * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    except Exception:  # a mutation before took what is needed
        return None
