# SPDX-License-Identifier: Apache-2.0
"""Reading one CT series from DICOM files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom import FileDataset

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.source import CTSource
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.dicom.enhanced import slices_of
from ICHSegmentationLib.io.dicom.files import file_of, integer_of, load_dataset, quiet_pydicom
from ICHSegmentationLib.io.dicom.pixels import PixelDecoder
from ICHSegmentationLib.io.dicom.series import choose_series, sort_files
from ICHSegmentationLib.io.dicom.slices import DicomSlice
from ICHSegmentationLib.io.dicom.stack import stack
from ICHSegmentationLib.io.dicom.tags import read_tags, warn_tags
from ICHSegmentationLib.io.grid_warnings import warn_grid


@quiet_pydicom()
def read_dicom(files: Sequence[Path], *, series: str | None = None) -> CTVolume:
    """Read a CT series.

    Parameters
    ----------
    files : sequence of Path
        DICOM files of one or more series, in any order.
    series : str or None
        Which series, see :func:`ICHSegmentationLib.io.dicom.series.choose_series`.

    Returns
    -------
    CTVolume
        Slices in the order of increasing position along the normal (columns direction x rows direction).

    Raises
    ------
    InputError
        If the files are no CT series that can be placed in space; the message names the file or tag.
    """
    datasets, left_out = choose_series(sort_files([load_dataset(path) for path in files]), series)
    slices, grid, order = stack(_slices(datasets))
    _check_depth(slices[0])
    hu = np.empty(grid.shape, dtype=np.int16)
    decoder = PixelDecoder()
    for item, image in zip(slices, hu, strict=True):
        decoder.decode(item, image)
    tags = read_tags(slices[0].dataset)
    warnings = [*left_out, *order, *warn_grid(grid), *_warn_values(slices, decoder), *warn_tags(tags, grid.tilt_deg)]
    source = CTSource(
        kind="dicom",
        files=tuple(item.path for item in slices),
        frames=tuple(item.frame + 1 for item in slices if item.frame is not None),
        series_uid=str(slices[0].dataset.SeriesInstanceUID),
        tags=tags,
    )
    return CTVolume(hu, grid, source, tuple(warnings))


def _slices(datasets: list[FileDataset]) -> list[DicomSlice]:
    slices: list[DicomSlice] = []
    for dataset in datasets:
        with damage_named(file_of(dataset)):
            slices += slices_of(dataset)
    return slices


def _check_depth(item: DicomSlice) -> None:
    if integer_of(item.dataset, "BitsAllocated", 16) <= 8:
        raise InputError(message("io.eight_bits", path=item.path))


def _warn_values(slices: list[DicomSlice], decoder: PixelDecoder) -> list[str]:
    warnings: list[str] = []
    if not all(item.has_rescale for item in slices):
        warnings.append(message("io.no_rescale"))
    elif len({(item.slope, item.intercept) for item in slices}) > 1:
        warnings.append(message("io.rescale_differs"))
    if decoder.wrapped:
        warnings.append(message("io.signed_as_unsigned"))
    if decoder.padded_values:
        warnings.append(message("io.padding"))
    return warnings
