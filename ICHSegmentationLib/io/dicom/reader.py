# SPDX-License-Identifier: Apache-2.0
"""Reading one CT series from DICOM files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.slice_steps import FEWEST_DISTANCES, GAP_FACTOR
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.dicom.files import load_dataset, quiet_pydicom
from ICHSegmentationLib.io.dicom.pixels import PixelDecoder, check_values, is_lossy
from ICHSegmentationLib.io.dicom.series import choose_series, sort_files
from ICHSegmentationLib.io.dicom.slices import DicomSlice
from ICHSegmentationLib.io.dicom.stack import stack
from ICHSegmentationLib.io.dicom.tags import read_tags, warn_tags
from ICHSegmentationLib.io.grid_warnings import warn_grid


@quiet_pydicom()
def read_dicom(files: Sequence[Path], *, series: str | None = None, empty: Sequence[Path] = ()) -> CTVolume:
    """Read a CT series.

    Parameters
    ----------
    files : sequence of Path
        DICOM files of one or more series, in any order.
    series : str or None
        Which series, see :func:`ICHSegmentationLib.io.dicom.series.choose_series`.
    empty : sequence of Path
        Files of zero length that lay beside them.

    Returns
    -------
    CTVolume
        Slices in the order of increasing position along the normal (columns direction x rows direction).

    Raises
    ------
    InputError
        If the files are no CT series that can be placed in space, or a slice is missing where there is an empty file;
        the message names the file or tag.
    """
    chosen, left_out = choose_series(sort_files([load_dataset(path) for path in files]), series)
    check_values(chosen)
    slices, grid, order = stack(chosen)
    left_out += _warn_empty(empty, grid)
    hu = np.empty(grid.shape, dtype=np.int16)
    decoder = PixelDecoder()
    decoder.decode_all(slices, hu)
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


def _warn_empty(empty: Sequence[Path], grid: SliceGrid) -> list[str]:
    """Warn of empty files; refuse them where a slice is missing, which one of them may have held."""
    if not empty:
        return []
    distances_mm = grid.slice_distances_mm
    uneven = len(distances_mm) < FEWEST_DISTANCES and distances_mm.max() > GAP_FACTOR * distances_mm.min()
    if grid.gaps or uneven:
        raise InputError(message("io.empty_file_and_gap", path=empty[0]))
    return [message("io.empty_files_left_out", count=len(empty), names=", ".join(path.name for path in empty[:5]))]


def _warn_values(slices: list[DicomSlice], decoder: PixelDecoder) -> list[str]:
    warnings: list[str] = []
    if any(slices[0].value(keyword) is None for keyword in ("RescaleSlope", "RescaleIntercept")):
        warnings.append(message("io.no_rescale"))
    if len({(item.slope, item.intercept) for item in slices}) > 1:
        warnings.append(message("io.rescale_differs"))
    if decoder.wrapped:
        warnings.append(message("io.signed_as_unsigned"))
    if decoder.padded_values:
        warnings.append(message("io.padding"))
    if any(is_lossy(item.dataset) for item in slices):
        warnings.append(message("io.lossy"))
    return warnings
