# SPDX-License-Identifier: Apache-2.0
"""PhysioNet CT-ICH 1.3.1: binary masks and a table of the subtypes on each slice.

Layout as in the README of the set and its ``split_raw_data.py``: ``ct_scans/049.nii``, ``masks/049.nii`` and
``hemorrhage_diagnosis_raw_ct.csv`` with PatientNumber, SliceNumber and one 0/1 column per subtype. As in public
loaders, SliceNumber counts from 1 along the third axis of the file, one row per slice; other tables are refused.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.training_case.nnunet_layout import Unknown
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.research.training.datasets.layout import (
    folder_with,
    paired_files,
    read_mask,
    read_rows,
    whole_number,
)
from ICHSegmentationLib.research.training.datasets.public_set import UNKNOWN, About, CaseName, PreparedCase

TABLE = "hemorrhage_diagnosis_raw_ct.csv"
_SUBTYPES = {
    "Intraventricular": Subtype.IVH,
    "Intraparenchymal": Subtype.IPH,
    "Subarachnoid": Subtype.SAH,
    "Epidural": Subtype.EDH,
    "Subdural": Subtype.SDH,
}


class CtIch:
    """The set; hemorrhage has the subtype of its slice if there is exactly one, else label 6.

    Parameters
    ----------
    source : Path
        Folder that holds ``ct_scans``, ``masks`` and the table.

    Raises
    ------
    InputError
        If one of them is missing.
    """

    about = About(
        title="Computed Tomography Images for Intracranial Hemorrhage Detection and Segmentation (ct-ich) 1.3.1",
        licence="PhysioNet Restricted Health Data License 1.5.0; restricted access, not to be passed on",
        citation=(
            "Hssayeni M. Computed Tomography Images for Intracranial Hemorrhage Detection and Segmentation (version "
            "1.3.1). PhysioNet 2020, doi:10.13026/4nae-zg36; Hssayeni MD, Croock MS, Salman AD, Al-khafaji HF, Yahya "
            "ZA, Ghoraani B. Intracranial Hemorrhage Segmentation Using a Deep Convolutional Model. Data 5(1) 2020, 14."
        ),
        url="https://physionet.org/content/ct-ich/1.3.1/",
        unknown=Unknown.IGNORED,
        notes=(
            "The masks are binary; the subtype comes from the table if a slice has exactly one.",
            "Hemorrhage on slices with several subtypes or none has label 6, which nnU-Net ignores.",
        ),
    )

    def __init__(self, source: Path) -> None:
        self._folder = folder_with(source, ("ct_scans", "masks", TABLE))

    def cases(self) -> list[CaseName]:
        """Return one scan per patient."""
        for name in self._files:
            if not name.isdecimal() or int(name) not in self._subtypes:
                raise InputError(message("research.ct_ich_no_rows", path=self._folder / TABLE, case=name))
        return [CaseName(f"ct-ich-{name}", name) for name in self._files]

    def read(self, case: CaseName) -> PreparedCase:
        """Read a scan and its mask, and assign subtypes by the table."""
        scan, mask = self._files[case.patient]
        volume = read_ct(scan)
        stored, counts = read_mask(mask, volume)
        rows = self._subtypes[int(case.patient)]
        if volume.source.storage_axes[0] != 2 or sorted(rows) != list(range(1, volume.grid.shape[0] + 1)):
            raise InputError(
                message(
                    "research.ct_ich_slice_numbers",
                    path=self._folder / TABLE,
                    slices=volume.grid.shape[0],
                    scan=scan.name,
                )
            )
        labels = np.zeros(volume.grid.shape, dtype=np.uint8)
        for index, plane in enumerate(stored > 0):
            subtypes = rows[index + 1]
            labels[index][plane] = subtypes[0] if len(subtypes) == 1 else UNKNOWN
            counts[_count_key(len(subtypes), outlined=bool(plane.any()))] += 1
        return PreparedCase(volume, LabelMap(labels, volume.grid), counts=counts)

    @cached_property
    def _files(self) -> dict[str, tuple[Path, Path]]:
        return paired_files(self._folder / "ct_scans", self._folder / "masks")

    @cached_property
    def _subtypes(self) -> dict[int, dict[int, list[Subtype]]]:
        """Subtypes by patient and slice number."""
        path = self._folder / TABLE
        found: dict[int, dict[int, list[Subtype]]] = defaultdict(dict)
        rows = read_rows(path, ("PatientNumber", "SliceNumber", *_SUBTYPES))
        for line, row in enumerate(rows, start=2):
            patient, number = (whole_number(row, column, path, line) for column in ("PatientNumber", "SliceNumber"))
            found[patient][number] = [
                subtype for column, subtype in _SUBTYPES.items() if whole_number(row, column, path, line)
            ]
        return found


def _count_key(subtypes: int, *, outlined: bool) -> str:
    if not outlined:
        return "slices_marked_but_not_outlined" if subtypes else "slices_without_blood"
    return {0: "slices_outlined_but_not_marked", 1: "slices_of_one_subtype"}.get(subtypes, "slices_of_several_subtypes")
