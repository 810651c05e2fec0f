# SPDX-License-Identifier: Apache-2.0
"""Find the inside of the skull, so that a network sees the head and neither table nor air."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.messages import message

_WORKING_MM = 1.6  # in-plane sampling of the search: the skull is thicker, and it is ten times faster than 0.45 mm
_BONE_HU = 250
_SOFT_TISSUE_HU = (-20, 120)  # brain, CSF and clot; neither fat nor bone
_DETACH_MM = 4.0  # erosion that cuts scalp, orbits and neck off the brain
_ENCLOSING_DIRECTIONS = 6  # of 8; a craniectomy leaves two or three of them open
_LEAST_BONY = 0.03  # share of the inside that bone alone encloses; less is a body without a skull, not a cropped head
_CUT_OFF_MM = 20.0  # of the image border in one slice with brain at it; less is a partial volume of scalp
_LEAST_AREA_MM2 = 150.0  # of brain on a slice for it to count
_BRAIN_ML = (250.0, 2600.0)  # from a partial scan to a large head, CSF spaces included
_BRAIN_MEDIAN_HU = (5.0, 60.0)
_WIDEST_MM = 240.0


@dataclass(frozen=True)
class HeadRegion:
    """The inside of the skull on canonical axes.

    Attributes
    ----------
    slices : numpy.ndarray
        (slices,) bool, where brain was found.
    rows_mm, columns_mm : tuple of float
        First and last position of the inside of the skull along canonical rows and columns.
    volume_ml : float
        Volume of the inside of the skull, as far as it is in the image.
    cut_off : bool
        Whether the image border cuts through the inside of the skull.
    doubt : str
        Sentence on why this may not be a head; empty where it looks like one.
    """

    slices: np.ndarray
    rows_mm: tuple[float, float]
    columns_mm: tuple[float, float]
    volume_ml: float
    cut_off: bool
    doubt: str


def find_head(hu: np.ndarray, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray]) -> HeadRegion:
    """Find the head in a volume on canonical axes.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) on canonical axes, HU.
    coordinates_mm : tuple of numpy.ndarray
        Ascending sample positions along each axis, mm.

    Returns
    -------
    HeadRegion
        Where brain was not found at all the region spans the volume, and ``doubt`` says so.
    """
    stride = _stride(coordinates_mm)
    coarse = hu[:, :: stride[0], :: stride[1]]
    slices_mm, rows_mm, columns_mm = coordinates_mm[0], coordinates_mm[1][:: stride[0]], coordinates_mm[2][:: stride[1]]
    spacing_mm = (_median_step(rows_mm), _median_step(columns_mm))
    inside = intracranial_mask(coarse, spacing_mm)
    area = inside.sum(axis=(1, 2)) * np.prod(spacing_mm)
    with_brain = area >= _LEAST_AREA_MM2
    if not with_brain.any():
        doubt = message("preprocessing.no_brain")
        rows, columns = (_span(axis) for axis in coordinates_mm[1:])
        return HeadRegion(np.ones(len(hu), dtype=bool), rows, columns, volume_ml=0.0, cut_off=False, doubt=doubt)
    volume_ml = float((area * np.gradient(slices_mm)).sum() / 1000)
    region = HeadRegion(
        slices=ndimage.binary_dilation(with_brain),  # a thin convexity bleed may lie one slice above the brain
        rows_mm=_span(rows_mm[inside.any(axis=(0, 2))]),
        columns_mm=_span(columns_mm[inside.any(axis=(0, 1))]),
        volume_ml=volume_ml,
        cut_off=_is_cut_off(inside, spacing_mm),
        doubt="",
    )
    return replace(region, doubt=_doubt(region, float(np.median(coarse[inside]))))


def head_or_refusal(
    hu: np.ndarray, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray], *, force: bool
) -> tuple[HeadRegion, tuple[str, ...]]:
    """Find the head, and return it with warnings.

    Parameters
    ----------
    hu, coordinates_mm
        As of `find_head`.
    force : bool
        Go on with a volume that does not look like a head.

    Raises
    ------
    NotAHeadError
        If it does not and ``force`` is False.
    """
    region = find_head(hu, coordinates_mm)
    if region.doubt and not force:
        raise NotAHeadError(message("preprocessing.not_a_head", doubt=region.doubt))
    return region, (message("preprocessing.cut_off"),) if region.cut_off else ()


def inside_skull(hu: np.ndarray, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Return what `intracranial_mask` finds on the pixels that `find_head` works on, for every pixel.

    Parameters
    ----------
    hu, coordinates_mm
        As of `find_head`; some of a scan's slices will do.

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns) bool, in steps of 1.6 mm.
    """
    stride = _stride(coordinates_mm)
    spacing_mm = (_median_step(coordinates_mm[1]) * stride[0], _median_step(coordinates_mm[2]) * stride[1])
    coarse = intracranial_mask(hu[:, :: stride[0], :: stride[1]], spacing_mm)
    fine = coarse.repeat(stride[0], axis=1).repeat(stride[1], axis=2)
    return fine[:, : hu.shape[1], : hu.shape[2]]


def intracranial_mask(hu: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    """Soft tissue inside the skull: the largest piece that bone encloses, closed and filled slice by slice.

    Where the field of view is smaller than the head, soft tissue at the image border stands for the skull beyond it.

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
    bony = soft & (_enclosing_directions(bone) >= _ENCLOSING_DIRECTIONS)
    cut = soft & _border(hu.shape)
    if not cut.any():
        return _largest_piece(bony, spacing_mm)
    inside = _largest_piece(soft & (_enclosing_directions(bone | cut) >= _ENCLOSING_DIRECTIONS), spacing_mm)
    is_head = np.count_nonzero(bony & inside) > _LEAST_BONY * np.count_nonzero(inside)
    return inside if is_head else _largest_piece(bony, spacing_mm)


def _largest_piece(tissue: np.ndarray, spacing_mm: tuple[float, float]) -> np.ndarray:
    # Distances are taken slice by slice: thick slices must not erode each other.
    core = np.stack([_deeper_than(plane, spacing_mm, _DETACH_MM) for plane in tissue])
    pieces, count = ndimage.label(core)
    if count == 0:
        return core
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    grown = np.stack([~_deeper_than(~plane, spacing_mm, _DETACH_MM + 1) for plane in pieces == largest])
    return np.stack([ndimage.binary_fill_holes(plane) for plane in grown & tissue])


def _deeper_than(plane: np.ndarray, spacing_mm: tuple[float, float], depth_mm: float) -> np.ndarray:
    if plane.all():
        return plane
    return ndimage.distance_transform_edt(plane, sampling=spacing_mm) > depth_mm


def _enclosing_directions(bone: np.ndarray) -> np.ndarray:
    """Count in how many of eight in-plane directions a voxel has bone in sight; (slices, rows, columns) uint8."""
    straight = _along(bone, axis=1) + _along(bone, axis=2)
    size = max(bone.shape[1:])
    # The diagonals are the axes of a sheared copy: shift each row by its index, look along the columns, shift back.
    diagonal = np.zeros_like(straight)
    for mirrored in (False, True):
        source = bone[:, :, ::-1] if mirrored else bone
        sheared = np.zeros((*bone.shape[:2], bone.shape[2] + size), dtype=bool)
        for row in range(bone.shape[1]):
            sheared[:, row, row : row + bone.shape[2]] = source[:, row]
        seen = _along(sheared, axis=1)
        back = np.stack([seen[:, row, row : row + bone.shape[2]] for row in range(bone.shape[1])], axis=1)
        diagonal += back[:, :, ::-1] if mirrored else back
    return straight + diagonal


def _along(bone: np.ndarray, axis: int) -> np.ndarray:
    forward = np.logical_or.accumulate(bone, axis=axis).astype(np.uint8)
    backward = np.flip(np.logical_or.accumulate(np.flip(bone, axis), axis=axis), axis).astype(np.uint8)
    return forward + backward


def _border(shape: tuple[int, ...]) -> np.ndarray:
    border = np.ones(shape, dtype=bool)
    border[:, 1:-1, 1:-1] = False
    return border


def _is_cut_off(inside: np.ndarray, spacing_mm: tuple[float, float]) -> bool:
    rows_mm = inside[:, :, [0, -1]].sum(axis=1) * spacing_mm[0]
    columns_mm = inside[:, [0, -1], :].sum(axis=2) * spacing_mm[1]
    return bool(max(rows_mm.max(), columns_mm.max()) >= _CUT_OFF_MM)


def _doubt(region: HeadRegion, median_hu: float) -> str:
    widest = max(region.rows_mm[1] - region.rows_mm[0], region.columns_mm[1] - region.columns_mm[0])
    least, most = _BRAIN_ML
    if not least <= region.volume_ml <= most:
        return message("preprocessing.head_volume", volume_ml=region.volume_ml, min_ml=least, max_ml=most)
    if widest > _WIDEST_MM:
        return message("preprocessing.head_width", width_mm=widest, max_mm=_WIDEST_MM)
    if not _BRAIN_MEDIAN_HU[0] <= median_hu <= _BRAIN_MEDIAN_HU[1]:
        return message("preprocessing.head_density", median_hu=median_hu)
    return ""


def _stride(coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[int, int]:
    rows, columns = (max(1, round(_WORKING_MM / _median_step(axis))) for axis in coordinates_mm[1:])
    return rows, columns


def _median_step(coordinates_mm: np.ndarray) -> float:
    return float(np.median(np.diff(coordinates_mm)))


def _span(coordinates_mm: np.ndarray) -> tuple[float, float]:
    return float(coordinates_mm[0]), float(coordinates_mm[-1])
