# SPDX-License-Identifier: Apache-2.0
"""Label maps from DICOM Segmentation files, with the slice positions that the file itself holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.uid import SegmentationStorage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.terminology import HemorrhageClass, load_terminology
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.enhanced import macros, shared_groups, slices_of
from ICHSegmentationLib.io.dicom.files import load_dataset, quiet_pydicom, sop_class, value_of
from ICHSegmentationLib.io.dicom.slices import DicomSlice
from ICHSegmentationLib.io.labels.label_file import LabelFile

_SAME_MM = 0.05


@quiet_pydicom()
def read_dicom_seg(path: Path | str, source: SliceGrid | None = None) -> LabelFile:
    """Read the hemorrhage segments of a BINARY segmentation (PS3.3 A.51), also of one that another program wrote.

    Segments are known by SNOMED CT code, else by tracking ID or label. Where they overlap, the later one wins, so that
    no voxel counts twice.

    Parameters
    ----------
    path : Path or str
        The file.
    source : SliceGrid, optional
        The slices of the scan. Without it the slices are those that the file has frames for.

    Returns
    -------
    LabelFile
        Labels on the slices, sorted along the normal.

    Raises
    ------
    InputError
        If the file is no such segmentation, is damaged, or does not lie on the slices of ``source``.
    """
    path = Path(path)
    dataset = load_dataset(path)
    if sop_class(dataset) != SegmentationStorage or value_of(dataset, "SegmentationType") != "BINARY":
        raise InputError(message("io.not_a_binary_seg", path=path))
    with damage_named(path):
        frames = slices_of(dataset)
        numbers = [_segment_number(dataset, index) for index in range(len(frames))]
        masks = dataset.pixel_array.reshape(-1, int(dataset.Rows), int(dataset.Columns)).view(bool)
        classes = segment_classes(dataset)
        labels_of_segments = {int(item.SegmentNumber): str(item.SegmentLabel) for item in dataset.SegmentSequence}
    grid = source or _grid_of(frames, path)
    places = _places(frames, grid, path)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    warnings: dict[str, None] = {}
    # Segments in the order of their numbers, whatever the order of the frames.
    for index in sorted(range(len(frames)), key=numbers.__getitem__):
        mask = masks[index]
        row = classes.get(numbers[index])
        if row is None:
            if mask.any():
                what = labels_of_segments.get(numbers[index], "")
                warnings[message("io.segment_left_out", name=path.name, segment=what)] = None
            continue
        image = labels[places[index]]
        if image[mask].any():
            warnings[message("io.segments_overlap", name=path.name, subtype=row.name.lower())] = None
        image[mask] = row.label
    if source is None and masks.any(axis=(1, 2)).all():
        warnings[message("io.only_slices_with_blood", name=path.name)] = None
    return LabelFile(LabelMap(labels, grid), tuple(warnings))


def segment_classes(dataset: Dataset) -> dict[int, HemorrhageClass]:
    """Return the row of the terminology table of each segment number that is hemorrhage."""
    found = {int(item.SegmentNumber): _class_of(item) for item in dataset.SegmentSequence}
    return {number: row for number, row in found.items() if row is not None}


def segment_frames(dataset: Dataset, positions_mm: np.ndarray) -> dict[tuple[int, int], int]:
    """Return the frame number (from 1) of each segment number and slice that a segmentation has a frame for.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The segmentation.
    positions_mm : numpy.ndarray
        (slices, 3) ImagePositionPatient of each slice of the scan.
    """
    found = {}
    for index in range(len(dataset.PerFrameFunctionalGroupsSequence)):
        position = np.array(_frame_value(dataset, index, "ImagePositionPatient"), dtype=np.float64)
        away_mm = np.linalg.norm(positions_mm - position, axis=1)
        place = int(np.argmin(away_mm))
        if away_mm[place] <= _SAME_MM:
            found[_segment_number(dataset, index), place] = index + 1
    return found


def _class_of(segment: Dataset) -> HemorrhageClass | None:
    codes = value_of(segment, "SegmentedPropertyTypeCodeSequence") or [Dataset()]
    code = (value_of(codes[0], "CodingSchemeDesignator"), value_of(codes[0], "CodeValue"))
    names = {str(value_of(segment, keyword) or "") for keyword in ("TrackingID", "SegmentLabel")}
    rows = load_terminology().classes
    by_code = (row for row in rows if (row.code.scheme, row.code.value) == code)
    by_name = (row for row in rows if {row.id, row.name} & names)
    return next(by_code, None) or next(by_name, None)


def _segment_number(dataset: Dataset, index: int) -> int:
    return int(_frame_value(dataset, index, "ReferencedSegmentNumber"))


def _frame_value(dataset: Dataset, index: int, keyword: str) -> Any:
    """Return an attribute of a frame from its own functional groups, else from the shared ones."""
    groups = [*macros(dataset.PerFrameFunctionalGroupsSequence[index]), *shared_groups(dataset)]
    values: list[Any] = [value_of(group, keyword) for group in groups]
    return next(value for value in values if value is not None)


def _grid_of(frames: list[DicomSlice], path: Path) -> SliceGrid:
    """Return the slices that the frames lie on, each place once."""
    first = frames[0]
    normal = np.cross(*first.orientation)
    if any(np.abs(frame.orientation - first.orientation).max() > 1e-3 for frame in frames):
        raise InputError(message("io.seg_orientations_differ", path=path))
    depths = np.array([float(frame.position_mm @ normal) for frame in frames])
    order = np.argsort(depths, kind="stable")
    is_new = np.diff(depths[order], prepend=-np.inf) > _SAME_MM
    positions = np.stack([frames[index].position_mm for index in order[is_new]])
    if len(positions) < 2:
        raise InputError(message("io.seg_one_slice", path=path))
    return SliceGrid((len(positions), *first.size), positions, first.orientation, first.spacing_mm)


def _places(frames: list[DicomSlice], grid: SliceGrid, path: Path) -> list[int]:
    """Return the slice index of each frame."""
    places = []
    for frame in frames:
        away_mm = np.linalg.norm(grid.positions_mm - frame.position_mm, axis=1)
        place = int(np.argmin(away_mm))
        alike = np.abs(frame.orientation - grid.orientation).max() < 2e-3 and frame.size == grid.shape[1:]
        if away_mm[place] > _SAME_MM or not alike or not np.allclose(frame.spacing_mm, grid.spacing_mm, rtol=1e-3):
            raise InputError(message("io.other_slices", path=path))
        places.append(place)
    return places
