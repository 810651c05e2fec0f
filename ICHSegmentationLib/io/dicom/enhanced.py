# SPDX-License-Identifier: Apache-2.0
"""Slices of a data set: one for a CT Image, one per frame for an Enhanced CT."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset, FileDataset

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.files import file_of, integer_of, value_of
from ICHSegmentationLib.io.dicom.slices import DicomSlice, make_slice


def is_multi_frame(dataset: Dataset) -> bool:
    """Whether the geometry is held in functional groups (PS3.3 C.7.6.16)."""
    return "PerFrameFunctionalGroupsSequence" in dataset


def slices_of(dataset: FileDataset) -> list[DicomSlice]:
    """Return the slices of a data set in stored order.

    An Enhanced CT's frames take each attribute from their own functional group, else from the shared one.

    Raises
    ------
    InputError
        If an attribute that places a slice is missing, or frames and functional groups differ in number.
    """
    if not is_multi_frame(dataset):
        return [make_slice(dataset, None, [dataset])]
    frames = dataset.PerFrameFunctionalGroupsSequence
    if len(frames) != integer_of(dataset, "NumberOfFrames", 1):
        raise InputError(message("io.frames_do_not_agree", path=file_of(dataset)))
    shared = list(shared_groups(dataset))
    return [make_slice(dataset, index, [*macros(frame), *shared]) for index, frame in enumerate(frames)]


def shared_groups(dataset: Dataset) -> Iterator[Dataset]:
    """Yield the macro items of the shared functional groups (5200,9229)."""
    for group in value_of(dataset, "SharedFunctionalGroupsSequence") or ():
        yield from macros(group)


def macros(group: Dataset) -> Iterator[Dataset]:
    """Yield the first item of each macro sequence in a functional group."""
    for element in group:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def find_value(dataset: Dataset, keyword: str) -> str:
    """Return an attribute as text from a data set or from its shared or first frame's functional groups, else ''."""
    places = [dataset]
    if is_multi_frame(dataset):
        places += [*shared_groups(dataset), *macros(dataset.PerFrameFunctionalGroupsSequence[0])]
    values = (value_of(place, keyword) for place in places)
    return next((str(value).strip() for value in values if value is not None), "")
