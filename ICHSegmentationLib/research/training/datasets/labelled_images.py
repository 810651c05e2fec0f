# SPDX-License-Identifier: Apache-2.0
"""Single slices of which only the presence of hemorrhage is known: pictures of any window, or DICOM files.

A folder holds ``labels.csv`` with the columns ``image`` (file name without ending) and ``bleed`` (0 or 1), and the
files themselves or a folder ``images`` of them. DICOM files without ``labels.csv`` are taken as slices with hemorrhage
if their names end with subtypes, as ``ID_0001_epidural_subdural.dcm``.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.enhanced import slices_of
from ICHSegmentationLib.io.dicom.files import load_dataset
from ICHSegmentationLib.io.dicom.pixels import PixelDecoder, check_values
from ICHSegmentationLib.research.training.datasets.labelled_slices import read_greys
from ICHSegmentationLib.research.training.datasets.layout import read_rows

_TABLE, _IMAGES = "labels.csv", "images"
_ENDINGS = (".png", ".dcm")
_NAMED = frozenset(("epidural", "subdural", "subarachnoid", "intraparenchymal", "intraventricular"))

_AIR_HU, _BONE_HU, _BRAIN_HU, _WINDOW_HU = -1000, 1000, 33, 80
_HEAD_WIDTH_MM = 145.0
_DARK = 15
"""Darker greys are background or air."""
_WHITE = 0.97
"""Fraction of the white of a picture from which a grey is bone."""
_SMOOTHED = 5
"""Greys over which the histogram of the brain is smoothed."""


class SliceImage(NamedTuple):
    """HU, (rows, columns) int16, and the spacing of rows and columns in mm."""

    hu: np.ndarray
    pixel_mm: tuple[float, float]


class LabelledImages:
    """Folders of slices with labels by image.

    Parameters
    ----------
    folders : sequence of pathlib.Path
        Images are named FOLDER-NAME.

    Raises
    ------
    InputError
        If a folder has no image, the label of an image is missing or not 0 or 1, or two images have one name.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._files: dict[str, tuple[Path, bool]] = {}
        for folder in folders:
            holder = folder / _IMAGES if (folder / _IMAGES).is_dir() else folder
            if not holder.is_dir():
                raise InputError(message("research.not_a_folder", path=holder))
            files = sorted(path for path in holder.iterdir() if path.suffix.lower() in _ENDINGS)
            if not files:
                raise InputError(message("research.no_images", folder=holder))
            labels = _labels(folder / _TABLE) if (folder / _TABLE).exists() else None
            for path in files:
                bleed = labels.get(path.stem) if labels is not None else _named_subtype(path)
                if bleed is None:
                    raise InputError(message("research.image_without_label", path=path, table=folder / _TABLE))
                name = f"{folder.name}-{path.stem}"
                if name in self._files:
                    first = self._files[name][0]
                    raise InputError(message("research.case_twice", first=first, second=path, case=name))
                self._files[name] = path, bleed

    def names(self) -> list[str]:
        """Return all images."""
        return sorted(self._files)

    def has_hemorrhage(self, name: str) -> bool:
        """Return the label of an image."""
        return self._files[name][1]

    def read(self, name: str) -> SliceImage:
        """Read an image.

        Raises
        ------
        InputError
            If it cannot be read, or a picture shows no head.
        """
        path, _ = self._files[name]
        return _read_dicom(path) if path.suffix.lower() == ".dcm" else picture_hu(path)


def picture_hu(path: Path) -> SliceImage:
    """Read a picture of a head in an unknown brain window.

    The most frequent grey of the brain is set to 33 HU and the range of greys to 80 HU. White is bone (1000 HU),
    everything outside the largest bright object is air (-1000 HU), and the head is taken to be 145 mm wide.

    Raises
    ------
    InputError
        If the picture cannot be read or shows no head.
    """
    grey = read_greys(path)
    objects, count = ndimage.label(grey > _DARK)
    if count == 0:
        raise InputError(message("research.no_head_in_picture", path=path))
    head = ndimage.binary_fill_holes(objects == 1 + np.bincount(objects.ravel())[1:].argmax())
    bone = head & (grey >= _WHITE * np.percentile(grey[head], 99))
    brain = ndimage.binary_fill_holes(bone) & ~bone
    # An open skull, as of a slice through the eyes, encloses nothing.
    counts = np.bincount(grey[brain if brain.sum() > 0.2 * head.sum() else head & ~bone], minlength=256).astype(float)
    counts[: _DARK + 1] = 0
    if not counts.any():
        raise InputError(message("research.no_head_in_picture", path=path))
    most_frequent = int(ndimage.uniform_filter1d(counts, _SMOOTHED, mode="constant").argmax())
    hu = np.rint(_BRAIN_HU + (grey.astype(np.float32) - most_frequent) * (_WINDOW_HU / 255)).astype(np.int16)
    hu[bone] = _BONE_HU
    hu[~head] = _AIR_HU
    columns = np.flatnonzero(head.any(axis=0))
    size_mm = _HEAD_WIDTH_MM / (columns[-1] - columns[0] + 1)
    return SliceImage(hu, (size_mm, size_mm))


def _read_dicom(path: Path) -> SliceImage:
    slices = slices_of(load_dataset(path))
    if len(slices) != 1:
        raise InputError(message("research.not_one_slice", path=path, slices=len(slices)))
    check_values(slices)
    hu = np.empty((1, *slices[0].size), dtype=np.int16)
    PixelDecoder().decode_all(slices, hu)
    return SliceImage(hu[0], slices[0].spacing_mm)


def _labels(path: Path) -> dict[str, bool]:
    labels = {}
    for line, row in enumerate(read_rows(path, ("image", "bleed")), start=2):
        if row["bleed"] not in ("0", "1"):
            raise InputError(message("research.image_label", path=path, line=line, label=row["bleed"]))
        labels[row["image"]] = row["bleed"] == "1"
    return labels


def _named_subtype(path: Path) -> bool | None:
    return True if _NAMED & set(path.stem.split("_")) else None
