# SPDX-License-Identifier: Apache-2.0
"""Single lesions: connected regions of one subtype."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.segmentation.label_map import LabelMap


class Lesion(BaseModel):
    """A connected region of one subtype.

    Attributes
    ----------
    subtype : str
        Segment ID, as ``IPH``.
    volume_ml : float
        By the extents rule, as the subtype's total.
    centroid_slice : int
        Index (from 0) of the source slice that holds the volume-weighted centre.
    slices : tuple of int
        First and last index of the slices it touches.
    """

    model_config = ConfigDict(frozen=True)

    subtype: str
    volume_ml: float
    centroid_slice: int
    slices: tuple[int, int]


def find_lesions(label_map: LabelMap, box: tuple[slice, slice, slice], names: dict[int, str]) -> list[Lesion]:
    """Return the connected regions of each label, largest first.

    Voxels touch by face, edge or corner (26 neighbours), so that a thin rim of blood on a slice is one lesion.

    Parameters
    ----------
    label_map : LabelMap
        The labels.
    box : tuple of slice
        A box that holds every labelled voxel.
    names : dict of int to str
        Segment ID of each label to look for.
    """
    from scipy import ndimage

    labels = label_map.labels[box]
    volumes_ml = label_map.grid.voxel_volumes_mm3[box[0]] / 1000
    lesions: list[Lesion] = []
    for label, name in names.items():
        regions, count = ndimage.label(labels == label, structure=np.ones((3, 3, 3)))
        for index, extent in enumerate(ndimage.find_objects(regions, max_label=count), start=1):
            per_slice = np.count_nonzero(regions[extent] == index, axis=(1, 2)) * volumes_ml[extent[0]]
            total = float(per_slice.sum())
            first = box[0].start + extent[0].start
            centre = float(per_slice @ np.arange(len(per_slice))) / total
            lesion = Lesion(
                subtype=name,
                volume_ml=round(total, 6),
                centroid_slice=first + round(centre),
                slices=(first, first + len(per_slice) - 1),
            )
            lesions.append(lesion)
    return sorted(lesions, key=lambda lesion: lesion.volume_ml, reverse=True)
