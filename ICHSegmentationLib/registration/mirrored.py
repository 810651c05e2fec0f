# SPDX-License-Identifier: Apache-2.0
"""Rigid registration of a head's mirror image to the head (Abramova et al. 2021, section 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix
from ICHSegmentationLib.preprocessing.opposite import OppositePoints
from ICHSegmentationLib.registration.isotropic import SIDE_MM
from ICHSegmentationLib.registration.rigid import ImagePair

if TYPE_CHECKING:
    from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane

_HEAD = 0.05  # of the window; darker is air


def register_mirrored(
    planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float, plane: MidsagittalPlane
) -> OppositePoints:
    """Find the rotation and shift of the mirrored head that bring it onto the head best.

    The publication used FLIRT, whose licence forbids commercial use, without a start. Here the reflection at the
    midsagittal plane is the start, which leaves little to find: what a skull is twisted by. Both images are resampled
    to cubes of 3 mm and compared by their correlation inside the head, skull included; brain alone leads astray where
    a bleed lies on one side.

    Parameters
    ----------
    planes : numpy.ndarray
        (slices, H, W) in [0, 1], windowed greys on canonical axes.
    slices_mm : numpy.ndarray
        (slices,) ascending positions.
    pixel_mm : float
        Size of the square pixels.
    plane : MidsagittalPlane
        Found on the same planes.
    """
    import SimpleITK as sitk

    head = _cubes(planes, slices_mm, pixel_mm)
    width_mm = (head.shape[2] - 1) * SIDE_MM
    pair = ImagePair(
        _image(head),
        _image(head[:, :, ::-1]),
        _image((head > _HEAD).astype(np.uint8)),
        _image(np.ones(head.shape, np.uint8)),
    )
    # In the mirrored image the point opposite x lies where flipping the columns takes it.
    flip, offset = np.diag([-1.0, 1.0, 1.0]), np.array([width_mm, 0.0, 0.0])
    start = sitk.Euler3DTransform()
    start.SetCenter(plane.centre_mm)
    start.SetMatrix((flip @ plane.opposite.matrix).ravel().tolist(), 1e-6)
    centre = np.array(plane.centre_mm)
    start.SetTranslation((flip @ plane.opposite.of(centre) + offset - centre).tolist())
    found = pair.optimized(start, restarts=1)
    at_zero = np.array(found.TransformPoint((0.0, 0.0, 0.0)))
    rotation = np.stack([np.array(found.TransformPoint(tuple(axis))) - at_zero for axis in np.eye(3)], axis=1)
    return OppositePoints(flip @ rotation, flip @ at_zero + offset)


def _cubes(planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float) -> np.ndarray:
    axes = (slices_mm - slices_mm[0], *(np.arange(n) * pixel_mm for n in planes.shape[1:]))
    # A second layer of cubes for a single slice: SimpleITK interpolates between two.
    counts = [max(int(axis[-1] / SIDE_MM + 1e-6) + 1, 2) for axis in axes]
    along = [
        interpolation_matrix(axis, np.arange(count) * SIDE_MM, width_mm=SIDE_MM)
        for axis, count in zip(axes, counts, strict=True)
    ]
    even: np.ndarray = along[1] @ np.tensordot(along[0], planes.astype(np.float32), axes=1) @ along[2].T
    return even


def _image(values: np.ndarray) -> Any:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(values))
    image.SetSpacing((SIDE_MM,) * 3)
    return image
