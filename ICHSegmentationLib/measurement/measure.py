# SPDX-License-Identifier: Apache-2.0
"""Volumes per subtype by the extents rule, and what else is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement.examination import examine
from ICHSegmentationLib.measurement.lesions import find_lesions
from ICHSegmentationLib.measurement.measurements import Measurements

if TYPE_CHECKING:
    from ICHSegmentationLib.core.volume import CTVolume


def measure(label_map: LabelMap, volume: CTVolume | None = None) -> Measurements:
    """Measure volumes and lesions.

    The volume of a label is the sum over slices of its voxel count times the in-plane pixel area times the slice's own
    extent along the normal (:attr:`ICHSegmentationLib.core.grid.SliceGrid.voxel_volumes_mm3`). On a tilted or oblique
    grid a product of spacings would be too large.

    Parameters
    ----------
    label_map : LabelMap
        The labels.
    volume : CTVolume, optional
        The scan they belong to, for the HU of the lesions, where they lie, the midline shift and the ventricles;
        without it these are None.

    Raises
    ------
    ValueError
        If the label map has one slice only (the extent of a single slice is unknown), or is not of the scan's shape.
    """
    if volume is not None and volume.hu.shape != label_map.labels.shape:
        message = f"The labels of shape {label_map.labels.shape} do not fit a scan of shape {volume.hu.shape}."
        raise ValueError(message)
    table = load_terminology()
    box = labelled_box(label_map.labels)
    counts = np.zeros((label_map.grid.shape[0], 256))
    for index in range(box[0].start, box[0].stop):
        counts[index] = np.bincount(label_map.labels[(index, *box[1:])].ravel(), minlength=256)
    volumes_ml = counts * label_map.grid.voxel_volumes_mm3[:, None] / 1000
    found = {row.label: row.id for row in table.classes if counts[:, row.label].any()}
    rows = [row for row in table.classes if row in table.subtypes or row.label in found]
    per_slice = {row.id: volumes_ml[:, row.label] for row in rows}
    per_slice["total"] = np.sum([per_slice[row.id] for row in rows], axis=0)
    examination = None if volume is None else examine(label_map, volume)
    return Measurements(
        volumes_ml={name: round(float(values.sum()), 6) for name, values in per_slice.items()},
        present={row.id: row.label in found for row in rows},
        slice_volumes_ml={name: tuple(np.round(values, 6).tolist()) for name, values in per_slice.items()},
        lesions=tuple(
            find_lesions(
                label_map,
                box,
                found,
                None if volume is None else volume.hu,
                None if examination is None else examination.brain,
            )
        ),
        midline_shift=None if examination is None else examination.midline_shift,
        modified_graeb=None if examination is None else examination.modified_graeb,
    )
