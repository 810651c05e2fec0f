# SPDX-License-Identifier: Apache-2.0
"""Save corrected scans as training data in nnU-Net's folder layout."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.anatomy.face import remove_face
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_error, write_text
from ICHSegmentationLib.export.training_case.nnunet_layout import (
    BOXES,
    DATASET_NAME,
    IMAGES,
    LABELS,
    Unknown,
    dataset_content,
)
from ICHSegmentationLib.io.boxes import write_boxes
from ICHSegmentationLib.io.labels.nifti import sidecar_path, write_labels_nifti, write_on_grid_nifti

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.scan.volume import CTVolume

_CASE = re.compile(r"\.?case_(\d+)")


def save_case(
    folder: Path, volume: CTVolume, label_map: LabelMap, boxes: Sequence[LesionBox], *, keep_face: bool = False
) -> str:
    """Add a scan with its labels and boxes to a folder of training data.

    Writes voxels, geometry, labels and boxes only: no name, date or UID. ``ichseg train`` accepts the folder as
    ``data.nnunet``. Either all files of the case are written or none.

    Parameters
    ----------
    folder : Path
        Created if it does not exist. Must be empty or hold cases saved by this function.
    volume : CTVolume
        The scan.
    label_map : LabelMap
        Labels on the slices of the scan.
    boxes : sequence of LesionBox
        Boxes around the lesions.
    keep_face : bool
        Save all voxels; otherwise face and ears become air, see :mod:`ICHSegmentationLib.anatomy.face`. Voxels inside
        the skull and labelled ones never change.

    Returns
    -------
    str
        Name of the case, such as ``case_0001``; it does not identify the scan.

    Raises
    ------
    InputError
        If the folder holds another data set.
    NotAHeadError
        If the face cannot be removed.
    DiskFullError, ICHSegmentationError
        If a file cannot be written; the folder is then left as it was.
    """
    _check(folder)
    if not keep_face:
        volume = remove_face(volume, label_map.labels)
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
    """Refuse a folder that holds data with other label values."""
    path = folder / DATASET_NAME
    if path.exists():
        try:
            labels: Any = json.loads(path.read_text(encoding="utf-8"))["labels"]
        except (OSError, ValueError, KeyError, TypeError):
            labels = None
        is_other = labels != _dataset(0)["labels"]
    else:
        is_other = any((folder / part).exists() for part in (IMAGES, LABELS))
    if is_other:
        raise InputError(message("export.other_data_set", folder=folder))


def _dataset(cases: int) -> dict[str, Any]:
    return dataset_content("Corrected scans", cases, unknown=Unknown.CLASS)


def _make_folders(folder: Path) -> list[Path]:
    """Create missing folders and return them."""
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
    """Return the next case's name and a temporary folder, which also reserves the name against other programs."""
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
    """Write a case into its temporary folder; return the (part of the data set, file name) pairs to move.

    The labels come last: only they make a case count.
    """
    image, labels, box_file = f"{name}_0000.nii.gz", f"{name}.nii.gz", f"{name}.json"
    moves = []
    for part, file, write in (
        (IMAGES, image, lambda path: write_on_grid_nifti(path, volume.hu, volume.grid)),
        (BOXES, box_file, lambda path: write_boxes(path, tuple(boxes), volume.grid)),
        (LABELS, labels, lambda path: write_labels_nifti(path, label_map)),
    ):
        home = place / part
        try:
            home.mkdir()
        except OSError as error:
            raise write_error(home, error) from error
        write(home / file)
        # The positions of unevenly spaced slices are in a sidecar file.
        sidecar = sidecar_path(home / file)
        moves += [(part, path.name) for path in (sidecar, home / file) if path.exists()]
    return list(dict.fromkeys(moves))


def _move_all(place: Path, folder: Path, moves: list[tuple[str, str]]) -> None:
    done: list[Path] = []
    try:
        for part, file in moves:
            target = folder / part / file
            (place / part / file).rename(target)
            done.append(target)
        cases = sum(1 for path in (folder / LABELS).iterdir() if path.name.endswith(".nii.gz"))
        write_text(folder / DATASET_NAME, json.dumps(_dataset(cases), indent=2) + "\n")
    except BaseException as error:
        for path in reversed(done):
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise write_error(folder, error) from error
        raise


def _remove_empty(path: Path) -> None:
    if not any(path.iterdir()):
        path.rmdir()
