# SPDX-License-Identifier: Apache-2.0
"""Reading NIfTI with its full affine: an sform holds a tilted stack exactly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.source import CTSource
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io.affine_volume import volume_from_affine
from ICHSegmentationLib.io.damage import check_gzip, damage_named

if TYPE_CHECKING:
    import nibabel

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
    import nibabel  # here, not above: it takes a third of a second

    with damage_named(path, "NIfTI"):
        check_gzip(path)
        image = nibabel.load(path)
        if not isinstance(image, nibabel.Nifti1Pair):
            raise InputError(message("io.analyze_file", path=path))
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
        return (message("io.no_form"),)
    if sform_code and qform_code and len(image.shape) >= 3:
        last = np.array([*image.shape[:3], 1.0])
        difference = max(np.abs((sform - qform)[:3, 3]).max(), np.abs((sform - qform) @ last).max())
        if difference > _SAME_MM:
            return (message("io.forms_differ", difference_mm=difference),)
    return ()
