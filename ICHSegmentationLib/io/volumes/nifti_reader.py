# SPDX-License-Identifier: Apache-2.0
"""Reading NIfTI with its full affine: an sform holds a tilted stack exactly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.volumes.affine_volume import volume_from_affine
from ICHSegmentationLib.io.volumes.nifti_file import open_nifti
from ICHSegmentationLib.io.volumes.stated_spacing import Spacing, check_stated

if TYPE_CHECKING:
    import nibabel

_TO_MM = {"meter": 1000.0, "micron": 0.001}
_SAME_MM = 1.0
_SAME_SIZE = 0.01


def read_nifti(
    path: Path, *, grey_window: tuple[float, float] | None = None, spacing_mm: Spacing | None = None
) -> CTVolume:
    """Read a NIfTI-1 or NIfTI-2 file.

    The sform is used where its code is above 0, else the qform, as nibabel does; scl_slope and scl_inter are applied.

    Parameters
    ----------
    path : Path
        The file.
    grey_window : tuple of float, optional
        HU that greys 0 and 255 stand for.
    spacing_mm : tuple of float, optional
        Size of a voxel along the file's first, second and third axis, for a file that does not state it.

    Raises
    ------
    InputError
        If the file cannot be read or is no CT volume, see :func:`volume_from_affine`, or the size of its voxels is not
        known.
    """
    with damage_named(path, "NIfTI"):
        opened = open_nifti(path)
        image = opened.image
        array = np.asanyarray(image.dataobj)
        units = image.header.get_xyzt_units()[0]
    check_stated(path, spacing_mm, stated=opened.states_spacing)
    with damage_named(path, "NIfTI"):
        affine = np.array(image.affine, dtype=np.float64)
        affine[:3] *= _TO_MM.get(units, 1.0)
        if spacing_mm is not None and len(image.shape) >= len(spacing_mm):
            image.header.set_zooms((*spacing_mm, *image.header.get_zooms()[3:]))
            affine = np.array(image.header.get_best_affine(), dtype=np.float64)
    source = CTSource(kind="nifti", files=(path,))
    return volume_from_affine(array, affine, source, grey_window=grey_window, warnings=_warn_forms(image))


def _warn_forms(image: nibabel.Nifti1Pair) -> tuple[str, ...]:
    """Return warnings where the file says nothing, or two things, about the places of its voxels."""
    sform, sform_code = image.get_sform(coded=True)
    qform, qform_code = image.get_qform(coded=True)
    if not sform_code and not qform_code:
        return (message("io.no_form"),)
    if sform_code and qform_code and len(image.shape) >= 3:
        last = np.array([*image.shape[:3], 1.0])
        difference = max(np.abs((sform - qform)[:3, 3]).max(), np.abs((sform - qform) @ last).max())
        if difference > _SAME_MM:
            return (message("io.forms_differ", difference_mm=difference),)
    sizes, zooms = np.linalg.norm(image.affine[:3, :3], axis=0), np.array(image.header.get_zooms()[:3])
    if len(zooms) == len(sizes) and not np.allclose(sizes, zooms, rtol=_SAME_SIZE):
        listed = (" x ".join(f"{value:g}" for value in values) for values in (sizes, zooms))
        return (message("io.voxel_sizes_differ", sform=next(listed), pixdim=next(listed)),)
    return ()
