# SPDX-License-Identifier: Apache-2.0
"""Reading NRRD and MetaImage with SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.grid import LPS_TO_RAS
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.source import CTSource
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io.affine_volume import volume_from_affine
from ICHSegmentationLib.io.file_kind import FileKind, file_kind


def read_itk(path: Path, *, grey_window: tuple[float, float] | None = None) -> CTVolume:
    """Read a NRRD (.nrrd, .nhdr) or MetaImage (.mha, .mhd) file.

    Raises
    ------
    InputError
        If the file cannot be read or is no CT volume, see :func:`volume_from_affine`.
    """
    import SimpleITK  # here, not above: it takes a third of a second

    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(message("io.damaged", path=path)) from error
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError(message("io.not_single_numbers", path=path))
    while image.GetDimension() > 3 and image.GetSize()[-1] == 1:
        image = SimpleITK.Extract(image, [*image.GetSize()[:-1], 0])
    if image.GetDimension() != 3:
        raise InputError(message("io.not_one_volume", path=path, shape=image.GetSize()))
    is_nrrd = file_kind(path) is FileKind.NRRD
    warnings: tuple[str, ...] = ()
    if is_nrrd and not image.HasMetaDataKey("NRRD_space"):
        warnings = (message("io.no_space"),)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    affine[:3] *= LPS_TO_RAS[:, None]
    source = CTSource(kind="nrrd" if is_nrrd else "mha", files=(path,))
    array = SimpleITK.GetArrayViewFromImage(image).T
    return volume_from_affine(array, affine, source, grey_window=grey_window, warnings=warnings)
