# SPDX-License-Identifier: Apache-2.0
"""Arrays between host and worker: ``.npy`` files in a folder that only this user may enter."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.files import write_error
from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io.grid_record import GridRecord, parse_grid_record

VOLUME_NAME = "volume.npy"
GEOMETRY_NAME = "geometry.json"
LABELS_NAME = "labels.npy"
MODEL_LABELS_NAME = "model_labels.npy"
GROWTH_PICTURE_NAME = "growth.png"
BASELINE_NAME, FOLLOWUP_NAME = "baseline", "followup"


def write_volume(folder: Path, volume: CTVolume) -> None:
    """Make the folder and write a volume's HU (int16) and grid; nothing else of the scan leaves the host.

    Raises
    ------
    DiskFullError, ICHSegmentationError
        If the system refuses a file.
    """
    try:
        folder.mkdir(mode=0o700)
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
        message = f"The volume that was handed to the worker cannot be used ({type(error).__name__})."
        raise InputError(message) from error
    message = "The geometry that was handed to the worker cannot be used."
    raise InputError(message)


def write_case(
    folder: Path,
    volume: CTVolume,
    label_map: LabelMap,
    model_label_map: LabelMap | None = None,
    growth_picture: bytes | None = None,
) -> None:
    """Make the folder and write what an export is made of: volume, labels, what the model had labelled, and a picture.

    Raises
    ------
    DiskFullError, ICHSegmentationError
        If the system refuses a file.
    """
    write_volume(folder, volume)
    write_labels(folder, label_map)
    if model_label_map is not None:
        write_labels(folder, model_label_map, MODEL_LABELS_NAME)
    if growth_picture is not None:
        write_picture(folder, growth_picture)


def read_case(folder: Path) -> tuple[CTVolume, LabelMap]:
    """Read the volume and the labels that `write_case` wrote; errors as `read_volume` and `read_labels`."""
    volume = read_volume(folder)
    return volume, read_labels(folder / LABELS_NAME, volume.grid)


def write_pair(folder: Path, baseline: tuple[CTVolume, LabelMap], followup: tuple[CTVolume, LabelMap]) -> None:
    """Make the folder and write two cases into it; errors as `write_case`."""
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise write_error(folder, error) from error
    write_case(folder / BASELINE_NAME, *baseline)
    write_case(folder / FOLLOWUP_NAME, *followup)


def write_picture(folder: Path, picture: bytes) -> Path:
    """Write a PNG and return where; errors as `write_volume`."""
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
        message = f"The picture of the comparison cannot be used ({type(error).__name__}); try again."
        raise ICHSegmentationError(message) from error


def write_labels(folder: Path, label_map: LabelMap, name: str = LABELS_NAME) -> Path:
    """Write labels (uint8) and return where; errors as `write_volume`."""
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
        message = f"The labels that the worker wrote cannot be used ({type(error).__name__}); try again."
        raise ICHSegmentationError(message) from error


def _save(path: Path, array: np.ndarray) -> None:
    try:
        # Not flushed to the disk as results are: these files do not outlive the request.
        np.save(path, array, allow_pickle=False)
    except OSError as error:
        raise write_error(path, error) from error
