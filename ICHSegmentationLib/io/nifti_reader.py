# SPDX-License-Identifier: Apache-2.0
"""Reading NIfTI with its full affine: an sform holds a tilted stack exactly."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.source import CTSource
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io.affine_volume import volume_from_affine
from ICHSegmentationLib.io.damage import check_gzip, damage_named

_TO_MM = {"meter": 1000.0, "micron": 0.001}
_SAME_MM = 1.0


def read_nifti(path: Path, *, grey_window: tuple[float, float] | None = None) -> CTVolume:
    """Read a NIfTI-1 or NIfTI-2 file.

    The sform is used where its code is above 0, else the qform, as nibabel does; scl_slope and scl_inter are applied.

    Raises
    ------
    InputError
        If the file cannot be read or is no CT volume, see :func:`volume_from_affine`.
    """
    with damage_named(path, "it cannot be read as NIfTI"):
        check_gzip(path)
        image = nibabel.load(path)
        if not isinstance(image, nibabel.Nifti1Pair):
            message = f"{path} is not a NIfTI file (Analyze files do not say where left and right are)."
            raise InputError(message)
        array = np.asanyarray(image.dataobj)
        units = image.header.get_xyzt_units()[0]
    affine = np.array(image.affine, dtype=np.float64)
    affine[:3] *= _TO_MM.get(units, 1.0)
    source = CTSource(kind="nifti", files=(path,))
    return volume_from_affine(array, affine, source, grey_window=grey_window, warnings=_warn_forms(image))


def _warn_forms(image: nibabel.Nifti1Pair) -> tuple[str, ...]:
    sform, sform_code = image.get_sform(coded=True)
    qform, qform_code = image.get_qform(coded=True)
    if not sform_code and not qform_code:
        return ("The file has neither sform nor qform: left, right and position are assumed.",)
    if sform_code and qform_code and len(image.shape) >= 3:
        last = np.array([*image.shape[:3], 1.0])
        difference = max(np.abs((sform - qform)[:3, 3]).max(), np.abs((sform - qform) @ last).max())
        if difference > _SAME_MM:
            return (f"sform and qform differ by up to {difference:.1f} mm; the sform is used.",)
    return ()
