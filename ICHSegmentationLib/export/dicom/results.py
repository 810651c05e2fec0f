# SPDX-License-Identifier: Apache-2.0
"""The DICOM files of a result, beside its other files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.measurement import Measurements

if TYPE_CHECKING:
    from ICHSegmentationLib.segmentation.result import SegmentationResult

_LOG = logging.getLogger(__name__)


def write_dicom_results(directory: Path, result: SegmentationResult, measurements: Measurements) -> tuple[str, ...]:
    """Write ``segmentation.dcm`` and ``measurements.dcm`` for a scan that was read from DICOM.

    Returns
    -------
    tuple of str
        Why there is none, where the headers of a DICOM scan do not allow it; then neither file is left.

    Raises
    ------
    ICHSegmentationError
        If the system refuses a file.
    """
    source = result.volume.source
    if source.kind != "dicom":
        return ()
    from ICHSegmentationLib.export.dicom.seg import write_dicom_seg
    from ICHSegmentationLib.export.dicom.sr import write_dicom_sr
    from ICHSegmentationLib.export.record import make_record
    from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets

    seg_path = directory / "segmentation.dcm"
    try:
        datasets = load_source_datasets(result.volume)
        segmentation = write_dicom_seg(seg_path, result.label_map, source, datasets, model=result.model)
        record = make_record(result, measurements)
        write_dicom_sr(directory / "measurements.dcm", measurements, source, datasets, segmentation, record=record)
    except InputError as error:
        seg_path.unlink(missing_ok=True)
        text = f"No DICOM files were written: {error}"
        _LOG.warning("%s", text)
        return (text,)
    return ()
