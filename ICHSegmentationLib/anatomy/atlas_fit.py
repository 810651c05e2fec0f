# SPDX-License-Identifier: Apache-2.0
"""The model of anatomy placed in a scan, as far as the scan allows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.anatomy.brain_frame import BrainFrame, fit_brain_frame
from ICHSegmentationLib.anatomy.midplane import with_symmetric_midplane
from ICHSegmentationLib.core.scan_cache import cached_per_scan
from ICHSegmentationLib.preprocessing.head import intracranial_mask
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

if TYPE_CHECKING:
    from ICHSegmentationLib.core.grid import SliceGrid
    from ICHSegmentationLib.core.volume import CTVolume

_WORKING_MM = 1.6
_POINTS = 700
_LEAST_POINTS = 300
_LEAST_SLICES = 4
_WORST_MISFIT_MM = 4.0
_LEAST_HEIGHT_MM = 60.0  # of brain in the scan; less does not tell how the head is tilted
_MOST_CUT = 0.1  # share of the skull's inside that the image border may cut off
_SIZES = (0.65, 1.15)  # of a head, in terms of the standard head; infants are smaller still


@dataclass(frozen=True, eq=False)
class AtlasFit:
    """Brain coordinates of a scan, and the tissue inside its skull on fewer pixels.

    Attributes
    ----------
    frame : BrainFrame
        From LPS mm to brain coordinates.
    grid : SliceGrid
        The scan's.
    inside : numpy.ndarray
        (slices, rows, columns) bool on the canonical axes at the working pixels, inside of the skull.
    orientation : CanonicalOrientation
        From the source slices to the canonical axes.
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
def fit_atlas(volume: CTVolume) -> AtlasFit | str:
    """Place the model by the inside of the skull.

    See :func:`ICHSegmentationLib.anatomy.brain_frame.fit_brain_frame` and
    :func:`ICHSegmentationLib.anatomy.midplane.with_symmetric_midplane`.

    Parameters
    ----------
    volume : CTVolume
        A head CT with any tilt, steps and axes.

    Returns
    -------
    AtlasFit or str
        Or why it cannot be placed, in words.
    """
    orientation = CanonicalOrientation.of(volume.grid)
    hu = orientation.apply(volume.hu)
    if len(hu) < _LEAST_SLICES:
        return f"the scan has {len(hu)} slices only"
    steps = [float(np.median(np.diff(axis))) for axis in orientation.coordinates_mm]
    stride = (1, max(1, round(_WORKING_MM / steps[1])), max(1, round(_WORKING_MM / steps[2])))
    inside = intracranial_mask(hu[:, :: stride[1], :: stride[2]], (steps[1] * stride[1], steps[2] * stride[2]))
    surface = inside & ~ndimage.binary_erosion(inside, structure=np.ones((1, 3, 3)), border_value=1)
    found = np.argwhere(surface)
    if len(found) < _LEAST_POINTS:
        return "too little of the inside of a skull was found"
    slices_mm = orientation.coordinates_mm[0][np.flatnonzero(inside.any(axis=(1, 2)))]
    if slices_mm[-1] - slices_mm[0] < _LEAST_HEIGHT_MM:
        return f"the scan shows {slices_mm[-1] - slices_mm[0]:.0f} mm of brain only"
    at_border = inside[:, [0, -1]].sum() + inside[:, :, [0, -1]].sum()
    if at_border > _MOST_CUT * len(found):
        return "the image border cuts off a part of the head"
    chosen = found[np.linspace(0, len(found) - 1, min(_POINTS, len(found))).round().astype(int)]
    chosen_lps = volume.grid.points_mm(source_indices(orientation, chosen * stride))
    frame = fit_brain_frame(chosen_lps)
    spacing_mm = (orientation.coordinates_mm[0], steps[1] * stride[1], steps[2] * stride[2])
    frame = with_symmetric_midplane(frame, inside, spacing_mm, chosen, chosen_lps)
    size = 1 / np.linalg.norm(frame.matrix, axis=1)
    if frame.misfit_mm > _WORST_MISFIT_MM or not _SIZES[0] <= size.min() <= size.max() <= _SIZES[1]:
        return "the skull does not fit the model of a head"
    return AtlasFit(frame, volume.grid, inside, orientation, stride)


def source_indices(orientation: CanonicalOrientation, indices: np.ndarray) -> np.ndarray:
    """Return (..., 3) indices on the source axes of (..., 3) indices on the canonical axes."""
    found = np.empty_like(indices)
    for canonical, (axis, flip) in enumerate(zip(orientation.axes, orientation.flips, strict=True)):
        last = len(orientation.coordinates_mm[canonical]) - 1
        found[..., axis] = last - indices[..., canonical] if flip else indices[..., canonical]
    return found
