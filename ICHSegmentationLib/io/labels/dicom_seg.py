# SPDX-License-Identifier: Apache-2.0
"""Label maps from DICOM Segmentation files, with the slice positions that the file itself holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, FileDataset
from pydicom.uid import SegmentationStorage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.terminology import HemorrhageClass, load_terminology
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.enhanced import macros, shared_groups, slices_of
from ICHSegmentationLib.io.dicom.files import load_dataset, quiet_pydicom, sop_class, value_of
from ICHSegmentationLib.io.dicom.slices import DicomSlice
from ICHSegmentationLib.io.labels.label_file import LabelFile

_SAME_MM = 0.05
_BACKGROUND = ("DCM", "125040")
# Supplement 243; pydicom 3.0 has no name for it.
_LABEL_MAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"


@quiet_pydicom()
def read_dicom_seg(path: Path | str, source: SliceGrid | None = None) -> LabelFile:
    """Read the hemorrhage segments of a BINARY or LABELMAP segmentation, also of one that another program wrote.

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
    if not (is_binary(dataset) or _kind_of(dataset) == (_LABEL_MAP_STORAGE, "LABELMAP")):
        raise InputError(message("io.not_a_segmentation", path=path))
    with damage_named(path):
        frames = slices_of(dataset)
        pixels = dataset.pixel_array.reshape(-1, int(dataset.Rows), int(dataset.Columns))
        masks = list(_masks(dataset, pixels))
        classes = segment_classes(dataset)
        labels_of_segments = {int(item.SegmentNumber): str(item.SegmentLabel) for item in dataset.SegmentSequence}
    grid = source or _grid_of(frames, path)
    places = _places(frames, grid, path)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    warnings: dict[str, None] = {}
    for number, index, mask in masks:
        row = classes.get(number)
        if row is None:
            what = labels_of_segments.get(number, "")
            warnings[message("io.segment_left_out", name=path.name, segment=what)] = None
            continue
        image = labels[places[index]]
        if image[mask].any():
            warnings[message("io.segments_overlap", name=path.name, subtype=row.name.lower())] = None
        image[mask] = row.label
    if source is None and len({index for _, index, _ in masks}) == len(frames):
        warnings[message("io.only_slices_with_blood", name=path.name)] = None
    return LabelFile(LabelMap(labels, grid), tuple(warnings))


def is_binary(dataset: FileDataset) -> bool:
    """Return whether a file is a segmentation with one frame per segment and slice, which reports can refer to."""
    return _kind_of(dataset) == (SegmentationStorage, "BINARY")


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


def _kind_of(dataset: FileDataset) -> tuple[str | None, Any]:
    return sop_class(dataset), value_of(dataset, "SegmentationType")


def _masks(dataset: FileDataset, pixels: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Return segment number, frame index and mask of everything that is segmented, in the order of the numbers."""
    if is_binary(dataset):
        found = [(_segment_number(dataset, index), index, mask) for index, mask in enumerate(pixels.view(bool))]
    else:
        background = _background(dataset)
        found = [
            (int(number), index, frame == number)
            for index, frame in enumerate(pixels)
            for number in np.unique(frame)
            if number not in background
        ]
    return sorted((item for item in found if item[2].any()), key=lambda item: item[:2])


def _background(dataset: Dataset) -> set[int]:
    """Return the pixel values of a label map that are no segment: the padding value and segments called background."""
    padding: Any = value_of(dataset, "PixelPaddingValue")
    called = (int(item.SegmentNumber) for item in dataset.SegmentSequence if _code_of(item) == _BACKGROUND)
    return {0 if padding is None else int(padding), *called}


def _class_of(segment: Dataset) -> HemorrhageClass | None:
    code = _code_of(segment)
    names = {str(value_of(segment, keyword) or "") for keyword in ("TrackingID", "SegmentLabel")}
    rows = load_terminology().classes
    by_code = (row for row in rows if (row.code.scheme, row.code.value) == code)
    by_name = (row for row in rows if {row.id, row.name} & names)
    return next(by_code, None) or next(by_name, None)


def _code_of(segment: Dataset) -> tuple[Any, Any]:
    codes = value_of(segment, "SegmentedPropertyTypeCodeSequence") or [Dataset()]
    return value_of(codes[0], "CodingSchemeDesignator"), value_of(codes[0], "CodeValue")


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
