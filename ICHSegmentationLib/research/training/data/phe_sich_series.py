# SPDX-License-Identifier: Apache-2.0
"""Read the PHE-SICH-CT-IDS series: real spontaneous ICH, with masks of the edema ring around the unlabelled clot.

The set (arXiv 2308.10521) is freely published for non-commercial purposes. Its slices are 8-bit, turned by 90 degrees
and come without spacing; the spacing and window below are estimates and belong wherever figures from it are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.grid import SliceGrid

SPACING_MM = (5.0, 0.45, 0.45)  # (slice, row, column), an estimate
WINDOW_HU = (0.0, 80.0)  # an estimate
_BLACK_HU, _WHITE_HU = -1000, 1000  # grey 0 is 0 HU or less, grey 255 bone or more


@dataclass(frozen=True, eq=False)
class PheSichCase:
    """One patient of PHE-SICH-CT-IDS.

    Attributes
    ----------
    name : str
        Folder name of the case.
    hu : numpy.ndarray
        (slices, rows, columns) int16; -1000 and 1000 where the greys end.
    edema : numpy.ndarray
        (slices, rows, columns) bool, the perihematomal edema ring (not the clot).
    grid : SliceGrid
        From the estimated spacing.
    """

    name: str
    hu: np.ndarray
    edema: np.ndarray
    grid: SliceGrid


def case_names(folder: Path) -> list[str]:
    """Names of all cases in the data set's folder."""
    return sorted(path.name for path in (folder / "images").iterdir() if path.is_dir())


def read_case(folder: Path, name: str) -> PheSichCase:
    """Read one case.

    Raises
    ------
    InputError
        If the case has no images.
    """
    files = sorted((folder / "images" / name).glob("*.png"))
    if not files:
        message = f"Case {name} has no images in {folder}."
        raise InputError(message)
    grey = np.stack([_upright(path) for path in files])
    edema = np.stack(
        [_upright(mask) if (mask := _mask_of(path)).exists() else np.zeros(grey.shape[1:]) for path in files]
    )
    low, high = WINDOW_HU
    hu = np.rint(low + grey * ((high - low) / 255.0))
    hu[grey == 0] = _BLACK_HU
    hu[grey == 255] = _WHITE_HU
    affine = np.diag([-SPACING_MM[2], -SPACING_MM[1], SPACING_MM[0], 1.0])
    grid = SliceGrid.from_affine(affine, grey.shape)
    return PheSichCase(name=name, hu=hu.astype(np.int16), edema=edema > 0, grid=grid)


def _upright(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.rot90(np.asarray(image.convert("L")), -1)


def _mask_of(image: Path) -> Path:
    return image.parents[2] / "masks" / image.parent.name / image.name
