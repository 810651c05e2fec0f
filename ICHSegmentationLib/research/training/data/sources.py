# SPDX-License-Identifier: Apache-2.0
"""Where training cases come from: nnU-Net's folder layout, PHE-SICH-CT-IDS, and labels corrected by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.export.nnunet_layout import DATASET_NAME, IMAGES, LABELS, SPLITS_NAME
from ICHSegmentationLib.io import read_ct
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.phe_sich_series import case_names, read_case
from ICHSegmentationLib.research.training.datasets.layout import folder_with, read_mask

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


@dataclass(frozen=True, eq=False)
class RawCase:
    """A case on its source slices.

    Attributes
    ----------
    volume : CTVolume
        The scan.
    labels : numpy.ndarray or None
        (slices, rows, columns) uint8: subtypes, 6 for blood of unknown subtype, 255 for what is left out of the loss;
        None where they are to be derived from ``edema``.
    edema : numpy.ndarray or None
        (slices, rows, columns) bool ring around an unlabelled clot.
    """

    volume: CTVolume
    labels: np.ndarray | None = None
    edema: np.ndarray | None = None


class CaseSource(Protocol):
    """A data set with its files at hand."""

    @property
    def title(self) -> str:
        """Short name of the set."""

    def names(self) -> list[str]:
        """Return all cases, sorted."""

    def fold(self, number: int) -> list[str]:
        """Return the validation cases of a fold."""

    def read(self, name: str) -> RawCase:
        """Read a case.

        Raises
        ------
        InputError
            If it cannot be used; the others may be.
        """


def open_sources(data: DataSection) -> list[CaseSource]:
    """Open the data sets that a configuration names.

    Raises
    ------
    InputError
        If one is missing or not in its layout, or two hold a case of the same name.
    """
    sources: list[CaseSource] = [NnunetSource(folder) for folder in data.nnunet]
    if data.phe_sich is not None:
        sources.append(PheSichSource(data.phe_sich))
    seen: dict[str, str] = {}
    for source in sources:
        for name in source.names():
            if name in seen:
                message = f"Both {seen[name]} and {source.title} hold a case {name}; rename one."
                raise InputError(message)
            seen[name] = source.title
    if data.corrected is not None and not data.corrected.is_dir():
        message = f"{data.corrected} (data.corrected) is not a folder."
        raise InputError(message)
    return sources


def read_raw(source: CaseSource, name: str, corrected: Path | None) -> RawCase:
    """Read a case, with its labels corrected by hand where ``corrected`` holds some."""
    case = source.read(name)
    path = None if corrected is None else corrected / f"{name}.nii.gz"
    if path is None or not path.exists():
        return case
    stored, _ = read_mask(path, case.volume)
    return replace(case, labels=stored.astype(np.uint8))


class NnunetSource:
    """A data set in nnU-Net's folder layout.

    The labels in ``dataset.json`` are EDH, SDH, SAH, IPH and IVH, ``ICH`` for blood whose subtype is not known, and
    ``ignore``, in any order.

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
            message = f"{folder} (data.nnunet) is not a folder."
            raise InputError(message)
        self._folder = folder_with(folder, (DATASET_NAME, IMAGES, LABELS))
        content = _read_json(self._folder / DATASET_NAME)
        self._ending = content.get("file_ending", ".nii.gz")
        if self._ending not in _NIFTI:
            message = f"{self._folder / DATASET_NAME}: file_ending is {self._ending}; only NIfTI is read."
            raise InputError(message)
        self._value_of = np.full(256, -1, dtype=np.int16)
        for name, number in content.get("labels", {}).items():
            value = _VALUES.get(str(name).lower())
            if value is None or not isinstance(number, int) or not 0 <= number < len(self._value_of):
                message = (
                    f"{self._folder / DATASET_NAME}: the label {name!r} is not one of background, "
                    f"{', '.join(subtype.name for subtype in Subtype)}, ICH and ignore, with a number from 0 to 255."
                )
                raise InputError(message)
            self._value_of[number] = value
        if not self.names():
            message = f"{self._folder / LABELS} holds no label file ending in {self._ending}."
            raise InputError(message)

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
            message = f"{path} has no fold {number} (data.fold)."
            raise InputError(message)
        return list(folds[number]["val"])

    def read(self, name: str) -> RawCase:
        """Read image and labels."""
        image = self._folder / IMAGES / f"{name}{_CHANNEL}{self._ending}"
        if not image.exists():
            message = f"{image} is missing."
            raise InputError(message)
        volume = read_ct(image)
        path = self._folder / LABELS / f"{name}{self._ending}"
        stored, _ = read_mask(path, volume)
        values = self._value_of[stored.astype(np.int64) % 256]
        if stored.min() < 0 or stored.max() > 255 or (values < 0).any():
            message = f"{path} holds a label that {DATASET_NAME} does not name."
            raise InputError(message)
        return RawCase(volume, labels=values.astype(np.uint8))


class PheSichSource:
    """PHE-SICH-CT-IDS, whose masks are of the edema ring.

    Parameters
    ----------
    folder : Path
        Holds ``images`` and ``masks``.

    Raises
    ------
    InputError
        If one is missing.
    """

    title = "PHE-SICH-CT-IDS"

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            message = f"{folder} (data.phe_sich) is not a folder."
            raise InputError(message)
        self._folder = folder_with(folder, ("images", "masks"))

    def names(self) -> list[str]:
        """Return all patients."""
        return case_names(self._folder)

    def fold(self, number: int) -> list[str]:  # noqa: ARG002 - the set has no split of its own
        """Return nothing: the set has no split; `data.validation` names cases."""
        return []

    def read(self, name: str) -> RawCase:
        """Read one series with its ring."""
        case = read_case(self._folder, name)
        return RawCase(CTVolume(case.hu, case.grid), edema=case.edema)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path} is missing or no JSON."
        raise InputError(message) from error
