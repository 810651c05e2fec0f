# SPDX-License-Identifier: Apache-2.0
"""Training volumes on the pixels of the network, stored as files between preparation and fitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.storage.files import atomic_path
from ICHSegmentationLib.preprocessing.midline_alignment import MidlineAlignment
from ICHSegmentationLib.research.simulation.anatomy import Anatomy

if TYPE_CHECKING:
    from pathlib import Path

_MASKS = ("skull", "intracranial", "brain", "csf", "ventricles")


@dataclass(frozen=True, eq=False)
class TrainingVolume:
    """A head on the pixels of the network.

    Attributes
    ----------
    grey : numpy.ndarray
        (slices, H, W) uint8, `InputSpec.window` as 0 to 255.
    labels : numpy.ndarray
        (slices, H, W) uint8; 255 is ignored by the loss.
    slices_mm : numpy.ndarray
        (slices,) positions along the normal.
    """

    grey: np.ndarray
    labels: np.ndarray
    slices_mm: np.ndarray

    def aligned(self, pixel_mm: float) -> TrainingVolume:
        """Return the volume aligned to its midline, as by `AlignedSampling`.

        Uses cubic splines, because a second linear interpolation would blur the greys.
        """
        greys, slices_mm = self.grey.astype(np.float32) / 255, self.slices_mm
        alignment = MidlineAlignment.of(greys, slices_mm, pixel_mm)
        grey, labels = np.empty_like(self.grey), np.empty_like(self.labels)
        for number, height_mm in enumerate(slices_mm - slices_mm[0]):
            at = alignment.grid_mm(height_mm) / pixel_mm
            turned = ndimage.map_coordinates(greys[number], at, order=3, mode="constant")
            grey[number] = np.rint(np.clip(turned, 0, 1) * 255)
            labels[number] = ndimage.map_coordinates(self.labels[number], at, order=0, mode="constant")
        return TrainingVolume(grey, labels, slices_mm)

    def write(self, path: Path) -> None:
        """Write as compressed npz."""
        _write(path, grey=self.grey, labels=self.labels, slices_mm=self.slices_mm)

    @classmethod
    def read(cls, path: Path) -> TrainingVolume:
        """Read a file of `write`."""
        with np.load(path, allow_pickle=False) as data:
            return cls(data["grey"], data["labels"], data["slices_mm"])


def write_anatomy(path: Path, anatomy: Anatomy) -> None:
    """Write the masks of a host scan."""
    masks = np.stack([getattr(anatomy, name) for name in _MASKS])
    _write(
        path,
        masks=np.packbits(masks, axis=-1),
        deep=anatomy.deep,
        midline_distance_mm=anatomy.midline_distance_mm.astype(np.float16),
        spacing_mm=np.array(anatomy.spacing_mm),
    )


def read_anatomy(path: Path) -> Anatomy:
    """Read a file of `write_anatomy`."""
    with np.load(path, allow_pickle=False) as data:
        deep = data["deep"]
        masks = np.unpackbits(data["masks"], axis=-1, count=deep.shape[-1]).astype(bool)
        slices, rows, columns = data["spacing_mm"].tolist()
        return Anatomy(
            **dict(zip(_MASKS, masks, strict=True)),
            deep=deep,
            midline_distance_mm=data["midline_distance_mm"].astype(np.float32),
            spacing_mm=(slices, rows, columns),
        )


def _write(path: Path, **arrays: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)
