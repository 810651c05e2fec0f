# SPDX-License-Identifier: Apache-2.0
"""Part of a head CT that shows no face: what lies near the inside of the skull."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.preprocessing.head import inside_skull, require_head
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume

KEPT_MM = 15.0
"""Distance from the inside of the skull that is kept: the skull is thinner, eyes, nose, mouth and ears lie farther."""
_WORKING_MM = 2.0


def kept_without_face(volume: CTVolume) -> np.ndarray:
    """Return which voxels lie inside the skull or near it; all others, such as face and ears, can be removed.

    Parameters
    ----------
    volume : CTVolume
        A head CT.

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns) bool, on the axes of the volume.

    Raises
    ------
    NotAHeadError
        If the inside of the skull was not found, or does not look like that of a head.
    """
    orientation = CanonicalOrientation.of(volume.grid)
    hu, along_mm = orientation.apply(volume.hu), orientation.coordinates_mm
    require_head(hu, along_mm, force=False)
    inside = inside_skull(hu, along_mm)
    # Distances on an even grid, so that tilted and uneven stacks are no special case of their own.
    even_mm = [np.arange(0.0, axis[-1] + _WORKING_MM, _WORKING_MM) for axis in along_mm]
    to_even = [np.abs(even[:, None] - axis).argmin(axis=1) for even, axis in zip(even_mm, along_mm, strict=True)]
    from_even = [np.abs(axis[:, None] - even).argmin(axis=1) for even, axis in zip(even_mm, along_mm, strict=True)]
    near = ndimage.distance_transform_edt(~inside[np.ix_(*to_even)], sampling=_WORKING_MM) <= KEPT_MM
    kept: np.ndarray = orientation.invert(near[np.ix_(*from_even)] | inside)
    return kept
