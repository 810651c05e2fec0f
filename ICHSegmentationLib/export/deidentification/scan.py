# SPDX-License-Identifier: Apache-2.0
"""A scan without identity and face beside the results of a case, from which all of them are made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.anatomy.face import kept_without_face, remove_face
from ICHSegmentationLib.export.deidentification.series import deidentify_volume
from ICHSegmentationLib.io.labels.nifti import write_on_grid_nifti

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.deidentification.keys import Keys

_SERIES, _IMAGE = "ct", "ct.nii.gz"


def write_deidentified(volume: CTVolume, folder: Path, keys: Keys) -> Path:
    """Write a scan without identity and face: a DICOM series as one, every other scan as NIfTI.

    Parameters
    ----------
    volume : CTVolume
        A head CT.
    folder : Path
        Folder of the results of the case, created if necessary.
    keys : Keys
        Keys of the user.

    Returns
    -------
    Path
        Folder of the series, or the NIfTI file; `deidentified_path` finds it again.

    Raises
    ------
    NotAHeadError
        If the face cannot be removed.
    InputError
        If an image may show text in its pixels.
    ICHSegmentationError
        If a file cannot be written.
    """
    if volume.source.kind == "dicom":
        path = folder / _SERIES
        deidentify_volume(volume, kept_without_face(volume), path, keys)
        return path
    path = folder / _IMAGE
    without = remove_face(volume)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_on_grid_nifti(path, without.hu, volume.grid)
    return path


def deidentified_path(folder: Path) -> Path:
    """Return where `write_deidentified` put the scan of a case."""
    return folder / _SERIES if (folder / _SERIES).is_dir() else folder / _IMAGE
