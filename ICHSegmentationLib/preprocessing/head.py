# SPDX-License-Identifier: Apache-2.0
"""Detection of the inside of the skull."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.messages import Message, message

WORKING_MM = 1.6  # in-plane sampling, finer than the skull is thick and ten times as fast as 0.45 mm
_WORKING_STEP_MM = 2.0  # minimum distance of the sampled slices
_BONE_HU = 250
_SOFT_TISSUE_HU = (-20, 120)  # brain, CSF and clot; neither fat nor bone
_DETACH_MM = 4.0  # erosion that separates scalp, orbits and neck from the brain
_MIN_DIRECTIONS = 6  # of 8 with bone; a craniectomy opens two or three
_MIN_BONY_FRACTION = 0.03  # of the inside enclosed by bone alone; a cropped head has more, a body without a skull less
_CUT_OFF_MM = 20.0  # of brain along the image border on one slice; less may be partial volume of the scalp
_MIN_AREA_MM2 = 150.0  # of brain on a slice
_BRAIN_ML = (250.0, 2600.0)  # from a partial scan to a large head, CSF spaces included
_BRAIN_MEDIAN_HU = (5.0, 60.0)
_MAX_WIDTH_MM = 240.0


@dataclass(frozen=True)
class HeadRegion:
    """Inside of the skull on canonical axes.

    Attributes
    ----------
    slices : numpy.ndarray
        (slices,) bool, True for slices with brain and their neighbours.
    rows_mm, columns_mm : tuple of float
        First and last position of the inside of the skull along canonical rows and columns.
    volume_ml : float
        Volume of the inside of the skull within the image.
    cut_off : bool
        Whether the image border cuts through the inside of the skull.
    doubt : Message or None
        Why this may not be a head; None if it looks like one.
    """

    slices: np.ndarray
    rows_mm: tuple[float, float]
    columns_mm: tuple[float, float]
    volume_ml: float
    cut_off: bool
    doubt: Message | None


def find_head(hu: np.ndarray, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray]) -> HeadRegion:
    """Find the head in an array on canonical axes.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) on canonical axes, HU.
    coordinates_mm : tuple of numpy.ndarray
        Ascending sample positions along each axis, mm.

    Returns
    -------
    HeadRegion
        If no brain was found, the region spans the image and ``doubt`` is set.
    """
    stride = slice_stride(coordinates_mm[0]), *_stride(coordinates_mm)
    coarse = hu[:: stride[0], :: stride[1], :: stride[2]]
    slices_mm, rows_mm, columns_mm = (axis[::step] for axis, step in zip(coordinates_mm, stride, strict=True))
    spacing_mm = (_median_step(rows_mm), _median_step(columns_mm))
    inside = intracranial_mask(coarse, spacing_mm)
    area = inside.sum(axis=(1, 2)) * np.prod(spacing_mm)
    with_brain = area >= _MIN_AREA_MM2
    if not with_brain.any():
        doubt = message("preprocessing.no_skull")
        rows, columns = (_span(axis) for axis in coordinates_mm[1:])
        return HeadRegion(np.ones(len(hu), dtype=bool), rows, columns, volume_ml=0.0, cut_off=False, doubt=doubt)
    volume_ml = float((area * np.gradient(slices_mm)).sum() / 1000)
    region = HeadRegion(
        # A thin convexity hemorrhage may lie one slice above the brain.
        slices=ndimage.binary_dilation(with_brain).repeat(stride[0])[: len(hu)],
        rows_mm=_span(rows_mm[inside.any(axis=(0, 2))]),
        columns_mm=_span(columns_mm[inside.any(axis=(0, 1))]),
        volume_ml=volume_ml,
        cut_off=_is_cut_off(inside, spacing_mm),
        doubt=None,
    )
    return replace(region, doubt=_doubt(region, float(np.median(coarse[inside]))))


def require_head(
    hu: np.ndarray, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray], *, force: bool
) -> tuple[HeadRegion, tuple[str, ...]]:
    """Find the head and return it with warnings, or raise an error if there is none.

    Parameters
    ----------
    hu, coordinates_mm
        See `find_head`.
    force : bool
        Accept an image that does not look like a head.

    Raises
    ------
    NotAHeadError
        If the image does not look like a head and ``force`` is False.
    """
    region = find_head(hu, coordinates_mm)
    if region.doubt is not None and not force:
        raise NotAHeadError(message("preprocessing.not_a_head", doubt=region.doubt))
    return region, (message("preprocessing.cut_off"),) if region.cut_off else ()


def inside_skull(hu: np.ndarray, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the mask of the inside of the skull, computed at the resolution of `find_head`.

    Parameters
    ----------
    hu, coordinates_mm
        See `find_head`; a subset of the slices is allowed.

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns) bool, constant over blocks of about 1.6 mm.
    """
    stride = _stride(coordinates_mm)
    spacing_mm = (_median_step(coordinates_mm[1]) * stride[0], _median_step(coordinates_mm[2]) * stride[1])
    coarse = intracranial_mask(hu[:, :: stride[0], :: stride[1]], spacing_mm)
    fine = coarse.repeat(stride[0], axis=1).repeat(stride[1], axis=2)
    return fine[:, : hu.shape[1], : hu.shape[2]]


def intracranial_mask(hu: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Return the mask of the soft tissue inside the skull.

    This is the largest connected component of soft tissue with bone in at least six of eight in-plane directions,
    filled slice by slice. If the field of view is smaller than the head, soft tissue at the image border counts as
    bone.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) axial slices, HU.
    spacing_mm : tuple of float
        Distance between rows and between columns.

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns) bool.
    """
    soft = (hu >= _SOFT_TISSUE_HU[0]) & (hu <= _SOFT_TISSUE_HU[1])
    bone = hu >= _BONE_HU
    bony = soft & (_enclosing_directions(bone) >= _MIN_DIRECTIONS)
    cut = soft & _border(hu.shape)
    if not cut.any():
        return _largest_component(bony, spacing_mm)
    inside = _largest_component(soft & (_enclosing_directions(bone | cut) >= _MIN_DIRECTIONS), spacing_mm)
    is_head = np.count_nonzero(bony & inside) > _MIN_BONY_FRACTION * np.count_nonzero(inside)
    return inside if is_head else _largest_component(bony, spacing_mm)


def _largest_component(tissue: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Return the largest component after erosion, dilated again within the tissue and filled."""
    # Distances are in-plane, so that thick slices do not erode each other.
    core = np.stack([_deeper_than(plane, spacing_mm, _DETACH_MM) for plane in tissue])
    components, count = ndimage.label(core)
    if count == 0:
        return core
    largest = np.bincount(components.ravel())[1:].argmax() + 1
    dilated = np.stack([~_deeper_than(~plane, spacing_mm, _DETACH_MM + 1) for plane in components == largest])
    return np.stack([ndimage.binary_fill_holes(plane) for plane in dilated & tissue])


def _deeper_than(plane: np.ndarray, spacing_mm: tuple[float, float], depth_mm: float) -> np.ndarray:
    if plane.all():
        return plane
    return ndimage.distance_transform_edt(plane, sampling=spacing_mm) > depth_mm


def _enclosing_directions(bone: np.ndarray) -> np.ndarray:
    """Return (slices, rows, columns) uint8: in how many of eight in-plane directions each voxel has bone."""
    straight = _along(bone, axis=1) + _along(bone, axis=2)
    size = max(bone.shape[1:])
    # Shifting each row by its index turns diagonals into columns; the result is shifted back.
    diagonal = np.zeros_like(straight)
    for mirrored in (False, True):
        source = bone[:, :, ::-1] if mirrored else bone
        sheared = np.zeros((*bone.shape[:2], bone.shape[2] + size), dtype=bool)
        for row in range(bone.shape[1]):
            sheared[:, row, row : row + bone.shape[2]] = source[:, row]
        counts = _along(sheared, axis=1)
        back = np.stack([counts[:, row, row : row + bone.shape[2]] for row in range(bone.shape[1])], axis=1)
        diagonal += back[:, :, ::-1] if mirrored else back
    return straight + diagonal


def _along(bone: np.ndarray, axis: int) -> np.ndarray:
    """Count the directions along an axis, forward and backward, in which each voxel has bone."""
    size = bone.shape[axis]
    first, last = bone.argmax(axis), size - 1 - np.flip(bone, axis).argmax(axis)
    empty = ~bone.any(axis)
    first[empty], last[empty] = size, -1
    at = np.arange(size).reshape(-1, *[1] * (bone.ndim - 1 - axis))
    forward, backward = at >= np.expand_dims(first, axis), at <= np.expand_dims(last, axis)
    return forward.astype(np.uint8) + backward


def _border(shape: tuple[int, ...]) -> np.ndarray:
    border = np.ones(shape, dtype=bool)
    border[:, 1:-1, 1:-1] = False
    return border


def _is_cut_off(inside: np.ndarray, spacing_mm: tuple[float, float]) -> bool:
    rows_mm = inside[:, :, [0, -1]].sum(axis=1) * spacing_mm[0]
    columns_mm = inside[:, [0, -1], :].sum(axis=2) * spacing_mm[1]
    return bool(max(rows_mm.max(), columns_mm.max()) >= _CUT_OFF_MM)


def _doubt(region: HeadRegion, median_hu: float) -> Message | None:
    width_mm = max(region.rows_mm[1] - region.rows_mm[0], region.columns_mm[1] - region.columns_mm[0])
    min_ml, max_ml = _BRAIN_ML
    if not min_ml <= region.volume_ml <= max_ml:
        return message("preprocessing.soft_tissue_volume", volume_ml=region.volume_ml, min_ml=min_ml, max_ml=max_ml)
    if width_mm > _MAX_WIDTH_MM:
        return message("preprocessing.soft_tissue_width", width_mm=width_mm, max_mm=_MAX_WIDTH_MM)
    if not _BRAIN_MEDIAN_HU[0] <= median_hu <= _BRAIN_MEDIAN_HU[1]:
        return message("preprocessing.soft_tissue_density", median_hu=median_hu)
    return None


def slice_stride(slices_mm: np.ndarray) -> int:
    """Return every how many slices a head is looked at: those of 2 mm or more all, of thinner ones some."""
    return 1 if len(slices_mm) == 1 else max(1, int(_WORKING_STEP_MM / _median_step(slices_mm) + 1e-6))


def _stride(coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[int, int]:
    rows, columns = (max(1, round(WORKING_MM / _median_step(axis))) for axis in coordinates_mm[1:])
    return rows, columns


def _median_step(coordinates_mm: np.ndarray) -> float:
    return float(np.median(np.diff(coordinates_mm)))


def _span(coordinates_mm: np.ndarray) -> tuple[float, float]:
    return float(coordinates_mm[0]), float(coordinates_mm[-1])
