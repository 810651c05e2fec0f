# SPDX-License-Identifier: Apache-2.0
"""Write data sets in nnU-Net's folder layout, with box files for sets without masks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.training_case.nnunet_layout import (
    BOXES,
    DATASET_NAME,
    IMAGES,
    LABELS,
    SOURCES_NAME,
    SPLITS_NAME,
    dataset_content,
)
from ICHSegmentationLib.io.labels.nifti import sidecar_path, write_labels_nifti, write_on_grid_nifti
from ICHSegmentationLib.research.training.datasets.public_set import UNKNOWN, About, PreparedCase
from ICHSegmentationLib.research.training.datasets.splits import Split

_INDICES = (
    "slice, column and row count along the third, first and second axis of the image file, from 0; "
    "a box reaches from the first to the second number of column and row"
)


class NnunetFolder:
    """Writer of a data set folder; `dataset.json` is written last, so an interrupted run leaves none.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    overwrite : bool
        Replace an existing data set.

    Raises
    ------
    InputError
        If the folder holds a data set and ``overwrite`` is not given, or is a file.
    """

    def __init__(self, folder: Path, *, overwrite: bool) -> None:
        if folder.exists() and not folder.is_dir():
            raise InputError(message("research.output_is_a_file", path=folder))
        if not overwrite and any((folder / name).exists() for name in (DATASET_NAME, IMAGES)):
            raise InputError(message("research.output_holds_a_data_set", folder=folder))
        self.folder = folder
        self.cases_with: Counter[str] = Counter()
        self._written: set[Path] = set()
        self._labelled = 0

    def write_case(self, name: str, case: PreparedCase) -> None:
        """Write the image and the labels or boxes of one case."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / DATASET_NAME).unlink(missing_ok=True)
        image = self._path(IMAGES, f"{name}_0000.nii.gz")
        source = case.volume.source
        write_on_grid_nifti(image, case.volume.hu, case.volume.grid, source)
        if case.labels is not None:
            write_labels_nifti(self._path(LABELS, f"{name}.nii.gz"), case.labels, source)
            self.cases_with.update(_name_of(label) for label in np.unique(case.labels.labels) if label)
            self._labelled += 1
        if case.boxes is not None:
            head = {"schema": 1, "case": name, "image": f"{IMAGES}/{image.name}", "indices": _INDICES}
            write_text(self._path(BOXES, f"{name}.json"), _json({**head, **case.boxes}))
            self.cases_with.update({box["subtype"] for box in case.boxes["boxes"]})

    def finish(self, about: About, splits: Sequence[Split], sources: dict[str, Any]) -> None:
        """Write the JSON files and remove files of an earlier data set."""
        for folder in (IMAGES, LABELS, BOXES):
            for path in (self.folder / folder).glob("*"):
                if path not in self._written:
                    path.unlink()
        write_text(self.folder / SPLITS_NAME, _json(list(splits)))
        write_text(self.folder / SOURCES_NAME, _json(sources))
        content = dataset_content(
            about.title, self._labelled, unknown=about.unknown, licence=about.licence, reference=about.url
        )
        write_text(self.folder / DATASET_NAME, _json(content))

    def _path(self, folder: str, name: str) -> Path:
        path = self.folder / folder / name
        path.parent.mkdir(exist_ok=True)
        self._written |= {path, sidecar_path(path)}
        return path


def _name_of(label: int) -> str:
    return "ICH" if label == UNKNOWN else Subtype(label).name


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
