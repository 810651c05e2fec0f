# SPDX-License-Identifier: Apache-2.0
"""The DICOM files of a result, beside its other files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.errors import InputError
from ICHSegmentationLib.measurement import Measurements

if TYPE_CHECKING:
    from ICHSegmentationLib.segmentation.result import SegmentationResult

SEG_NAME, SR_NAME = "segmentation.dcm", "measurements.dcm"
_LOG = logging.getLogger(__name__)


def write_dicom_results(
    directory: Path, result: SegmentationResult, measurements: Measurements
) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Write the segmentation and the volumes of a scan that was read from DICOM; those of an earlier run are removed.

    Returns
    -------
    dict of str to Path
        What was written, by file name: both, or none.
    tuple of str
        Why there is none, where the headers of a DICOM scan do not allow it.

    Raises
    ------
    ICHSegmentationError
        If the system refuses a file.
    """
    paths = {name: directory / name for name in (SEG_NAME, SR_NAME)}
    for path in paths.values():
        # Of another scan, perhaps: such a pair must not be taken for this one's.
        path.unlink(missing_ok=True)
    source = result.volume.source
    if source.kind != "dicom":
        return {}, ()
    from ICHSegmentationLib.reporting.dicom_seg import write_dicom_seg
    from ICHSegmentationLib.reporting.dicom_source import load_source_datasets
    from ICHSegmentationLib.reporting.dicom_sr import write_dicom_sr

    try:
        datasets = load_source_datasets(result.volume)
        segmentation = write_dicom_seg(paths[SEG_NAME], result.label_map, source, datasets, model=result.model)
        write_dicom_sr(paths[SR_NAME], measurements, source, datasets, segmentation)
    except InputError as error:
        paths[SEG_NAME].unlink(missing_ok=True)
        text = f"No DICOM files were written: {error}"
        _LOG.warning("%s", text)
        return {}, (text,)
    return paths, ()
