# SPDX-License-Identifier: Apache-2.0
"""BHSD: 192 scans with masks of five subtypes (Wu et al., MLMI 2023).

``label_192.zip`` of the authors holds ``label_192/images`` and ``label_192/ground truths`` (the layout read by public
loaders such as torch-em); some copies call the masks ``labels``. Label order of the authors' ``dataset.json``
(repository White65534/BHSD): 1 epidural, 2 intraparenchymal, 3 intraventricular, 4 subarachnoid, 5 subdural. File names
are ``ID_<8 digits>_ID_<10 digits>.nii.gz``; the first part is assumed to be the patient and the second the study, as in
RSNA 2019, the origin of the scans (ID_2db7ee14 occurs with two studies).
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.training_case.nnunet_layout import Unknown
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.research.training.datasets.layout import folder_with, paired_files, read_mask
from ICHSegmentationLib.research.training.datasets.public_set import About, CaseName, PreparedCase

_MASKS = ("ground truths", "labels")
_ORDER = np.array([0, Subtype.EDH, Subtype.IPH, Subtype.IVH, Subtype.SAH, Subtype.SDH], dtype=np.uint8)
_PATIENT = re.compile(r"(ID_[0-9a-f]{8})_ID_[0-9a-f]+")


class Bhsd:
    """The labelled part of the set with renumbered labels.

    Parameters
    ----------
    source : Path
        ``label_192``, or the folder that holds it.

    Raises
    ------
    InputError
        If images or masks are missing.
    """

    about = About(
        title="BHSD: A 3D Multi-class Brain Hemorrhage Segmentation Dataset, label_192",
        licence=(
            "MIT by the README of the authors' repository (2023); the scans are those of RSNA 2019, which has terms of "
            "its own: check both"
        ),
        citation=(
            "Wu B, Xie Y, Zhang Z, Ge J, Yaxley K, Bahadir S, Wu Q, Liu Y, To MS. BHSD: A 3D Multi-class Brain "
            "Hemorrhage Segmentation Dataset. MLMI 2023, 147-156, doi:10.1007/978-3-031-45673-2_15."
        ),
        url="https://github.com/White65534/BHSD",
        unknown=Unknown.ABSENT,
        notes=("The first part of a file name is assumed to be the patient.",),
    )

    def __init__(self, source: Path) -> None:
        folder = folder_with(source, ("images",), inside=("label_192",))
        masks = next((folder / name for name in _MASKS if (folder / name).is_dir()), None)
        if masks is None:
            raise InputError(message("research.bhsd_no_masks", folder=folder))
        self._images, self._masks = folder / "images", masks

    def cases(self) -> list[CaseName]:
        """Return all scans; a patient may have several."""
        names = []
        for name in self._files:
            match = _PATIENT.fullmatch(name)
            if match is None:
                raise InputError(message("research.bhsd_file_name", path=self._images / name))
            names.append(CaseName(name, match[1]))
        return names

    def read(self, case: CaseName) -> PreparedCase:
        """Read a scan and its mask, and renumber the labels."""
        scan, mask = self._files[case.name]
        volume = read_ct(scan)
        stored, counts = read_mask(mask, volume)
        if stored.min() < 0 or stored.max() >= len(_ORDER):
            raise InputError(message("research.bhsd_label", path=mask, label=stored.max()))
        return PreparedCase(volume, LabelMap(_ORDER[stored.astype(np.intp)], volume.grid), counts=counts)

    @cached_property
    def _files(self) -> dict[str, tuple[Path, Path]]:
        return paired_files(self._images, self._masks)
