# SPDX-License-Identifier: Apache-2.0
"""Crops around lesions for the second stage: foreground is the lesion of the box, other lesions are ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from monai import transforms
from scipy import ndimage
from torch.utils.data import Dataset

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.preprocessing.box_crops import MIN_CROP_MM, crop_edges, crop_positions
from ICHSegmentationLib.research.training.boxes.targets import TrueBox, true_boxes, varied
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig

_EMPTY_MM = (16.0, 80.0)  # side of a box without a lesion, as of a false detection
_TISSUE = (0.15, 0.85)  # grey at the centre of such a box: neither air nor bone


class _Place(NamedTuple):
    volume: int
    slice_number: int
    box: TrueBox


class CropDataset(Dataset):
    """Crops drawn from prepared volumes; sample number n is the same for the same seed.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Files of `TrainingVolume.write`.
    config : TrainingConfig
        A fraction ``bleed_share`` of the crops shows a lesion; its subtype is drawn first. ``boxes`` configures the
        variation of boxes.

    Raises
    ------
    InputError
        If no volume has a lesion.
    """

    def __init__(self, files: Sequence[Path], config: TrainingConfig) -> None:
        self._seed, self._input, self._boxes = config.seed, config.input, config.boxes
        self._bleed_share = config.optimisation.bleed_share
        self._augmentation = _augmentation(config)
        self._volumes = [TrainingVolume.read(path) for path in files]
        self._weights = [config.input.stack_weights(volume.slices_mm) for volume in self._volumes]
        self._places: dict[int, list[_Place]] = {}
        for number, volume in enumerate(self._volumes):
            for index, plane in enumerate(volume.labels):
                for box in true_boxes(plane):
                    if box.kind in set(Subtype):
                        self._places.setdefault(box.kind, []).append(_Place(number, index, box))
        if not self._places:
            raise InputError(message("research.no_lesions"))

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Return ``image`` (channels, 224, 224) float32, the network input, and ``label`` (1, 224, 224)."""
        rng = np.random.default_rng([self._seed, number])
        place = self._lesion(rng) if rng.random() < self._bleed_share else self._empty(rng)
        volume = self._volumes[place.volume]
        if self._boxes.whole_slices:
            place = place._replace(box=self._varied(whole_slice(volume.labels), rng))
        image, labels = cut_crop(
            volume, self._weights[place.volume][place.slice_number], place.slice_number, place.box, self._input.pixel_mm
        )
        label = lesion_of(labels, place.box.kind)[None]
        turns, flips = int(rng.integers(4)), rng.random(2) < 0.5
        for axis, flipped in zip((1, 2), flips, strict=True):
            if flipped:
                image, label = np.flip(image, axis), np.flip(label, axis)
        image, label = (np.rot90(part, turns, axes=(1, 2)) for part in (image, label))
        self._augmentation.set_random_state(seed=int(rng.integers(2**32 - 1)))
        varied_image = self._augmentation(np.ascontiguousarray(image))
        greys = torch.as_tensor(varied_image).as_subclass(torch.Tensor).clamp(0, 1).float()
        return {
            "image": torch.from_numpy(self._input.network_values(greys.numpy())),
            "label": torch.from_numpy(np.ascontiguousarray(label)).long(),
        }

    def _lesion(self, rng: np.random.Generator) -> _Place:
        places = self._places[int(rng.choice(list(self._places)))]
        place = places[rng.integers(len(places))]
        return place._replace(box=self._varied(place.box, rng))

    def _varied(self, box: TrueBox, rng: np.random.Generator) -> TrueBox:
        return varied(box, rng, jitter=self._boxes.jitter, margin=self._boxes.margin)

    def _empty(self, rng: np.random.Generator) -> _Place:
        """Draw a box anywhere in the head; hemorrhage inside it is ignored."""
        number = int(rng.integers(len(self._volumes)))
        volume = self._volumes[number]
        index = int(rng.integers(len(volume.grey)))
        grey = volume.grey[index] / 255
        rows, columns = np.nonzero((grey > _TISSUE[0]) & (grey < _TISSUE[1]))
        height, width = rng.uniform(*_EMPTY_MM, 2) / self._input.pixel_mm
        if not len(rows):
            rows, columns = (np.array([size // 2]) for size in grey.shape)
        chosen = rng.integers(len(rows))
        middle = np.array([rows[chosen], columns[chosen]] * 2) + 0.5
        edges = (middle + np.array([-height, -width, height, width]) / 2).tolist()
        return _Place(number, index, TrueBox((edges[0], edges[1], edges[2], edges[3]), 0))


def whole_slice(labels: np.ndarray) -> TrueBox:
    """Return a box around a whole slice of (slices, rows, columns) labels, for hemorrhage of any subtype."""
    return TrueBox((0, 0, labels.shape[1], labels.shape[2]), UNKNOWN_SUBTYPE)


def cut_crop(
    volume: TrainingVolume, weights: np.ndarray, index: int, box: TrueBox, pixel_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sample the network input of a box.

    Parameters
    ----------
    volume : TrainingVolume
        A head.
    weights : numpy.ndarray
        (channels, slices) weights that combine all slices into the channels of the slice.
    index : int
        Index of the slice.
    box : TrueBox
        Box in pixels.
    pixel_mm : float
        Pixel size of the volume.

    Returns
    -------
    image : numpy.ndarray
        (channels, 224, 224) float32 in [0, 1].
    labels : numpy.ndarray
        (224, 224) uint8.
    """
    top, left, bottom, right = box.edges
    min_px = MIN_CROP_MM / pixel_mm
    rows, columns = (crop_positions(*crop_edges(*ends, min_px)) for ends in ((top, bottom), (left, right)))
    at = np.meshgrid(rows - 0.5, columns - 0.5, indexing="ij")
    used = np.flatnonzero(weights.any(axis=0))
    planes = [
        ndimage.map_coordinates(volume.grey[slice_index], at, order=1, output=np.float32, mode="nearest") / 255
        for slice_index in used
    ]
    image = np.tensordot(weights[:, used], np.stack(planes), axes=1)
    labels = ndimage.map_coordinates(volume.labels[index], at, order=0, mode="constant")
    return image, labels


def lesion_of(labels: np.ndarray, kind: int) -> np.ndarray:
    """Return 1 for hemorrhage of the subtype of a box, 0 for tissue and `IGNORE` for other subtypes, uint8.

    For a box of unknown subtype all hemorrhage counts, except `IGNORE`.
    """
    own = labels != IGNORE if kind == UNKNOWN_SUBTYPE else labels == kind
    return np.where(labels == 0, 0, np.where(own, 1, IGNORE)).astype(np.uint8)


def _augmentation(config: TrainingConfig) -> transforms.Compose:
    if not config.augmentation.intensities:
        return transforms.Compose([])
    return transforms.Compose(
        [
            transforms.RandGaussianSmooth(prob=0.25, sigma_x=(0.5, 2.0), sigma_y=(0.5, 2.0)),
            transforms.RandGaussianNoise(prob=0.3, std=0.05),
            transforms.RandScaleIntensity(factors=0.12, prob=0.4),
            transforms.RandShiftIntensity(offsets=0.05, prob=0.4),
        ]
    )
