# SPDX-License-Identifier: Apache-2.0
"""Series of CT images without identity. The pixels stay as they are, unless the face is removed from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.anatomy.face import AIR_HU
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.replacing import replacing_files
from ICHSegmentationLib.export.deidentification.profile import deidentify
from ICHSegmentationLib.export.dicom.save import save_dicom
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.files import quiet_pydicom, value_of
from ICHSegmentationLib.io.file_kind import has_dicom_prefix, looks_like_dicom

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset

    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.deidentification.keys import Keys

_CT_IMAGES = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"}


def deidentify_volume(
    volume: CTVolume, kept: np.ndarray, folder: Path, keys: Keys, *, accept_text: bool = False
) -> tuple[str, ...]:
    """Write the slices of a volume without identity and face; see :func:`deidentify_files`.

    Files of the series that are not slices of the volume, such as localizers, are left out, since they can show a face.

    Parameters
    ----------
    volume : CTVolume
        A head CT that was read from DICOM.
    kept : numpy.ndarray
        (slices, rows, columns) bool, see :func:`ICHSegmentationLib.anatomy.face.kept_without_face`; all other
        voxels become air.
    folder, keys, accept_text
        See :func:`deidentify_files`.
    """
    source = volume.source
    if source.kind != "dicom":
        raise InputError(message("io.source_not_dicom"))
    slices: dict[Path, dict[int, int]] = {}
    for index, path in enumerate(source.files):
        slices.setdefault(path, {})[source.frames[index] - 1 if source.frames else 0] = index

    def remove_face(path: Path, dataset: FileDataset) -> None:
        _remove_face(dataset, {frame: (volume.hu[index], kept[index]) for frame, index in slices[path].items()})

    return _write(list(slices), folder, keys, accept_text=accept_text, change=remove_face)


def deidentify_files(files: Sequence[Path], folder: Path, keys: Keys, *, accept_text: bool = False) -> tuple[str, ...]:
    """Write the CT images among DICOM files without identity into a folder: all of them, or none.

    Parameters
    ----------
    files : sequence of Path
        Files; what is not a CT image is left out.
    folder : Path
        Created if necessary; must be empty.
    keys : Keys
        Keys of this user; the same ones for all scans that belong together.
    accept_text : bool
        Whether images are written that may show text in their pixels.

    Returns
    -------
    tuple of str
        Warnings.

    Raises
    ------
    InputError
        If there is no CT image, an image may show text and that is not accepted, or the folder is not empty.
    ICHSegmentationError
        If a file cannot be written.
    """
    return _write(files, folder, keys, accept_text=accept_text)


def _write(
    files: Sequence[Path],
    folder: Path,
    keys: Keys,
    *,
    accept_text: bool,
    change: Callable[[Path, FileDataset], None] | None = None,
) -> tuple[str, ...]:
    if folder.exists() and any(folder.iterdir()):
        raise InputError(message("export.folder_not_empty", folder=folder))
    images = [path for path in files if looks_like_dicom(path)]
    written = 0
    with replacing_files(folder) as staging:
        for path in images:
            dataset = _load(path)
            if value_of(dataset, "SOPClassUID") not in _CT_IMAGES:
                continue
            if not accept_text and _may_show_text(dataset):
                raise InputError(message("export.may_show_text", path=path))
            with damage_named(path, "DICOM"):
                deidentify(dataset, keys, shows_face=change is None)
                if change is not None:
                    change(path, dataset)
            written += 1
            save_dicom(staging / f"{written:05d}.dcm", dataset)
        if not written:
            raise InputError(message("io.no_dicom_images"))
    left_out = len(files) - written
    return (message("export.not_deidentified", count=left_out),) if left_out else ()


def _remove_face(dataset: FileDataset, slices: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> None:
    """Set voxels to the stored value of air.

    Parameters
    ----------
    dataset : pydicom.FileDataset
        An image of one or several frames.
    slices : mapping of int to tuple
        HU and kept voxels of each frame, counted from 0, that is a slice of the volume; other frames become air.
    """
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.decompress()
    stored = dataset.pixel_array.reshape(-1, int(dataset.Rows), int(dataset.Columns)).copy()
    air = None
    for frame, (hu, kept) in slices.items():
        # Whatever the rescaling of the frame, this is the value that stands for its most air-like voxel.
        air = stored[frame].ravel()[np.abs(hu.astype(np.int32) - AIR_HU).argmin()]
        stored[frame][~kept] = air
    for frame in set(range(len(stored))) - set(slices):
        stored[frame] = air
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue"):
        dataset.pop(keyword, None)


def _may_show_text(dataset: Dataset) -> bool:
    """Whether the pixels may show text: said so, in colour, or not a primary image."""
    image_type: Any = value_of(dataset, "ImageType") or []
    return (
        value_of(dataset, "BurnedInAnnotation") == "YES"
        or int(value_of(dataset, "SamplesPerPixel") or 1) > 1
        or "SECONDARY" in list(image_type)
        or "SCREEN SAVE" in list(image_type)
    )


def _load(path: Path) -> FileDataset:
    from pydicom import dcmread

    with quiet_pydicom(), damage_named(path, "DICOM"):
        return dcmread(path, force=not has_dicom_prefix(path))
