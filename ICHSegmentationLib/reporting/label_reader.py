# SPDX-License-Identifier: Apache-2.0
"""Label files of any format that this library writes, known by their names."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.errors import InputError
from ICHSegmentationLib.reporting.label_file import LabelFile

LABEL_SUFFIXES = (".seg.nrrd", ".nrrd", ".nii.gz", ".nii")


def read_labels(path: Path) -> LabelFile:
    """Read labels from ``.seg.nrrd`` or NIfTI.

    Raises
    ------
    InputError
        If the file does not exist, is of another kind, or is damaged.
    """
    if not path.is_file():
        message = f"{path} does not exist or is not a file."
        raise InputError(message)
    name = path.name.lower()
    if name.endswith(".nrrd"):
        from ICHSegmentationLib.reporting.seg_nrrd import read_seg_nrrd

        return read_seg_nrrd(path)
    if name.endswith((".nii", ".nii.gz")):
        from ICHSegmentationLib.reporting.labels_nifti import read_labels_nifti

        return read_labels_nifti(path)
    message = f"{path} is neither a .seg.nrrd nor a NIfTI file of labels."
    raise InputError(message)
