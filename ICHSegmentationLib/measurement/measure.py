# SPDX-License-Identifier: Apache-2.0
"""Volumes per subtype by the extents rule."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.measurement.lesions import Lesion, find_lesions
from ICHSegmentationLib.segmentation.label_map import LabelMap
from ICHSegmentationLib.terminology import load_terminology

_ICH = "ICH"


class Measurements(BaseModel):
    """What is measured on a label map.

    Attributes
    ----------
    volumes_ml : dict of str to float
        Volume per subtype (always all five), ``ICH`` where the label map holds blood without a subtype, and ``total``.
    present : dict of str to bool
        Whether any voxel has the subtype; the same keys without ``total``.
    slice_volumes_ml : tuple of float
        Volume of all blood on each source slice.
    lesions : tuple of Lesion
        Connected regions of each subtype, largest first.
    """

    model_config = ConfigDict(frozen=True)

    volumes_ml: dict[str, float]
    present: dict[str, bool]
    slice_volumes_ml: tuple[float, ...]
    lesions: tuple[Lesion, ...]

    @property
    def largest_lesion(self) -> Lesion | None:
        """The largest connected region of one subtype, or None without blood."""
        return self.lesions[0] if self.lesions else None


def measure(label_map: LabelMap) -> Measurements:
    """Measure volumes and lesions.

    The volume of a label is the sum over slices of its voxel count times the in-plane pixel area times the slice's own
    extent along the normal (:attr:`ICHSegmentationLib.ct.grid.SliceGrid.voxel_volumes_mm3`). On a tilted or oblique
    grid a product of spacings would be too large.

    Raises
    ------
    ValueError
        If the label map has one slice only: the extent of a single slice is unknown.
    """
    names = {row.label: row.id for row in load_terminology().classes}
    box = labelled_box(label_map.labels)
    counts = np.zeros((label_map.grid.shape[0], max(names) + 1))
    for index in range(box[0].start, box[0].stop):
        values = np.bincount(label_map.labels[(index, *box[1:])].ravel(), minlength=counts.shape[1])
        counts[index] = values[: counts.shape[1]]
    volumes_ml = counts * label_map.grid.voxel_volumes_mm3[:, None] / 1000
    if not counts[:, _label(names, _ICH)].any():
        names = {label: name for label, name in names.items() if name != _ICH}
    per_subtype = {name: float(volumes_ml[:, label].sum()) for label, name in names.items()}
    per_slice = volumes_ml[:, list(names)].sum(axis=1)
    return Measurements(
        volumes_ml={**per_subtype, "total": float(sum(per_subtype.values()))},
        present={name: bool(counts[:, label].any()) for label, name in names.items()},
        slice_volumes_ml=tuple(float(volume) for volume in per_slice),
        lesions=tuple(
            find_lesions(label_map, box, {label: name for label, name in names.items() if counts[:, label].any()})
        ),
    )


def labelled_box(labels: np.ndarray) -> tuple[slice, slice, slice]:
    """Return the smallest box that holds every labelled voxel; an empty box at 0 where there is none."""
    slices = np.flatnonzero(labels.any(axis=(1, 2)))
    if len(slices) == 0:
        return slice(0, 0), slice(0, 0), slice(0, 0)
    flat = labels[slices[0] : slices[-1] + 1].any(axis=0)
    rows, columns = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    return (
        slice(int(slices[0]), int(slices[-1]) + 1),
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )


def _label(names: dict[int, str], wanted: str) -> int:
    return next(label for label, name in names.items() if name == wanted)
