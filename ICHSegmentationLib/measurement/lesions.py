# SPDX-License-Identifier: Apache-2.0
"""Lesions: connected components of one subtype."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.anatomy.lesion_location import LesionLocation
from ICHSegmentationLib.anatomy.location import locate
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.shape.abc2 import METHODS, Abc2, measure_abc2
from ICHSegmentationLib.measurement.shape.diameters import longest_line

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit
    from ICHSegmentationLib.anatomy.brain_frame import BrainFrame

_LOCATED_POINTS = 1500  # maximum number of voxels used for the location of a lesion


class Lesion(BaseModel):
    """Measurements of one lesion.

    Attributes
    ----------
    subtype : str
        Segment ID, such as ``IPH``.
    volume_ml : float
        Volume of the voxels.
    centroid_slice : int
        Source slice of the volume-weighted centre, counted from 0.
    centroid_lps_mm : tuple of float
        Volume-weighted centre, LPS mm.
    slices : tuple of int
        First and last slice, counted from 0.
    longest_diameter_mm : float
        Longest line between two points, in three dimensions.
    hu_mean, hu_sd : float or None
        Mean and standard deviation of the HU; None without the scan.
    abc2 : Abc2 or None
        Estimate by ABC/2 or XYZ/2; None for subtypes without the estimate.
    location : LesionLocation or None
        Side, compartment and region; None without the scan, empty if the atlas could not be fitted.
    """

    model_config = ConfigDict(frozen=True)

    subtype: str
    volume_ml: float
    centroid_slice: int
    centroid_lps_mm: tuple[float, float, float]
    slices: tuple[int, int]
    longest_diameter_mm: float
    hu_mean: float | None = None
    hu_sd: float | None = None
    abc2: Abc2 | None = None
    location: LesionLocation | None = None


def find_lesions(
    label_map: LabelMap,
    box: tuple[slice, slice, slice],
    names: dict[int, str],
    hu: np.ndarray | None = None,
    brain: AtlasFit | None = None,
) -> list[Lesion]:
    """Return the lesions of a label map, largest first.

    Lesions are connected components with 26 neighbours, so that a thin rim of blood is one lesion.

    Parameters
    ----------
    label_map : LabelMap
        Labels on the source slices.
    box : tuple of slice
        Bounding box of the labelled voxels.
    names : dict of int to str
        Segment ID of each label; other labels are ignored.
    hu : numpy.ndarray, optional
        (slices, rows, columns) HU of the scan.
    brain : AtlasFit, optional
        Atlas fit for the location of the lesions.
    """
    from scipy import ndimage

    labels = label_map.labels[box]
    densities = None if hu is None else hu[box]
    lesions: list[Lesion] = []
    for label, name in names.items():
        components, count = ndimage.label(labels == label, structure=np.ones((3, 3, 3)))
        for index, extent in enumerate(ndimage.find_objects(components, max_label=count), start=1):
            mask = components[extent] == index
            slices, rows, columns = (outer.start + inner.start for outer, inner in zip(box, extent, strict=True))
            values = None if densities is None else densities[extent][mask]
            lesion = _describe(name, mask, (slices, rows, columns), label_map.grid, values)
            if densities is not None:
                frame = None if brain is None else brain.frame
                where = locate_lesion(name, mask, (slices, rows, columns), label_map.grid, frame)
                lesion = lesion.model_copy(update={"location": where})
            lesions.append(lesion)
    return sorted(lesions, key=lambda lesion: lesion.volume_ml, reverse=True)


def _describe(
    name: str, mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid, hu: np.ndarray | None
) -> Lesion:
    """Measure a lesion from its mask, the offset of the mask in the label map, and the HU of its voxels."""
    counts = np.count_nonzero(mask, axis=(1, 2))
    per_slice = counts * grid.voxel_volumes_mm3[offset[0] : offset[0] + len(mask)] / 1000
    total = float(per_slice.sum())
    centre = float(per_slice @ np.arange(len(mask))) / total
    # Positions are linear in the index within a slice, but not across unevenly spaced slices.
    rows = mask.sum(axis=2) @ np.arange(mask.shape[1]) / np.maximum(counts, 1)
    columns = mask.sum(axis=1) @ np.arange(mask.shape[2]) / np.maximum(counts, 1)
    middles = np.stack([np.arange(len(mask)), rows, columns], axis=1) + offset
    x, y, z = (per_slice @ grid.points_mm(middles) / total).round(2).tolist()
    method = METHODS.get(name)
    return Lesion(
        subtype=name,
        volume_ml=round(total, 6),
        centroid_slice=offset[0] + round(centre),
        centroid_lps_mm=(x, y, z),
        slices=(offset[0], offset[0] + len(mask) - 1),
        longest_diameter_mm=round(longest_line(mask, offset, grid).length_mm, 2),
        hu_mean=None if hu is None else round(float(hu.mean()), 1),
        hu_sd=None if hu is None else round(float(hu.std()), 1),
        abc2=None if method is None else measure_abc2(mask, offset, grid, method=method, voxels_ml=total),
    )


def locate_lesion(
    name: str, mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid, frame: BrainFrame | None
) -> LesionLocation:
    """Return side, compartment and region of a lesion.

    Parameters
    ----------
    name : str
        Segment ID of its subtype, such as ``IPH``.
    mask : numpy.ndarray
        (slices, rows, columns) bool with at least one voxel, a part of the label map.
    offset : tuple of int
        Index of the first voxel of the mask in the label map.
    grid : SliceGrid
        Slice grid of the label map.
    frame : BrainFrame or None
        Brain coordinates of the scan; without them the location is empty.
    """
    if frame is None:
        return LesionLocation()
    found = np.argwhere(mask)
    chosen = found[np.linspace(0, len(found) - 1, min(_LOCATED_POINTS, len(found))).round().astype(int)] + offset
    weights = grid.voxel_volumes_mm3[chosen[:, 0]]
    return locate(frame.coordinates(grid.points_mm(chosen)), weights, ventricular=name == Subtype.IVH.name)
