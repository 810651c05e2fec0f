# SPDX-License-Identifier: Apache-2.0
"""Label files of any format that this library writes, known by their names, DICOM by its content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.storage.replacing import finish_replacing
from ICHSegmentationLib.io.file_kind import looks_like_dicom
from ICHSegmentationLib.io.labels.dicom_seg import read_dicom_seg
from ICHSegmentationLib.io.labels.label_file import LabelFile
from ICHSegmentationLib.io.labels.nifti import read_labels_nifti
from ICHSegmentationLib.io.labels.seg_nrrd import read_seg_nrrd

LABEL_SUFFIXES = (".seg.nrrd", ".nrrd", ".nii.gz", ".nii")
_SAME_MM = 0.1
_ASIDE_MM = 5.0
"""How far the first slice of an affine that was fitted to uneven, tilted slices may lie aside."""


def read_labels(path: Path, scan: SliceGrid | None = None) -> LabelFile:
    """Read labels from ``.seg.nrrd``, NIfTI or a DICOM segmentation.

    Parameters
    ----------
    path : Path
        The file.
    scan : SliceGrid, optional
        The slices of the scan that the labels belong to. The labels are put on them, which settles what the file left
        open.

    Raises
    ------
    InputError
        If the file does not exist, is of another kind, is damaged, or does not lie on the slices of the scan.
    ICHSegmentationError
        If a killed run left its folder half replaced, and this cannot be finished.
    """
    finish_replacing(path.parent)
    if not path.is_file():
        raise InputError(message("io.no_file", path=path))
    name = path.name.lower()
    if name.endswith(".nrrd"):
        return _placed(read_seg_nrrd(path), scan, path)
    if name.endswith((".nii", ".nii.gz")):
        return _placed(read_labels_nifti(path), scan, path)
    if looks_like_dicom(path):
        return read_dicom_seg(path, scan)
    raise InputError(message("io.unknown_label_file", path=path))


def _placed(found: LabelFile, scan: SliceGrid | None, path: Path) -> LabelFile:
    if scan is None:
        return found
    _check_same_slices(found, scan, path)
    return LabelFile(replace(found.label_map, grid=scan), ())


def _check_same_slices(found: LabelFile, scan: SliceGrid, path: Path) -> None:
    """Refuse a scan on which the labels do not lie; distances between slices that the file only assumes may differ."""
    labels = found.label_map.grid
    if labels.shape == scan.shape:
        if labels.matches(scan, tolerance_mm=_SAME_MM):
            return
        alike = (_directions(labels) * _directions(scan)).sum(axis=1).min() > np.cos(np.deg2rad(1))
        aside_mm = np.abs(scan.orientation @ (labels.positions_mm[0] - scan.positions_mm[0])).max()
        alike &= bool(aside_mm < _ASIDE_MM and np.allclose(labels.spacing_mm, scan.spacing_mm, rtol=0.01))
        if found.warnings and alike:
            return
    raise InputError(message("io.other_slices", path=path))


def _directions(grid: SliceGrid) -> np.ndarray:
    stack = grid.positions_mm[-1] - grid.positions_mm[0]
    return np.vstack([grid.orientation, stack / np.linalg.norm(stack)])
