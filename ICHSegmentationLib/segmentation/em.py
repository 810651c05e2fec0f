# SPDX-License-Identifier: Apache-2.0
"""Segment blood by brightness: a Gaussian mixture of the brain's HU, without training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE
from ICHSegmentationLib.preprocessing.head import inside_skull, require_head
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.segmentation.mixture import Mixture, fit_mixture
from ICHSegmentationLib.segmentation.segmenter import Segmented

if TYPE_CHECKING:
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
    from ICHSegmentationLib.segmentation.segmenter import Companions

_HARD_HU = 100  # skull and calcification; clots are softer
_SMOOTHING_MM = 0.6
_SKULL_MARGIN_MM, _BOX_SKULL_MARGIN_MM = 2.5, 1.0  # partial volume of bone is as bright as blood
_OPENING_MM = 2.0  # radius of the opening: dura and vessels are thinner
_BINS = np.arange(0.25, _HARD_HU, 0.5)
_BLOOD_ABOVE_HU, _BOX_BLOOD_ABOVE_HU = 14.0, 8.0  # above the brain's median; a box is known to contain blood
_SD_HU = (2.0, 8.0)
# Fluid, white matter, grey matter, blood: offset of the mean from the brain's median, standard deviation, weight.
_START = np.array([(-20.0, 6.0, 0.15), (-4.0, 4.0, 0.4), (4.0, 4.0, 0.4), (24.0, 6.0, 0.05)])
_BLOOD_IN_BOX = 0.3
_MAX_SLICES = 6  # of a box, for skull and brain; limits the time for boxes of thin slices
_AROUND_MM = 4.0  # context of a box, for smoothing at its edge and for the skull beside it
_MIN_FRACTION = 0.05  # of the blood in a box, for a component to be kept


@dataclass(frozen=True, eq=False)
class _Brain:
    """Axial slices as input of the mixture.

    Attributes
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) float32, smoothed in plane.
    skull_mm : numpy.ndarray
        (slices, rows, columns) float32, in-plane distance to skull or calcification; 0 outside the skull.
    median_hu, spread_hu : float
        Median and half the distance between the 16th and 84th percentiles of the voxels away from the skull.
    """

    hu: np.ndarray
    skull_mm: np.ndarray
    median_hu: float
    spread_hu: float

    @classmethod
    def of(cls, hu: np.ndarray, inside: np.ndarray, spacing_mm: tuple[float, float]) -> _Brain:
        """Smooth slices and compute the distance of every voxel inside the skull to hard voxels."""
        sigma = (0.0, *(_SMOOTHING_MM / step for step in spacing_mm))
        smooth = ndimage.gaussian_filter(np.clip(hu, 0, _HARD_HU).astype(np.float32), sigma)
        skull_mm = np.zeros(hu.shape, dtype=np.float32)
        for plane, hard, within in zip(skull_mm, hu >= _HARD_HU, inside, strict=True):
            if within.any():
                far = ndimage.distance_transform_edt(~hard, sampling=spacing_mm) if hard.any() else np.inf
                plane[:] = np.where(within, far, 0)
        brain = smooth[skull_mm > _SKULL_MARGIN_MM]
        low, median, high = np.percentile(brain, (16, 50, 84)).tolist() if brain.size else (0.0, 0.0, 0.0)
        return cls(smooth, skull_mm, median, (high - low) / 2)

    def fit(self) -> Mixture:
        """Fit the mixture to the brain."""
        start = Mixture(_START[:, 2], self.median_hu + _START[:, 0], _START[:, 1])
        counts = _histogram(self.hu[self.skull_mm > _SKULL_MARGIN_MM])
        min_mean = self.median_hu + _BLOOD_ABOVE_HU
        return fit_mixture(_BINS, counts, start, sd_range=_SD_HU, min_last_mean=min_mean)

    def blood(self, mixture: Mixture, values: np.ndarray) -> np.ndarray:
        """Return the probability of blood for smoothed HU; it increases monotonically."""
        posteriors = np.where(self.median_hu < _BINS, mixture.responsibilities(_BINS)[:, -1], 0)
        blood: np.ndarray = np.interp(values, _BINS, np.maximum.accumulate(posteriors)).astype(np.float32)
        return blood


class EmSegmenter:
    """Label blood with a mixture of fluid, white matter, grey matter and blood (after Kärkkäinen et al. 2021).

    Skull and calcification are removed with a margin, the rest inside the skull is smoothed in plane, and the mixture
    is fitted to its histogram from a fixed start, so the result is deterministic. The brightest component is blood.

    Inside a box, the mixture is fitted to the slices that the box spans, then its brightest component to the box.

    Parameters
    ----------
    entry : ModelEntry
        Not used.
    runtime : Runtime
        Not used.
    postprocessing : PostProcessing
        Rules applied to the labels of a whole scan.
    companions : Companions
        Not used.
    """

    box_warning = message("segmentation.brightness_in_boxes")

    def __init__(
        self,
        entry: ModelEntry,  # noqa: ARG002
        runtime: Runtime,  # noqa: ARG002
        postprocessing: PostProcessing,
        companions: Companions | None = None,  # noqa: ARG002
    ) -> None:
        self._postprocessing = postprocessing

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume; see `Segmenter.segment`."""
        orientation = CanonicalOrientation.of(volume.grid)
        hu = orientation.apply(volume.hu)
        spacing_mm = _spacing(orientation)
        with stages.stage("preprocess"):
            _, warnings = require_head(hu, orientation.coordinates_mm, force=force)
            stages.advance(0.5)
            inside = inside_skull(hu, orientation.coordinates_mm)
            stages.advance(0.8)
            brain = _Brain.of(hu, inside, spacing_mm)
        with stages.stage("infer"):
            blood = brain.blood(brain.fit(), brain.hu)
            blood[(brain.skull_mm <= _SKULL_MARGIN_MM) | _under_bone(hu, orientation.coordinates_mm[0])] = 0
        with stages.stage("postprocess"):
            found = _opened(blood >= 0.5, spacing_mm, stages.advance)
            labels = np.where(found, np.uint8(UNKNOWN_SUBTYPE), np.uint8(0))
            confidence = np.rint(255 * blood).astype(np.uint8)
            labels, confidence = (np.ascontiguousarray(orientation.invert(part)) for part in (labels, confidence))
            label_map = LabelMap(
                self._postprocessing.apply(labels, volume.grid, hu=volume.hu, blood=confidence), volume.grid
            )
            boxes = lesion_boxes(label_map, confidence)
        return Segmented(label_map, (*warnings, message("segmentation.brightness_only")), boxes)

    def predict_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """Return the probability of blood in a box; see `BoxSegmenter.predict_in_box`."""
        region, inside_box = box.voxels(volume.grid)
        orientation = CanonicalOrientation.of(volume.grid)
        slices, *sides = orientation.region(region, volume.grid.shape)
        spacing_mm, in_box = _spacing(orientation), orientation.apply(inside_box)
        hu = orientation.apply(volume.hu)[slices]
        shown = np.linspace(0, len(hu) - 1, min(len(hu), _MAX_SLICES)).round().astype(int)
        inside = inside_skull(hu[shown], orientation.coordinates_mm)
        nearest = np.abs(np.subtract.outer(np.arange(len(hu)), shown)).argmin(axis=1)
        around = [_widened(side, _AROUND_MM / step) for side, step in zip(sides, spacing_mm, strict=True)]
        if not (inside[nearest][:, *sides] & in_box).any():
            # Vertex, base, or no head at all: use the whole box.
            inside = np.ones_like(inside)
        head = tuple(slice(np.flatnonzero(seen)[0], np.flatnonzero(seen)[-1] + 1) for seen in _sides(inside))
        brain = _Brain.of(hu[shown][:, *head], inside[:, *head], spacing_mm)
        local = _Brain.of(hu[:, *around], inside[nearest][:, *around], spacing_mm)
        part = tuple(
            slice(side.start - wide.start, side.stop - wide.start) for side, wide in zip(sides, around, strict=True)
        )
        values = local.hu[:, *part]
        tissue = in_box & (local.skull_mm[:, *part] > _BOX_SKULL_MARGIN_MM)
        blood = np.where(tissue, brain.blood(_fit_to_box(brain, values[tissue]), values), 0)
        lesion = _main_components(blood >= 0.5)
        blood[~lesion] = 0
        holes = np.stack([ndimage.binary_fill_holes(plane) for plane in lesion]) & ~lesion
        blood[holes] = 0.5
        return np.ascontiguousarray(orientation.invert(blood))


def _fit_to_box(brain: _Brain, values: np.ndarray) -> Mixture:
    """Fit the brightest component to the voxels of a box; the others keep their parameters but the weights."""
    whole = brain.fit()
    tissue = whole.weights[:-1] / whole.weights[:-1].sum()
    weights = np.append(tissue * (1 - _BLOOD_IN_BOX), _BLOOD_IN_BOX)
    return fit_mixture(
        _BINS,
        _histogram(values),
        Mixture(weights, whole.means, whole.sds),
        # A wider component would include the partial volume at the lesion's edge.
        sd_range=(_SD_HU[0], max(_SD_HU[0], brain.spread_hu)),
        min_last_mean=brain.median_hu + _BOX_BLOOD_ABOVE_HU,
        fixed=len(tissue),
    )


def _sides(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and the columns with a voxel on any slice."""
    rows, columns = (np.asarray(mask.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    return rows, columns


def _widened(side: slice, pixels: float) -> slice:
    """Extend a slice by pixels at both ends, not below 0."""
    return slice(max(side.start - round(pixels), 0), side.stop + round(pixels))


def _spacing(orientation: CanonicalOrientation) -> tuple[float, float]:
    rows_mm, columns_mm = orientation.coordinates_mm[1:]
    return float(rows_mm[1] - rows_mm[0]), float(columns_mm[1] - columns_mm[0])


def _under_bone(hu: np.ndarray, slices_mm: np.ndarray) -> np.ndarray:
    """Return the voxels with bone above or below them within reach, at least on the next slice."""
    reach = max(1, round(_SKULL_MARGIN_MM / float(np.median(np.diff(slices_mm)))))
    under: np.ndarray = ndimage.maximum_filter1d(hu >= _HARD_HU, 2 * reach + 1, axis=0)
    return under


def _histogram(values: np.ndarray) -> np.ndarray:
    return np.bincount((values * 2).astype(int).clip(0, len(_BINS) - 1), minlength=len(_BINS)).astype(np.float64)


def _opened(mask: np.ndarray, spacing_mm: tuple[float, float], advance: Callable[[float], None]) -> np.ndarray:
    """Open each slice: remove what is thinner than the opening's diameter."""
    opened = np.zeros_like(mask)
    for number, plane in enumerate(mask):
        advance(number / len(mask))
        if plane.any():
            core = ndimage.distance_transform_edt(plane, sampling=spacing_mm) > _OPENING_MM
            if core.any():
                opened[number] = ndimage.distance_transform_edt(~core, sampling=spacing_mm) <= _OPENING_MM
    return opened & mask


def _main_components(mask: np.ndarray) -> np.ndarray:
    """Keep the components (26 neighbours) with at least a minimum fraction of all voxels."""
    components, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    kept = sizes >= _MIN_FRACTION * sizes[1:].sum()
    kept[0] = False
    return kept[components]
