# SPDX-License-Identifier: Apache-2.0
"""A scan held out for evaluation, with its reference, on its own slices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.storage.files import atomic_path

PATIENTS, SIMULATED, VARIED, NEGATIVES = "patients", "simulated", "varied", "negatives"
MIMICS, MIMICS_IN_PATIENTS = "look-alikes", "look-alikes-in-patients"
GROUPS = (PATIENTS, SIMULATED, VARIED, MIMICS, MIMICS_IN_PATIENTS, NEGATIVES)


class HeldOutFile(NamedTuple):
    """Group, name and file of a case."""

    group: str
    name: str
    path: Path


@dataclass(frozen=True, eq=False)
class HeldOutCase:
    """A scan with its reference.

    Attributes
    ----------
    volume : CTVolume
        Input of the model.
    labels : numpy.ndarray
        (slices, rows, columns) uint8, values of `Subtype`.
    ignored : numpy.ndarray
        (slices, rows, columns) bool, voxels excluded from all metrics: unknown, or evaluated in another case.
    """

    volume: CTVolume
    labels: np.ndarray
    ignored: np.ndarray

    @property
    def reference(self) -> LabelMap:
        """Reference labels without ignored voxels."""
        return self.known(self.labels)

    def known(self, labels: np.ndarray) -> LabelMap:
        """Return labels with ignored voxels set to 0."""
        return LabelMap(np.where(self.ignored, np.uint8(0), labels).astype(np.uint8), self.volume.grid)

    def write(self, path: Path) -> None:
        """Write as compressed npz, atomically."""
        grid = self.volume.grid
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            np.savez_compressed(
                temporary,
                allow_pickle=False,
                hu=self.volume.hu,
                labels=self.labels,
                ignored=self.ignored,
                positions_mm=grid.positions_mm,
                orientation=grid.orientation,
                spacing_mm=np.array(grid.spacing_mm),
            )

    @classmethod
    def read(cls, path: Path) -> HeldOutCase:
        """Read what `write` wrote."""
        with np.load(path, allow_pickle=False) as data:
            rows_mm, columns_mm = data["spacing_mm"].tolist()
            grid = SliceGrid(data["hu"].shape, data["positions_mm"], data["orientation"], (rows_mm, columns_mm))
            return cls(CTVolume(data["hu"], grid), data["labels"], data["ignored"])
