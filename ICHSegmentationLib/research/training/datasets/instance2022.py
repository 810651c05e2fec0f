# SPDX-License-Identifier: Apache-2.0
"""INSTANCE 2022, training part: binary masks of any hemorrhage.

The archive ``train_2.zip`` holds ``train_2/data/001.nii.gz`` and ``train_2/label/001.nii.gz`` up to 100, label 1 for
hemorrhage (the layout read by public loaders such as torch-em; its description calls the folder ``train``). Each scan
is assumed to be of a different patient.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.export.training_case.nnunet_layout import Unknown
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.research.training.datasets.layout import folder_with, paired_files, read_mask
from ICHSegmentationLib.research.training.datasets.public_set import UNKNOWN, About, CaseName, PreparedCase


class Instance2022:
    """The labelled part of the challenge; all hemorrhage has label 6.

    Parameters
    ----------
    source : Path
        ``train_2``, or the folder that holds it.

    Raises
    ------
    InputError
        If images or masks are missing.
    """

    about = About(
        title="INSTANCE 2022: Intracranial Hemorrhage Segmentation Challenge on Non-Contrast Head CT, train_2",
        licence="CC BY-NC-ND (annotations); use is bound by the challenge's data agreement",
        citation=(
            "Li X, Luo G, Wang K, et al. The state-of-the-art 3D anisotropic intracranial hemorrhage segmentation on "
            "non-contrast head CT: The INSTANCE challenge. arXiv:2301.03281, 2023."
        ),
        url="https://instance.grand-challenge.org/",
        unknown=Unknown.CLASS,
        notes=("The masks have no subtypes: all hemorrhage has label 6.", "One scan per patient is assumed."),
    )

    def __init__(self, source: Path) -> None:
        self._folder = folder_with(source, ("data", "label"), inside=("train_2", "train"))

    def cases(self) -> list[CaseName]:
        """Return all scans, each of a different patient."""
        return [CaseName(f"instance2022-{name}", name) for name in self._files]

    def read(self, case: CaseName) -> PreparedCase:
        """Read a scan and its mask."""
        scan, mask = self._files[case.patient]
        volume = read_ct(scan)
        stored, counts = read_mask(mask, volume)
        labels = np.where(stored > 0, UNKNOWN, 0).astype(np.uint8)
        return PreparedCase(volume, LabelMap(labels, volume.grid), counts=counts)

    @cached_property
    def _files(self) -> dict[str, tuple[Path, Path]]:
        return paired_files(self._folder / "data", self._folder / "label")
