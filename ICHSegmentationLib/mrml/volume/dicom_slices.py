# SPDX-License-Identifier: Apache-2.0
"""DICOM files of a volume node, and their slice positions."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import slicer

from ICHSegmentationLib.core.errors import InputError, SeveralSeriesError, UnusableSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import LPS_TO_RAS, SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import PADDING_HU
from ICHSegmentationLib.mrml.nodes import Node, ijk_to_ras

UIDS_ATTRIBUTE = "DICOM.instanceUIDs"
"""Attribute in which Slicer's DICOM import stores the SOPInstanceUIDs of the files, separated by blanks."""
_MIN_SAME_FRACTION = 0.999

_logger = logging.getLogger(__name__)


class OtherPixelsError(Exception):
    """The volume does not hold the voxels of its files, so their slice positions do not apply."""


def has_dicom_uids(volume_node: Node) -> bool:
    """Whether a volume has the UIDs of the DICOM files that it was loaded from."""
    return bool(volume_node.GetAttribute(UIDS_ATTRIBUTE))


def dicom_files(volume_node: Node) -> tuple[Path, ...]:
    """Return the files of a volume from Slicer's DICOM database; empty if any is missing."""
    database = getattr(slicer, "dicomDatabase", None)
    if database is None or not has_dicom_uids(volume_node):
        return ()
    files = []
    for uid in dict.fromkeys(volume_node.GetAttribute(UIDS_ATTRIBUTE).split()):
        name = database.fileForInstance(uid)
        if not name or not Path(name).is_file():
            return ()
        files.append(Path(name))
    return tuple(files)


def dicom_slices(volume_node: Node) -> tuple[SliceGrid, CTSource] | None:
    """Return the slices of a volume by its DICOM files, in the order of its k axis.

    Returns
    -------
    tuple of SliceGrid and CTSource, or None
        None if the files are missing or cannot be read.

    Raises
    ------
    OtherPixelsError
        If size or voxels differ from the files: the volume was cropped, hardened or edited.
    InputError
        If the files belong to several scans, or only some of them state how their HU are stored.
    """
    files = dicom_files(volume_node)
    if not files:
        return None
    try:
        return _read(files, volume_node)
    except SeveralSeriesError as error:
        raise InputError(message("mrml.several_scans", name=volume_node.GetName(), count=len(error.series))) from error
    except UnusableSeriesError:
        raise
    except (ImportError, InputError, OSError) as error:
        # Not logged in full: the message may contain a path. The volume node has positions of its own.
        _logger.warning("The DICOM files of the volume cannot be used (%s).", type(error).__name__)
        return None


def _read(files: tuple[Path, ...], volume_node: Node) -> tuple[SliceGrid, CTSource]:
    from ICHSegmentationLib.io.dicom.files import load_dataset, quiet_pydicom
    from ICHSegmentationLib.io.dicom.pixels import check_values
    from ICHSegmentationLib.io.dicom.series import choose_series, sort_files
    from ICHSegmentationLib.io.dicom.stack import stack
    from ICHSegmentationLib.io.dicom.tags import read_tags

    with quiet_pydicom():
        chosen, _ = choose_series(sort_files([load_dataset(path) for path in files]), None)
        check_values(chosen)
        slices, grid, _ = stack(chosen)
        step_lps = ijk_to_ras(volume_node)[:3, 2] * LPS_TO_RAS
        if step_lps @ grid.normal < 0:
            slices.reverse()
            grid = SliceGrid(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm)
        _check_pixels(slices, grid.shape, slicer.util.arrayFromVolume(volume_node))
        source = CTSource(
            kind="dicom",
            files=tuple(item.path for item in slices),
            frames=tuple(item.frame + 1 for item in slices if item.frame is not None),
            storage_axes=(2, 1, 0),
            series_uid=str(slices[0].dataset.SeriesInstanceUID),
            tags=read_tags(slices[0].dataset),
        )
    return grid, source


def _check_pixels(slices: list, shape: tuple[int, int, int], array: np.ndarray) -> None:
    """Compare first, middle and last slice with the files, which detects reordering, flips and resampling."""
    from ICHSegmentationLib.io.dicom.pixels import PixelDecoder

    if array.shape != shape:
        raise OtherPixelsError
    compared = (0, shape[0] // 2, shape[0] - 1)
    images = np.empty((len(compared), *shape[1:]), dtype=np.int16)
    PixelDecoder().decode_all([slices[index] for index in compared], images)
    for index, image in zip(compared, images, strict=True):
        inside = image > PADDING_HU  # readers treat padding differently
        difference = array[index][inside].astype(np.float32) - image[inside]
        if np.count_nonzero(np.abs(difference) <= 1) < _MIN_SAME_FRACTION * difference.size:
            raise OtherPixelsError
