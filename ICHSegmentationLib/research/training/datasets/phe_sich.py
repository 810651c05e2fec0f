# SPDX-License-Identifier: Apache-2.0
"""PHE-SICH-CT-IDS: spontaneous ICH with masks of the edema ring around an unlabelled clot.

The set (arXiv:2308.10521) is freely published for non-commercial purposes. Its slices are 8-bit, rotated by 90 degrees
and have no spacing: the spacing and window below are estimates and must be named with every metric from this set.
Layout: ``images/0001/0001_*.png`` and ``masks/0001/0001_*.png``. The download from figshare holds the same slices in
other formats too; how its archives are sorted into folders was not checked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.training_case.nnunet_layout import Unknown
from ICHSegmentationLib.preprocessing.head import intracranial_mask
from ICHSegmentationLib.research.simulation.host_anatomy import Atlas, register_atlas
from ICHSegmentationLib.research.training.data.case_source import RawCase
from ICHSegmentationLib.research.training.data.clot import IGNORE, derive_clot, label_map
from ICHSegmentationLib.research.training.datasets.layout import folder_with
from ICHSegmentationLib.research.training.datasets.public_set import UNKNOWN, About, CaseName, PreparedCase

SPACING_MM = (5.0, 0.45, 0.45)  # (slice, row, column), an estimate
WINDOW_HU = (0.0, 80.0)  # an estimate
_BLACK_HU, _WHITE_HU = -1000, 1000  # grey 0 is 0 HU or less, grey 255 is 80 HU or more
_IMAGES, _MASKS = "images", "masks"
_ATLAS_FILES = ("atlas_labels.csv", "atlas_template_space.nii.gz", "ct_template_mask.nii.gz")
_VENTRICLE_MARGIN_MM = 1.5


@dataclass(frozen=True, eq=False)
class PheSichCase:
    """One patient of PHE-SICH-CT-IDS.

    Attributes
    ----------
    name : str
        Folder name of the case.
    hu : numpy.ndarray
        (slices, rows, columns) int16; -1000 and 1000 where the greys are saturated.
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
    """Return the names of all cases in the folder of the data set."""
    return sorted(path.name for path in (folder / _IMAGES).iterdir() if path.is_dir())


def read_case(folder: Path, name: str) -> PheSichCase:
    """Read one case.

    Raises
    ------
    InputError
        If the case has no images.
    """
    files = sorted((folder / _IMAGES / name).glob("*.png"))
    if not files:
        raise InputError(message("research.phe_sich_no_images", case=name, folder=folder))
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


class PheSichSource:
    """The set as a source of training cases; see :class:`CaseSource`.

    Parameters
    ----------
    folder : Path
        Folder that holds ``images`` and ``masks``.

    Raises
    ------
    InputError
        If one is missing.
    """

    title = "PHE-SICH-CT-IDS"

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(message("research.setting_not_a_folder", path=folder, setting="data.phe_sich"))
        self._folder = folder_with(folder, (_IMAGES, _MASKS))

    def names(self) -> list[str]:
        """Return all patients."""
        return case_names(self._folder)

    def fold(self, number: int) -> list[str]:  # noqa: ARG002 - the set has no split of its own
        """Return no cases: the set has no split; name validation cases in `data.validation`."""
        return []

    def read(self, name: str) -> RawCase:
        """Read one series with its edema ring."""
        case = read_case(self._folder, name)
        return RawCase(CTVolume(case.hu, case.grid), edema=case.edema)


class PheSich:
    """The set for ``ichseg prepare``: clots are IPH, but label 6 where they may lie in the ventricles.

    Parameters
    ----------
    source : Path
        Folder that holds ``images`` and ``masks``.
    anatomy : Path or None
        Folder of the blast-ct brain atlas (Apache-2.0), which locates the ventricles; required.

    Raises
    ------
    InputError
        If part of the set or the atlas is missing.
    ICHSegmentationError
        If scikit-image, which comes with the ``train`` extra, is not installed.
    """

    about = About(
        title="PHE-SICH-CT-IDS, figshare 23957937",
        licence="freely published for non-commercial purposes (arXiv:2308.10521)",
        citation=(
            "Ma D, Li C, Qiao L, et al. PHE-SICH-CT-IDS: A Benchmark CT Image Dataset for Evaluation Semantic "
            "Segmentation, Object Detection and Radiomic Feature Extraction of Perihematomal Edema in Spontaneous "
            "Intracerebral Hemorrhage. arXiv:2308.10521, 2023."
        ),
        url="https://doi.org/10.6084/m9.figshare.23957937",
        unknown=Unknown.IGNORED,
        notes=(
            "The set outlines the edema; the clot was derived from it and is to be looked at case by case.",
            "8-bit greys: 0 to 80 HU by estimate, what is darker or brighter is -1000 or 1000.",
            "The spacing of 0.45 x 0.45 x 5 mm is an estimate, and so is every volume.",
            "Nobody has read the series for blood outside of the brain's substance; left and right are unproven.",
        ),
    )

    def __init__(self, source: Path, anatomy: Path | None = None) -> None:
        self._folder = folder_with(source, (_IMAGES, _MASKS))
        if anatomy is None:
            raise InputError(message("research.phe_sich_needs_atlas", files=", ".join(_ATLAS_FILES)))
        self._anatomy = folder_with(anatomy, _ATLAS_FILES)
        if find_spec("skimage") is None:
            raise ICHSegmentationError(message("research.clots_need_scikit_image"))

    def cases(self) -> list[CaseName]:
        """Return one series per patient."""
        names = case_names(self._folder)
        if not names:
            raise InputError(message("research.phe_sich_no_cases", folder=self._folder / _IMAGES))
        return [CaseName(f"phe-sich-{name}", name) for name in names]

    def read(self, case: CaseName) -> PreparedCase:
        """Read a series, derive its clot and mark possible ventricular blood."""
        found = read_case(self._folder, case.patient)
        intracranial = intracranial_mask(found.hu, SPACING_MM[1:])
        if not intracranial.any():
            raise InputError(message("research.phe_sich_no_brain", case=case.patient))
        hu = np.clip(found.hu, *WINDOW_HU)
        clot = derive_clot(hu, found.edema, intracranial, SPACING_MM)
        if not clot.any():
            raise InputError(message("research.phe_sich_no_clot", case=case.patient))
        registered = register_atlas(self._atlas, hu, intracranial, SPACING_MM)
        ventricles = registered.ventricle_distance_mm <= _VENTRICLE_MARGIN_MM
        labels = label_map(hu, clot, ventricles, SPACING_MM, iph=Subtype.IPH)
        labels[labels == IGNORE] = UNKNOWN
        files = tuple(sorted((self._folder / _IMAGES / case.patient).glob("*.png")))
        volume = CTVolume(found.hu, found.grid, CTSource(files=files))
        counts = Counter(cases_with_blood_set_apart_at_the_ventricles=int((labels == UNKNOWN).any()))
        return PreparedCase(volume, LabelMap(labels, found.grid), counts=counts)

    @cached_property
    def _atlas(self) -> Atlas:
        return Atlas.read(self._anatomy)


def _upright(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.rot90(np.asarray(image.convert("L")), -1)


def _mask_of(image: Path) -> Path:
    return image.parents[2] / _MASKS / image.parent.name / image.name
