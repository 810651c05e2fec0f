# SPDX-License-Identifier: Apache-2.0
"""Blood by its brightness alone: a Gaussian mixture of the brain's HU, without training and without weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE
from ICHSegmentationLib.preprocessing.head import head_or_refusal, inside_skull
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.segmentation.mixture import Mixture, fit_mixture
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
from ICHSegmentationLib.segmentation.segmenter import Segmented

if TYPE_CHECKING:
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime

_NOT_A_NETWORK = (
    "These labels come from brightness alone (mixture model em, not a trained network): they have no subtypes, and "
    "what is as bright as blood is taken for it."
)
_BRIGHT_IN_BOXES = (
    "What is bright inside the given boxes was taken for blood (mixture model em, not a trained network); the subtypes "
    "are those of the boxes."
)
_LEAST_ML = 0.5

_HARD_HU = 100  # skull and calcification; clots are softer
_SMOOTHING_MM = 0.6
_SKULL_MARGIN_MM, _BOX_SKULL_MARGIN_MM = 2.5, 1.0  # partial volume of bone is as bright as blood
_BRUSH_MM = 2.0  # opening: dura and vessels are thinner
_BINS = np.arange(0.25, _HARD_HU, 0.5)
_BLOOD_ABOVE_HU, _BOX_BLOOD_ABOVE_HU = 14.0, 8.0  # the brain's median; in a box it is known that there is some
_SD_HU = (2.0, 8.0)
# Fluid, white matter, grey matter, blood: distance of the mean to the brain's median, standard deviation, share.
_START = np.array([(-20.0, 6.0, 0.15), (-4.0, 4.0, 0.4), (4.0, 4.0, 0.4), (24.0, 6.0, 0.05)])
_BLOOD_IN_BOX = 0.3
_SLICES_SHOWN = 6  # of a box, to know the skull and the brain by: a box of thin slices must not take long
_AROUND_MM = 4.0  # of a box, so that its edge is smoothed and the skull beside it is seen
_LEAST_SHARE = 0.05  # of the blood in a box for a piece of it to count


@dataclass(frozen=True, eq=False)
class _Brain:
    """Axial slices as the mixture sees them.

    Attributes
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) float32, smoothed in the plane.
    skull_mm : numpy.ndarray
        (slices, rows, columns) float32, in-plane distance to skull or calcification; 0 outside the skull.
    median_hu, spread_hu : float
        Median, and half the distance between the 16th and the 84th percentile, of the voxels far enough from it.
    """

    hu: np.ndarray
    skull_mm: np.ndarray
    median_hu: float
    spread_hu: float

    @classmethod
    def of(cls, hu: np.ndarray, inside: np.ndarray, spacing_mm: tuple[float, float]) -> _Brain:
        """Smooth slices, and find how far every voxel inside the skull is from what is hard."""
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
        least = self.median_hu + _BLOOD_ABOVE_HU
        return fit_mixture(_BINS, counts, start, sd_range=_SD_HU, least_last_mean=least)

    def blood(self, mixture: Mixture, values: np.ndarray) -> np.ndarray:
        """Return the probability of blood of smoothed HU; it never falls with them."""
        shares = np.where(self.median_hu < _BINS, mixture.responsibilities(_BINS)[:, -1], 0)
        blood: np.ndarray = np.interp(values, _BINS, np.maximum.accumulate(shares)).astype(np.float32)
        return blood


class EmSegmenter:
    """Mixture of fluid, white matter, grey matter and blood (after Kärkkäinen, Fazeli and Sarrafzadeh 2021).

    Skull and calcification are taken out with a margin to all sides, the rest inside the skull is smoothed in the
    plane, and the mixture is fitted to its histogram from a fixed start, so that the same scan always gives the same
    labels. The brightest component is blood.

    In a box, the mixture of the slices that the box spans stays as it is but for its brightest component, which is
    fitted to the box.

    Parameters
    ----------
    entry : ModelEntry
        The model's description; not looked at.
    runtime : Runtime
        Likewise: nothing is loaded.
    postprocessing : PostProcessing
        Rules applied to the labels of a whole scan; by default specks below 0.5 mL are dropped.
    """

    box_warning = _BRIGHT_IN_BOXES

    def __init__(
        self,
        entry: ModelEntry,  # noqa: ARG002 - as the other segmenters
        runtime: Runtime,  # noqa: ARG002
        postprocessing: PostProcessing | None = None,
    ) -> None:
        self._postprocessing = postprocessing or PostProcessing(least_volume_ml={UNKNOWN_SUBTYPE: _LEAST_ML})

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """See `Segmenter.segment`."""
        orientation = CanonicalOrientation.of(volume.grid)
        hu = orientation.apply(volume.hu)
        spacing_mm = _spacing(orientation)
        with stages.stage("preprocess"):
            _, warnings = head_or_refusal(hu, orientation.coordinates_mm, force=force)
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
            sure = np.rint(255 * blood).astype(np.uint8)
            labels, sure = (np.ascontiguousarray(orientation.invert(part)) for part in (labels, sure))
            label_map = LabelMap(self._postprocessing.apply(labels, volume.grid, blood=sure), volume.grid)
            boxes = lesion_boxes(label_map, sure)
        return Segmented(label_map, (*warnings, _NOT_A_NETWORK), boxes)

    def blood_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """See `BoxSegmenter.blood_in_box`."""
        region, inside_box = box.voxels(volume.grid)
        orientation = CanonicalOrientation.of(volume.grid)
        slices, *sides = orientation.region(region, volume.grid.shape)
        spacing_mm, in_box = _spacing(orientation), orientation.apply(inside_box)
        hu = orientation.apply(volume.hu)[slices]
        shown = np.linspace(0, len(hu) - 1, min(len(hu), _SLICES_SHOWN)).round().astype(int)
        inside = inside_skull(hu[shown], orientation.coordinates_mm)
        nearest = np.abs(np.subtract.outer(np.arange(len(hu)), shown)).argmin(axis=1)
        around = [_widened(side, _AROUND_MM / step) for side, step in zip(sides, spacing_mm, strict=True)]
        if not (inside[nearest][:, *sides] & in_box).any():
            # A slice of the vertex or the base, or no head at all: the box is the only thing that is known.
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
        lesion = _main_pieces(blood >= 0.5)
        blood[~lesion] = 0
        holes = np.stack([ndimage.binary_fill_holes(plane) for plane in lesion]) & ~lesion
        blood[holes] = 0.5
        return np.ascontiguousarray(orientation.invert(blood))


def _fit_to_box(brain: _Brain, values: np.ndarray) -> Mixture:
    """Fit the brightest component to the voxels of a box; the others keep their places, all may change their share."""
    whole = brain.fit()
    tissue = whole.weights[:-1] / whole.weights[:-1].sum()
    weights = np.append(tissue * (1 - _BLOOD_IN_BOX), _BLOOD_IN_BOX)
    return fit_mixture(
        _BINS,
        _histogram(values),
        Mixture(weights, whole.means, whole.sds),
        # Wider than the brain's own, it would take in the partial volume at the lesion's edge.
        sd_range=(_SD_HU[0], max(_SD_HU[0], brain.spread_hu)),
        least_last_mean=brain.median_hu + _BOX_BLOOD_ABOVE_HU,
        fixed=len(tissue),
    )


def _sides(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows and which columns have voxels on any slice."""
    rows, columns = (np.asarray(mask.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    return rows, columns


def _widened(side: slice, pixels: float) -> slice:
    """Add pixels to both ends; beyond the image slices end by themselves."""
    return slice(max(side.start - round(pixels), 0), side.stop + round(pixels))


def _spacing(orientation: CanonicalOrientation) -> tuple[float, float]:
    rows_mm, columns_mm = orientation.coordinates_mm[1:]
    return float(rows_mm[1] - rows_mm[0]), float(columns_mm[1] - columns_mm[0])


def _under_bone(hu: np.ndarray, slices_mm: np.ndarray) -> np.ndarray:
    """Return which voxels have bone above or below them, on the next slice at least: at the vertex and the base."""
    reach = max(1, round(_SKULL_MARGIN_MM / float(np.median(np.diff(slices_mm)))))
    under: np.ndarray = ndimage.maximum_filter1d(hu >= _HARD_HU, 2 * reach + 1, axis=0)
    return under


def _histogram(values: np.ndarray) -> np.ndarray:
    return np.bincount((values * 2).astype(int).clip(0, len(_BINS) - 1), minlength=len(_BINS)).astype(np.float64)


def _opened(mask: np.ndarray, spacing_mm: tuple[float, float], advance: Callable[[float], None]) -> np.ndarray:
    """Take what is thinner than the brush off each slice."""
    opened = np.zeros_like(mask)
    for number, plane in enumerate(mask):
        advance(number / len(mask))
        if plane.any():
            core = ndimage.distance_transform_edt(plane, sampling=spacing_mm) > _BRUSH_MM
            if core.any():
                opened[number] = ndimage.distance_transform_edt(~core, sampling=spacing_mm) <= _BRUSH_MM
    return opened & mask


def _main_pieces(mask: np.ndarray) -> np.ndarray:
    """Keep the pieces (26 neighbours) that are not small beside all of it."""
    pieces, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    kept = sizes >= _LEAST_SHARE * sizes[1:].sum()
    kept[0] = False
    return kept[pieces]
