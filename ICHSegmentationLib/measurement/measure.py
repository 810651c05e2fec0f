# SPDX-License-Identifier: Apache-2.0
"""All measurements of a label map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement.examination import examine
from ICHSegmentationLib.measurement.lesions import find_lesions
from ICHSegmentationLib.measurement.measurements import Measurements

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume


def measure(label_map: LabelMap, volume: CTVolume | None = None, *, assessed: bool = True) -> Measurements:
    """Measure volumes and lesions.

    The volume of a label is the sum over slices of voxel count x pixel area x slice extent
    (:attr:`ICHSegmentationLib.core.scan.grid.SliceGrid.voxel_volumes_mm3`). The product of pixel spacing and step would
    be too large on tilted or sheared grids.

    Parameters
    ----------
    label_map : LabelMap
        Labels on the source slices.
    volume : CTVolume, optional
        Scan of the labels. Without it HU and location of the lesions, midline shift and modified Graeb score are None.

    assessed : bool
        See `Measurements.assessed`.

    Raises
    ------
    InputError
        If the label map has a single slice, whose extent is unknown, or its slices are not in order.
    ValueError
        If the shapes of label map and scan differ.
    """
    if volume is not None and volume.hu.shape != label_map.labels.shape:
        raise ValueError(message("measurement.other_shape", labels=label_map.labels.shape, volume=volume.hu.shape))
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
        assessed=assessed,
    )
