# SPDX-License-Identifier: Apache-2.0
"""Single labelled slices of many scanners as training cases.

Layout of a folder: ``images/PPPSSS.png`` and ``labels/PPPSSS.png`` of the same name, whose first three digits are the
patient. Greys are HU clipped to 0..255; 255 is bone, and 0 connected to the border is air. Labels are 0 for background
and 1 to 5 for EDH, SDH, SAH, IPH and IVH. Pixel size and thickness are unknown and estimated.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.data.case_source import RawCase
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.datasets.layout import folder_with
from ICHSegmentationLib.research.training.datasets.public_set import CaseName
from ICHSegmentationLib.research.training.datasets.splits import split_by_patient

SPACING_MM = (5.0, 0.47, 0.47)  # (slice, row, column), an estimate
SLICE_FOLDS = 5
_AIR_HU, _BONE_HU = -1000, 1000
_IMAGES, _LABELS = "images", "labels"
_PATIENT_DIGITS = 3
_COPIES = 3  # of the slice, with labels on the middle one alone


class LabelledSlices:
    """Folders of single labelled slices; see :class:`CaseSource`.

    Parameters
    ----------
    folders : sequence of pathlib.Path
        Each holds ``images`` and ``labels``; a patient may have slices in several of them. Cases are named
        FOLDER-PPPSSS.

    Raises
    ------
    InputError
        If a part is missing, an image has no labels, its name does not begin with the patient's digits, or two folders
        of one name hold the same slice.
    """

    title = "labelled slices"

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._files: dict[str, tuple[Path, Path]] = {}
        for folder in folders:
            if not folder.is_dir():
                raise InputError(message("research.setting_not_a_folder", path=folder, setting="data.slices"))
            images = sorted((folder_with(folder, (_IMAGES, _LABELS)) / _IMAGES).glob("*.png"))
            if not images:
                raise InputError(message("research.no_slices", folder=folder / _IMAGES))
            for image in images:
                labels = folder / _LABELS / image.name
                if not labels.exists():
                    raise InputError(message("research.missing_file", path=labels))
                if not image.stem[:_PATIENT_DIGITS].isdecimal() or len(image.stem) <= _PATIENT_DIGITS:
                    raise InputError(message("research.slice_without_patient", path=image))
                name = f"{folder.name}-{image.stem}"
                if name in self._files:
                    first = self._files[name][0].parent.parent
                    raise InputError(message("research.case_twice", first=first, second=folder, case=name))
                self._files[name] = image, labels

    def names(self) -> list[str]:
        """Return all slices."""
        return sorted(self._files)

    def folds(self) -> dict[str, int]:
        """Return the fold of each slice, of five by patient.

        Raises
        ------
        InputError
            If there are fewer than five patients.
        """
        cases = [CaseName(name, patient_of(name)) for name in self.names()]
        splits = split_by_patient(cases, folds=SLICE_FOLDS, seed=0)
        return {name: fold for fold, split in enumerate(splits) for name in split["val"]}

    def read(self, name: str) -> RawCase:
        """Read a slice as a stack of three equal ones, of which the outer two are ignored by the loss.

        Raises
        ------
        InputError
            If image and labels differ in size or a label is unknown.
        """
        hu, stored = self.hu_and_labels(name)
        stack = np.full((_COPIES, *stored.shape), IGNORE, dtype=np.uint8)
        stack[_COPIES // 2] = stored
        return RawCase(as_stack(hu, _COPIES), labels=stack)

    def hu_and_labels(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Read the HU, (rows, columns) int16, and the labels, (rows, columns) uint8, of a slice.

        Raises
        ------
        InputError
            If image and labels differ in size or a label is unknown.
        """
        image, labels = self._files[name]
        hu, stored = slice_hu(image), read_greys(labels)
        if stored.shape != hu.shape:
            raise InputError(message("research.slice_sizes_differ", image=image, labels=labels))
        if stored.max() > max(Subtype):
            raise InputError(message("research.unknown_slice_label", path=labels, label=int(stored.max())))
        return hu, stored


def patient_of(name: str) -> str:
    """Return the patient of a case."""
    return name.rpartition("-")[2][:_PATIENT_DIGITS]


def slice_hu(path: Path) -> np.ndarray:
    """Return the HU of a slice, (rows, columns) int16: greys are HU, bone is 1000 and the air around the head -1000."""
    grey = read_greys(path)
    hu = grey.astype(np.int16)
    hu[grey == 255] = _BONE_HU
    components, _ = ndimage.label(grey == 0)
    border = np.concatenate([components[[0, -1]].ravel(), components[:, [0, -1]].ravel()])
    hu[np.isin(components, np.unique(border[border > 0]))] = _AIR_HU
    return hu


def as_stack(hu: np.ndarray, copies: int, pixel_mm: tuple[float, float] = SPACING_MM[1:]) -> CTVolume:
    """Return a volume of equal slices of 5 mm, nose up.

    Parameters
    ----------
    hu : numpy.ndarray
        (rows, columns) int16.
    copies : int
        Number of slices.
    pixel_mm : tuple of float
        Spacing of rows and columns; by default the estimate for labelled slices.
    """
    slices = np.repeat(hu[None], copies, axis=0)
    affine = np.diag([-pixel_mm[1], -pixel_mm[0], SPACING_MM[0], 1.0])
    return CTVolume(slices, SliceGrid.from_affine(affine, slices.shape))


def read_greys(path: Path) -> np.ndarray:
    """Read a picture as greys, (rows, columns) uint8.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except OSError as error:
        raise InputError(message("research.slice_unreadable", path=path)) from error
