# SPDX-License-Identifier: Apache-2.0
"""PHE-SICH-CT-IDS: the clot derived from the edema ring that the set outlines.

Layout (``images/0001/0001_*.png``, ``masks/0001/0001_*.png``) and estimates (window, spacing) are those of
:mod:`ICHSegmentationLib.research.training.data.phe_sich_series`; the download from figshare holds
other formats of the same slices as well, and how its archives are sorted into folders was not checked.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.source import CTSource
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.export.nnunet_layout import Unknown
from ICHSegmentationLib.preprocessing.head import intracranial_mask
from ICHSegmentationLib.research.training.data.phe_sich_series import SPACING_MM, WINDOW_HU, case_names, read_case
from ICHSegmentationLib.research.training.datasets.layout import folder_with
from ICHSegmentationLib.research.training.datasets.public_set import UNKNOWN, About, CaseName, PreparedCase

if TYPE_CHECKING:
    from ICHSegmentationLib.research.simulation.host_anatomy import Atlas

_ATLAS_FILES = ("atlas_labels.csv", "atlas_template_space.nii.gz", "ct_template_mask.nii.gz")
_VENTRICLE_MARGIN_MM = 1.5


class PheSich:
    """The real series; blood that may lie in the ventricles has label 6, the rest of the clot is IPH.

    Parameters
    ----------
    source : Path
        Folder that holds ``images`` and ``masks``.
    anatomy : Path or None
        Folder of the brain atlas of blast-ct (Apache-2.0), by which the ventricles are found.

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
        self._folder = folder_with(source, ("images", "masks"))
        if anatomy is None:
            message = (
                "PHE-SICH-CT-IDS does not say which blood lies in the ventricles; give the folder of the blast-ct "
                f"atlas ({', '.join(_ATLAS_FILES)}) with --anatomy."
            )
            raise InputError(message)
        self._anatomy = folder_with(anatomy, _ATLAS_FILES)
        if find_spec("skimage") is None:
            message = (
                "Deriving the clots needs scikit-image: "
                'run pip install -c constraints.txt ".[train]" in the folder of this project.'
            )
            raise ICHSegmentationError(message)

    def cases(self) -> list[CaseName]:
        """One series of each patient."""
        names = case_names(self._folder)
        if not names:
            message = f"{self._folder / 'images'} holds no folder of a case."
            raise InputError(message)
        return [CaseName(f"phe-sich-{name}", name) for name in names]

    def read(self, case: CaseName) -> PreparedCase:
        """Read a series, derive its clot, and set ventricular blood apart."""
        from ICHSegmentationLib.research.simulation.host_anatomy import register_atlas
        from ICHSegmentationLib.research.training.data.clot import IGNORE, derive_clot, label_map

        found = read_case(self._folder, case.patient)
        intracranial = intracranial_mask(found.hu, SPACING_MM[1:])
        if not intracranial.any():
            message = f"Case {case.patient}: no brain was found inside a skull."
            raise InputError(message)
        hu = np.clip(found.hu, *WINDOW_HU)
        clot = derive_clot(hu, found.edema, intracranial, SPACING_MM)
        if not clot.any():
            message = f"Case {case.patient}: no clot was found inside the edema ring."
            raise InputError(message)
        registered = register_atlas(self._atlas, hu, intracranial, SPACING_MM)
        ventricles = registered.ventricle_distance_mm <= _VENTRICLE_MARGIN_MM
        labels = label_map(hu, clot, ventricles, SPACING_MM, iph=Subtype.IPH)
        labels[labels == IGNORE] = UNKNOWN
        files = tuple(sorted((self._folder / "images" / case.patient).glob("*.png")))
        volume = CTVolume(found.hu, found.grid, CTSource(files=files))
        counts = Counter(cases_with_blood_set_apart_at_the_ventricles=int((labels == UNKNOWN).any()))
        return PreparedCase(volume, LabelMap(labels, found.grid), counts=counts)

    @cached_property
    def _atlas(self) -> Atlas:
        from ICHSegmentationLib.research.simulation.host_anatomy import Atlas

        return Atlas.read(self._anatomy)
