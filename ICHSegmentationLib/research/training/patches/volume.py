# SPDX-License-Identifier: Apache-2.0
"""Prepared volumes as input of a patch-wise network; the mirrored side is computed once and stored."""

from __future__ import annotations

import logging
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import atomic_path
from ICHSegmentationLib.preprocessing.patch_channels import patch_channels
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec
from ICHSegmentationLib.preprocessing.slices import select_slices
from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.data_folder import DataFolder
from ICHSegmentationLib.research.training.data.jobs import done_jobs
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig

_LOG = logging.getLogger(__name__)
# Increment when the mask or the mirroring changes, so that stored files are recomputed.
_VERSION = 1


@dataclass(frozen=True, eq=False)
class PatchVolume:
    """A head on the pixels of the network.

    Attributes
    ----------
    values : numpy.ndarray
        (channels, slices, H, W) uint8, [0, 1] scaled to 255; 0 outside the brain.
    brain : numpy.ndarray
        (slices, H, W) bool.
    labels : numpy.ndarray
        (slices, H, W) uint8, as `TrainingVolume.labels`.
    """

    values: np.ndarray
    brain: np.ndarray
    labels: np.ndarray

    @classmethod
    def read(cls, path: Path, config: TrainingConfig) -> PatchVolume:
        """Read a prepared volume with its stored brain mask and mirrored side, computing these if missing."""
        volume = TrainingVolume.read(path)
        shown = select_slices(volume.slices_mm, config.input.min_distance_mm)
        grey = _averaged(volume, config)[shown]
        kept = _read_kept(path, config, grey)
        if kept is None:
            kept = _keep(path, config, grey, volume.slices_mm[shown])
        brain, opposite = kept
        channels = [grey * brain, opposite][: config.input.channels]
        return cls(np.stack(channels), brain, volume.labels[shown])

    def classes(self, config: TrainingConfig) -> np.ndarray:
        """Return the class of each voxel, 255 if it is ignored by the loss."""
        found: np.ndarray = class_table(config.classes)[self.labels]
        return found


def make_mirrored(
    config: TrainingConfig,
    files: Sequence[Path],
    *,
    workers: int = 1,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> None:
    """Compute missing mirrored sides of volumes in several processes.

    Parameters
    ----------
    config : TrainingConfig
        Configuration with ``input.patches``.
    files : sequence of pathlib.Path
        Prepared volumes.
    workers : int
        Number of processes.
    progress : callable
        Called with the stage and the fraction done.
    """
    folder = DataFolder(config.data.folder)
    todo = [path for path in files if not folder.mirrored(path).exists()]
    for path, error in done_jobs(_make, config, todo, workers=workers, progress=progress, stage="mirrored sides"):
        if error:
            raise InputError(message("research.not_mirrored", volume=path.name, reason=error))


def _make(config: TrainingConfig, path: Path) -> None:
    PatchVolume.read(path, config)


def _averaged(volume: TrainingVolume, config: TrainingConfig) -> np.ndarray:
    weights = config.input.stack_weights(volume.slices_mm)[:, 0]
    if np.array_equal(weights, np.eye(len(weights))):
        return volume.grey
    return np.rint(np.tensordot(weights, volume.grey.astype(np.float32), axes=1)).astype(np.uint8)


def _fingerprint(grey: np.ndarray) -> np.ndarray:
    return np.array([_VERSION, zlib.crc32(np.ascontiguousarray(grey).data), *grey.shape])


def _read_kept(path: Path, config: TrainingConfig, grey: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the stored brain mask and mirrored side, or None if missing or of other greys."""
    kept = DataFolder(config.data.folder).mirrored(path)
    try:
        with np.load(kept, allow_pickle=False) as data:
            if np.array_equal(data["fingerprint"], _fingerprint(grey)):
                return np.unpackbits(data["brain"], axis=-1, count=grey.shape[-1]).astype(bool), data["opposite"]
            _LOG.info("%s was made for another volume and is recomputed.", kept)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        _LOG.warning("%s is damaged and is recomputed.", kept)
    return None


def _keep(path: Path, config: TrainingConfig, grey: np.ndarray, slices_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # The ablation without the mirrored side shares the stored files.
    spec = replace(config.input, patches=PatchSpec(mirrored=True))
    shown = patch_channels(grey.astype(np.float32) / 255, slices_mm, spec)
    opposite = np.rint(shown.values[1] * 255).astype(np.uint8)
    kept = DataFolder(config.data.folder).mirrored(path)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(kept) as temporary:
        np.savez_compressed(
            temporary,
            allow_pickle=False,
            fingerprint=_fingerprint(grey),
            brain=np.packbits(shown.brain, axis=-1),
            opposite=opposite,
        )
    return shown.brain, opposite
