# SPDX-License-Identifier: Apache-2.0
"""Corrected scans saved one after the other as training data, in nnU-Net's folder layout."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.files import write_error, write_text
from ICHSegmentationLib.io.boxes import write_boxes
from ICHSegmentationLib.io.labels.nifti import sidecar_path, write_labels_nifti, write_on_grid_nifti
from ICHSegmentationLib.research.training.datasets.nnunet_folder import (
    BOXES,
    DATASET_NAME,
    IMAGES,
    LABELS,
    dataset_content,
)
from ICHSegmentationLib.research.training.datasets.public_set import About, Unknown

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.volume import CTVolume

_ABOUT = About(title="Corrected scans", licence="", citation="", url="", unknown=Unknown.CLASS)
_CASE = re.compile(r"\.?case_(\d+)")


def save_case(folder: Path, volume: CTVolume, label_map: LabelMap, boxes: Sequence[LesionBox]) -> str:
    """Add a scan with its labels and boxes to a folder of training data.

    Only voxels, geometry, labels and boxes are written: no name, date or UID. ``ichseg train`` takes the folder as
    ``data.nnunet``. All of the case's files come, or none.

    Parameters
    ----------
    folder : Path
        Made if need be; holds nothing, or what this function wrote before.
    volume : CTVolume
        The scan.
    label_map : LabelMap
        Its labels.
    boxes : sequence of LesionBox
        Around its lesions.

    Returns
    -------
    str
        Name of the case, as ``case_0001``; it says nothing of where the scan comes from.

    Raises
    ------
    InputError
        If the folder holds another data set.
    DiskFullError, ICHSegmentationError
        If the system refuses a file; the folder is then as it was.
    """
    _check(folder)
    made = _make_folders(folder)
    try:
        name, place = _new_case(folder)
        try:
            moves = _write(place, name, volume, label_map, boxes)
            _move_all(place, folder, moves)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    except BaseException:
        for path in reversed(made):
            _remove_empty(path)
        raise
    return name


def _check(folder: Path) -> None:
    """Refuse a folder with cases of another numbering of the labels."""
    path = folder / DATASET_NAME
    if path.exists():
        try:
            labels: Any = json.loads(path.read_text(encoding="utf-8"))["labels"]
        except (OSError, ValueError, KeyError, TypeError):
            labels = None
        if labels != dataset_content(_ABOUT, 0)["labels"]:
            message = f"{folder} holds another data set; choose an empty folder, or one that cases were saved in."
            raise InputError(message)
    elif any((folder / part).exists() for part in (IMAGES, LABELS)):
        message = f"{folder} holds another data set; choose an empty folder, or one that cases were saved in."
        raise InputError(message)


def _make_folders(folder: Path) -> list[Path]:
    """Return the folders that had to be made."""
    made: list[Path] = []
    for path in (folder, folder / IMAGES, folder / LABELS, folder / BOXES):
        if not path.is_dir():
            try:
                path.mkdir(parents=path == folder)
            except OSError as error:
                for earlier in reversed(made):
                    _remove_empty(earlier)
                raise write_error(path, error) from error
            made.append(path)
    return made


def _new_case(folder: Path) -> tuple[str, Path]:
    """Return the name of the next case, and a folder of its own, which also keeps another program from the name."""
    paths = (*folder.iterdir(), *(folder / IMAGES).iterdir(), *(folder / LABELS).iterdir())
    numbers = [int(found.group(1)) for path in paths if (found := _CASE.match(path.name))]
    number = max(numbers, default=0)
    while True:
        number += 1
        name = f"case_{number:04d}"
        place = folder / f".{name}"
        try:
            place.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise write_error(place, error) from error
        return name, place


def _write(
    place: Path, name: str, volume: CTVolume, label_map: LabelMap, boxes: Sequence[LesionBox]
) -> list[tuple[str, str]]:
    """Write a case's files into its own folder; return each one's name and the part of the data set it belongs to.

    The labels come last: only with them a case counts.
    """
    image, labels, of_boxes = f"{name}_0000.nii.gz", f"{name}.nii.gz", f"{name}.json"
    moves = []
    for part, file, write in (
        (IMAGES, image, lambda path: write_on_grid_nifti(path, volume.hu, volume.grid)),
        (BOXES, of_boxes, lambda path: write_boxes(path, tuple(boxes), volume.grid)),
        (LABELS, labels, lambda path: write_labels_nifti(path, label_map)),
    ):
        home = place / part
        try:
            home.mkdir()
        except OSError as error:
            raise write_error(home, error) from error
        write(home / file)
        # Uneven slices have their positions beside the file.
        beside = sidecar_path(home / file)
        moves += [(part, path.name) for path in (beside, home / file) if path.exists()]
    return list(dict.fromkeys(moves))


def _move_all(place: Path, folder: Path, moves: list[tuple[str, str]]) -> None:
    done: list[Path] = []
    try:
        for part, file in moves:
            target = folder / part / file
            (place / part / file).rename(target)
            done.append(target)
        cases = sum(1 for path in (folder / LABELS).iterdir() if path.name.endswith(".nii.gz"))
        write_text(folder / DATASET_NAME, json.dumps(dataset_content(_ABOUT, cases), indent=2) + "\n")
    except BaseException as error:
        for path in reversed(done):
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise write_error(folder, error) from error
        raise


def _remove_empty(path: Path) -> None:
    if not any(path.iterdir()):
        path.rmdir()
