# SPDX-License-Identifier: Apache-2.0
"""Sources of training cases: nnU-Net folders, PHE-SICH-CT-IDS and manually corrected labels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.export.training_case.nnunet_layout import DATASET_NAME, IMAGES, LABELS, SPLITS_NAME
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.research.training.data.case_source import CaseSource, RawCase
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.datasets.layout import folder_with, read_mask
from ICHSegmentationLib.research.training.datasets.phe_sich import PheSichSource

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import DataSection

_CHANNEL = "_0000"
_NIFTI = (".nii.gz", ".nii")
_VALUES = {
    "background": 0,
    **{subtype.name.lower(): int(subtype) for subtype in Subtype},
    ANY_BLOOD.lower(): UNKNOWN_SUBTYPE,
    "ignore": IGNORE,
}


def open_sources(data: DataSection) -> list[CaseSource]:
    """Open the data sets that a configuration names.

    Raises
    ------
    InputError
        If one is missing or has another layout, or two hold a case of the same name.
    """
    sources: list[CaseSource] = [NnunetSource(folder) for folder in data.nnunet]
    if data.phe_sich is not None:
        sources.append(PheSichSource(data.phe_sich))
    seen: dict[str, str] = {}
    for source in sources:
        for name in source.names():
            if name in seen:
                raise InputError(message("research.case_twice", first=seen[name], second=source.title, case=name))
            seen[name] = source.title
    if data.corrected is not None and not data.corrected.is_dir():
        raise InputError(message("research.setting_not_a_folder", path=data.corrected, setting="data.corrected"))
    return sources


def read_raw(source: CaseSource, name: str, corrected: Path | None) -> RawCase:
    """Read a case; labels in the folder ``corrected`` replace its own."""
    case = source.read(name)
    path = None if corrected is None else corrected / f"{name}.nii.gz"
    if path is None or not path.exists():
        return case
    stored, _ = read_mask(path, case.volume)
    return replace(case, labels=stored.astype(np.uint8))


class NnunetSource:
    """A data set in nnU-Net's folder layout.

    Label names in ``dataset.json``, in any order: EDH, SDH, SAH, IPH, IVH, ``ICH`` for hemorrhage of unknown subtype,
    and ``ignore``.

    Parameters
    ----------
    folder : Path
        Holds ``dataset.json``, ``imagesTr`` and ``labelsTr``.

    Raises
    ------
    InputError
        If a part is missing or a label has another name.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(message("research.setting_not_a_folder", path=folder, setting="data.nnunet"))
        self._folder = folder_with(folder, (DATASET_NAME, IMAGES, LABELS))
        content = _read_json(self._folder / DATASET_NAME)
        self._ending = content.get("file_ending", ".nii.gz")
        if self._ending not in _NIFTI:
            raise InputError(message("research.file_ending", path=self._folder / DATASET_NAME, ending=self._ending))
        self._value_of = np.full(256, -1, dtype=np.int16)
        for name, number in content.get("labels", {}).items():
            value = _VALUES.get(str(name).lower())
            if value is None or not isinstance(number, int) or not 0 <= number < len(self._value_of):
                raise InputError(
                    message(
                        "research.label_name",
                        path=self._folder / DATASET_NAME,
                        name=name,
                        names=", ".join(subtype.name for subtype in Subtype),
                    )
                )
            self._value_of[number] = value
        if not self.names():
            raise InputError(message("research.no_label_files", folder=self._folder / LABELS, endings=self._ending))

    @property
    def title(self) -> str:
        """Name of the folder."""
        return self._folder.name

    def names(self) -> list[str]:
        """Return the cases that have labels."""
        return sorted(path.name.removesuffix(self._ending) for path in (self._folder / LABELS).glob(f"*{self._ending}"))

    def fold(self, number: int) -> list[str]:
        """Return ``val`` of a fold of ``splits_final.json``."""
        path = self._folder / SPLITS_NAME
        folds = _read_json(path)
        if not isinstance(folds, list) or number >= len(folds):
            raise InputError(message("research.no_fold", path=path, fold=number))
        return list(folds[number]["val"])

    def read(self, name: str) -> RawCase:
        """Read image and labels."""
        image = self._folder / IMAGES / f"{name}{_CHANNEL}{self._ending}"
        if not image.exists():
            raise InputError(message("research.missing_file", path=image))
        volume = read_ct(image)
        path = self._folder / LABELS / f"{name}{self._ending}"
        stored, _ = read_mask(path, volume)
        values = self._value_of[stored.astype(np.int64) % 256]
        if stored.min() < 0 or stored.max() > 255 or (values < 0).any():
            raise InputError(message("research.unnamed_label", path=path, table=DATASET_NAME))
        return RawCase(volume, labels=values.astype(np.uint8))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(message("research.json_unreadable", path=path)) from error
