# SPDX-License-Identifier: Apache-2.0
"""Rigid registration of two head CTs of one patient."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.registration.isotropic import SIDE_MM, IsotropicScan

if TYPE_CHECKING:
    from ICHSegmentationLib.core.volume import CTVolume

GOOD_QUALITY = 0.9
"""One head that was turned and sliced anew reached 0.94 to 0.98 (two real scans, resampled), two real heads 0.58 to
0.85 (five pairs) and two generated ones 0.80. No repeated scan of one patient was at hand."""
_LEAST_SHARED = 0.4
"""Share of the first head that must be seen on the second scan too."""
_TRIED_DEG = (-14.0, 0.0, 14.0)
_KEPT_STARTS = 3
_RESTARTS = 4
_GAIN = 1e-4
_COARSE_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Registration:
    """How one scan lies on another.

    Attributes
    ----------
    matrix : numpy.ndarray
        (4, 4) rotation and shift that takes LPS mm of the first scan to LPS mm of the second.
    quality : float
        Correlation of both scans' HU (cut to -200 to 300) inside the head where both were scanned: 1 is the same
        picture.
    shared : float
        Share of the first scan's head that the second scan shows.
    """

    matrix: np.ndarray
    quality: float
    shared: float

    @property
    def is_good(self) -> bool:
        """Whether the scans fit as those of one head do."""
        return self.quality >= GOOD_QUALITY and self.shared >= _LEAST_SHARED

    @property
    def rotation_deg(self) -> float:
        """Angle by which the head is turned."""
        return float(np.degrees(np.arccos(np.clip((np.trace(self.matrix[:3, :3]) - 1) / 2, -1, 1))))

    def to_second(self, points_mm: np.ndarray) -> np.ndarray:
        """Return where points (..., 3) of the first scan lie in the second, LPS mm."""
        return points_mm @ self.matrix[:3, :3].T + self.matrix[:3, 3]

    def to_first(self, points_mm: np.ndarray) -> np.ndarray:
        """Return where points (..., 3) of the second scan lie in the first, LPS mm."""
        return (points_mm - self.matrix[:3, 3]) @ self.matrix[:3, :3]


def register(first: CTVolume, second: CTVolume, *, progress: Callable[[float], None] | None = None) -> Registration:
    """Find the rotation and shift between two scans of one head.

    Both are resampled on their true grids to cubes of 3 mm, so that tilt and uneven distances do not matter, and
    brought together by the correlation of their HU inside the first head, at 6 and then at 3 mm, from the best of many
    positions: on the centres of the heads or of the scans, and turned about each axis. SimpleITK does the work
    (Lowekamp BC et al., The design of SimpleITK, Frontiers in Neuroinformatics 2013;7:45). Nothing is random.

    Parameters
    ----------
    first, second : CTVolume
        Scans with at least two slices.
    progress : callable, optional
        Called with the share that is done, 0 to 1; what it raises ends the registration.

    Returns
    -------
    Registration
        With figures that say whether to trust it; a poor one is returned, not refused.
    """
    import SimpleITK as sitk

    fixed, moving = IsotropicScan.of(first), IsotropicScan.of(second)
    fine = _Pair(
        _image(fixed, fixed.hu),
        _image(moving, moving.hu),
        _image(fixed, fixed.head.astype(np.uint8)),
        _image(moving, moving.scanned.astype(np.uint8)),
    )
    head = _image(moving, moving.head.astype(np.uint8))
    coarse = fine.halved()
    done = progress or (lambda _share: None)
    starts = sorted(_starts(fine, head), key=coarse.metric)[:_KEPT_STARTS]
    better = []
    for number, start in enumerate(starts, start=1):
        done(_COARSE_SHARE * number / (len(starts) + 1))
        better.append(coarse.optimized(start))
    done(_COARSE_SHARE)
    found = fine.optimized(min(better, key=coarse.metric))
    done(1.0)
    matrix = np.eye(4)
    matrix[:3, 3] = found.TransformPoint((0.0, 0.0, 0.0))
    matrix[:3, :3] = np.stack([found.TransformPoint(tuple(axis)) for axis in np.eye(3)], axis=1) - matrix[:3, 3:]
    moved, head = (
        sitk.GetArrayFromImage(sitk.Resample(image, fine.fixed, found, interpolator, 0.0))
        for image, interpolator in ((fine.moving, sitk.sitkLinear), (head, sitk.sitkNearestNeighbor))
    )
    both = fixed.head & (head > 0)
    quality = float(np.corrcoef(fixed.hu[both], moved[both])[0, 1]) if both.any() else 0.0
    return Registration(matrix, round(quality, 3), round(float(both.sum() / fixed.head.sum()), 3))


def _image(scan: IsotropicScan, values: np.ndarray) -> Any:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(values)
    image.SetSpacing((SIDE_MM,) * 3)
    image.SetOrigin(scan.origin_mm.tolist())
    return image


@dataclass(frozen=True, eq=False)
class _Pair:
    """Both scans as images of SimpleITK, and masks of where to compare them."""

    fixed: Any
    moving: Any
    fixed_mask: Any
    moving_mask: Any

    def halved(self) -> _Pair:
        """Return the pair with voxels of twice the side."""
        import SimpleITK as sitk

        smooth = [sitk.SmoothingRecursiveGaussian(image, SIDE_MM) for image in (self.fixed, self.moving)]
        return _Pair(*(sitk.Shrink(image, (2, 2, 2)) for image in (*smooth, self.fixed_mask, self.moving_mask)))

    def metric(self, transform: Any) -> float:
        """Return the negative correlation under a transform; 0 where the scans do not meet."""
        method = self._method()
        method.SetInitialTransform(transform)
        try:
            return float(method.MetricEvaluate(self.fixed, self.moving))
        except RuntimeError:
            return 0.0

    def optimized(self, start: Any) -> Any:
        """Return a better transform; started anew as long as that helps, since the steps only ever shrink."""
        import SimpleITK as sitk

        found, reached = sitk.Euler3DTransform(start), self.metric(start)
        for _ in range(_RESTARTS):
            method, trial = self._method(), sitk.Euler3DTransform(found)
            method.SetOptimizerAsRegularStepGradientDescent(
                learningRate=2.0,
                minStep=0.02,
                numberOfIterations=60,
                relaxationFactor=0.6,
                gradientMagnitudeTolerance=1e-8,
            )
            method.SetOptimizerScalesFromPhysicalShift()
            method.SetInitialTransform(trial, inPlace=True)
            method.Execute(self.fixed, self.moving)
            better = self.metric(trial)
            if better > reached - _GAIN:
                break
            found, reached = trial, better
        return found

    def _method(self) -> Any:
        import SimpleITK as sitk

        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsCorrelation()
        method.SetMetricFixedMask(self.fixed_mask)
        method.SetMetricMovingMask(self.moving_mask)
        method.SetInterpolator(sitk.sitkLinear)
        return method


def _starts(pair: _Pair, moving_head: Any) -> list[Any]:
    """Return transforms to begin from: head on head and scan on scan, the head nodded, turned or tilted, or not."""
    import SimpleITK as sitk

    kind = sitk.CenteredTransformInitializerFilter
    centred = [
        sitk.CenteredTransformInitializer(pair.fixed_mask, moving_head, sitk.Euler3DTransform(), kind.MOMENTS),
        sitk.CenteredTransformInitializer(pair.fixed, pair.moving, sitk.Euler3DTransform(), kind.GEOMETRY),
    ]
    starts = []
    for base, angles_deg in itertools.product(centred, itertools.product(_TRIED_DEG, repeat=3)):
        start = sitk.Euler3DTransform(base)
        start.SetRotation(*np.radians(angles_deg).tolist())
        starts.append(start)
    return starts
