# SPDX-License-Identifier: Apache-2.0
"""Fit of the atlas to a scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.anatomy.brain_frame import BrainFrame, fit_brain_frame
from ICHSegmentationLib.anatomy.head_pose import MAX_TURN_DEG, find_pose
from ICHSegmentationLib.anatomy.midplane import with_symmetric_midplane
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.core.storage.scan_cache import cached_per_scan
from ICHSegmentationLib.preprocessing.head import WORKING_MM, intracranial_mask, slice_stride
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.core.scan.volume import CTVolume

_POINTS = 700
_MIN_POINTS = 300
_MIN_SLICES = 4
_MAX_MISFIT_MM = 4.0
_MIN_HEIGHT_MM = 60.0  # of brain in the scan; with less, the tilt of the head is not determined
_MAX_CUT_FRACTION = 0.1  # voxels on the image border per voxel on the surface of the inside of the skull
_UPSIDE_DOWN_DEG = 90.0
_SIZES = (0.65, 1.15)  # of a head relative to the standard head; infants are smaller


@dataclass(frozen=True, eq=False)
class AtlasFit:
    """Brain coordinates of a scan, and the inside of its skull at the working resolution.

    Attributes
    ----------
    frame : BrainFrame
        From LPS mm to brain coordinates.
    grid : SliceGrid
        Slice grid of the scan.
    inside : numpy.ndarray
        (slices, rows, columns) bool on canonical axes at the working resolution, True inside the skull.
    orientation : CanonicalOrientation
        From the source slices to the canonical axes of the head, which a turned head has by its pose.
    stride : tuple of int
        Canonical slices, rows and columns per working voxel.
    """

    frame: BrainFrame
    grid: SliceGrid
    inside: np.ndarray
    orientation: CanonicalOrientation
    stride: tuple[int, int, int]

    def coordinates(self, indices: np.ndarray) -> np.ndarray:
        """Return (..., 3) brain coordinates of (..., 3) source indices (slice, row, column)."""
        return self.frame.coordinates(self.grid.points_mm(indices))


@cached_per_scan
def fit_atlas(volume: CTVolume) -> AtlasFit | Message:  # noqa: PLR0911 - one for each reason
    """Fit the atlas to the inside of the skull.

    See :func:`ICHSegmentationLib.anatomy.brain_frame.fit_brain_frame` and
    :func:`ICHSegmentationLib.anatomy.midplane.with_symmetric_midplane`. A head that is turned in its slices is fitted
    on a grid that is turned with it; the coordinates hold for the grid of the scan.

    Parameters
    ----------
    volume : CTVolume
        Head CT of any orientation, tilt and steps.

    Returns
    -------
    AtlasFit or Message
        The fit, or the reason why the atlas cannot be fitted.
    """
    pose = find_pose(volume)
    if pose.found and pose.tilt_deg > _UPSIDE_DOWN_DEG:
        # The turn about the axis across the slices is then not defined, so left and right are not known.
        return message("anatomy.upside_down")
    turned = pose.found and abs(pose.turn_deg) > MAX_TURN_DEG
    rotation = pose.upright_rotation if turned else np.eye(3)
    grid = volume.grid.turned(rotation) if turned else volume.grid
    orientation = CanonicalOrientation.of(grid)
    hu = orientation.apply(volume.hu)
    if len(hu) < _MIN_SLICES:
        return message("anatomy.too_few_slices", slices=len(hu))
    steps = [float(np.median(np.diff(axis))) for axis in orientation.coordinates_mm]
    rows, columns = (max(1, round(WORKING_MM / step)) for step in steps[1:])
    stride = (slice_stride(orientation.coordinates_mm[0]), rows, columns)
    coarse = hu[:: stride[0], :: stride[1], :: stride[2]]
    inside = intracranial_mask(coarse, (steps[1] * stride[1], steps[2] * stride[2]))
    surface = inside & ~ndimage.binary_erosion(inside, structure=np.ones((1, 3, 3)), border_value=1)
    found = np.argwhere(surface)
    if len(found) < _MIN_POINTS:
        return message("anatomy.too_little_skull")
    slices_mm = orientation.coordinates_mm[0][:: stride[0]]
    height_mm = float(np.ptp(slices_mm[inside.any(axis=(1, 2))]))
    if height_mm < _MIN_HEIGHT_MM:
        return message("anatomy.too_little_brain", height_mm=height_mm)
    at_border = inside[:, [0, -1]].sum() + inside[:, :, [0, -1]].sum()
    if at_border > _MAX_CUT_FRACTION * len(found):
        return message("anatomy.cut_off")
    chosen = found[np.linspace(0, len(found) - 1, min(_POINTS, len(found))).round().astype(int)]
    chosen_lps = grid.points_mm(orientation.source_indices(chosen * stride))
    frame = fit_brain_frame(chosen_lps)
    spacing_mm = (slices_mm, steps[1] * stride[1], steps[2] * stride[2])
    frame = with_symmetric_midplane(frame, inside, spacing_mm, chosen, chosen_lps)
    size = 1 / np.linalg.norm(frame.matrix, axis=1)
    if frame.misfit_mm > _MAX_MISFIT_MM or not _SIZES[0] <= size.min() <= size.max() <= _SIZES[1]:
        return message("anatomy.poor_fit")
    frame = replace(frame, matrix=frame.matrix @ rotation)
    return AtlasFit(frame, volume.grid, inside, orientation, stride)
