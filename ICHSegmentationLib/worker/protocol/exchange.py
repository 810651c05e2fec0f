# SPDX-License-Identifier: Apache-2.0
"""Arrays exchanged between client and worker: ``.npy`` files in a folder that only this user can access."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.storage.files import write_error
from ICHSegmentationLib.core.storage.scan_cache import cached_per_scan
from ICHSegmentationLib.io.grid_record import GridRecord, parse_grid_record

VOLUME_NAME = "volume.npy"
GEOMETRY_NAME = "geometry.json"
LABELS_NAME = "labels.npy"
MODEL_LABELS_NAME = "model_labels.npy"
BASELINE_LABELS_NAME = "baseline_labels.npy"
FOLLOWUP_LABELS_NAME = "followup_labels.npy"
GROWTH_PICTURE_NAME = "growth.png"


@cached_per_scan
def scan_key(volume: CTVolume) -> str:
    """Return a key that two volumes share only if their HU and grid are equal (SHA-256 of both)."""
    digest = hashlib.sha256(GridRecord.of(volume.grid).to_json().encode())
    digest.update(np.ascontiguousarray(volume.hu).data)
    return digest.hexdigest()


def write_volume(folder: Path, volume: CTVolume) -> None:
    """Make the folder and write a volume's HU (int16) and grid; nothing else of the scan.

    Raises
    ------
    DiskFullError, ICHSegmentationError
        If a file cannot be written.
    """
    make_folder(folder)
    try:
        (folder / GEOMETRY_NAME).write_text(GridRecord.of(volume.grid).to_json(), encoding="utf-8")
    except OSError as error:
        raise write_error(folder, error) from error
    _save(folder / VOLUME_NAME, volume.hu)


def read_volume(folder: Path) -> CTVolume:
    """Read what `write_volume` wrote.

    Raises
    ------
    InputError
        If a file is missing, damaged, or does not fit the other.
    """
    try:
        record = parse_grid_record((folder / GEOMETRY_NAME).read_bytes())
        hu = np.load(folder / VOLUME_NAME, allow_pickle=False)
        if record is not None:
            return CTVolume(hu, record.grid())
    except (OSError, EOFError, ValueError) as error:
        raise InputError(message("worker.unusable_volume", reason=type(error).__name__)) from error
    raise InputError(message("worker.unusable_geometry"))


def make_folder(folder: Path) -> None:
    """Make a folder for files of a request (mode 0700); errors as `write_volume`."""
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise write_error(folder, error) from error


def write_files(folder: Path, label_maps: Mapping[str, LabelMap], growth_picture: bytes | None = None) -> None:
    """Make the folder and write the files of a request.

    Parameters
    ----------
    folder : Path
        Folder of the request.
    label_maps : mapping of str to LabelMap
        Label maps by file name, as `LABELS_NAME`.
    growth_picture : bytes, optional
        PNG for `GROWTH_PICTURE_NAME`.

    Raises
    ------
    DiskFullError, ICHSegmentationError
        If a file cannot be written.
    """
    make_folder(folder)
    for name, label_map in label_maps.items():
        write_labels(folder, label_map, name)
    if growth_picture is not None:
        write_picture(folder, growth_picture)


def write_picture(folder: Path, picture: bytes) -> Path:
    """Write a PNG and return its path; errors as `write_volume`."""
    path = folder / GROWTH_PICTURE_NAME
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise write_error(path, error) from error
    return path


def read_picture(path: Path) -> bytes:
    """Read what `write_picture` wrote.

    Raises
    ------
    ICHSegmentationError
        If the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ICHSegmentationError(message("worker.unusable_picture", reason=type(error).__name__)) from error


def write_labels(folder: Path, label_map: LabelMap, name: str = LABELS_NAME) -> Path:
    """Write labels (uint8) and return their path; errors as `write_volume`."""
    path = folder / name
    _save(path, label_map.labels)
    return path


def read_labels(path: Path, grid: SliceGrid) -> LabelMap:
    """Read what `write_labels` wrote.

    Raises
    ------
    ICHSegmentationError
        If the file is missing, damaged, or does not fit the grid.
    """
    try:
        return LabelMap(np.load(path, allow_pickle=False), grid)
    except (OSError, EOFError, ValueError) as error:
        raise ICHSegmentationError(message("worker.unusable_labels", reason=type(error).__name__)) from error


def _save(path: Path, array: np.ndarray) -> None:
    try:
        # Not flushed to the disk, since these files are removed after the request.
        with path.open("wb") as file:
            _write_array(file, np.ascontiguousarray(array))
    except OSError as error:
        raise write_error(path, error) from error


def _write_array(file: IO[bytes], array: np.ndarray) -> None:
    """Write an array as `numpy.save` does, which does not say why the system took only a part of it."""
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
    file.write(array.data)
