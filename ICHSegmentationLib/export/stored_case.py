# SPDX-License-Identifier: Apache-2.0
"""Reader of a segmentation on disk with the record of its run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import MeasurementRecord, read_record
from ICHSegmentationLib.io.dicom.files import load_dataset
from ICHSegmentationLib.io.file_kind import FileKind, file_kind
from ICHSegmentationLib.io.labels.dicom_seg import is_binary
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.io.labels.scan_check import check_scan
from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.measurement.measure import measure

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.core.scan.volume import CTVolume

_SAME_ML = 0.0005
"""Files hold their geometry with 6 digits or more; one changed voxel makes a larger difference."""


def read_case(path: Path, volume: CTVolume | None) -> CaseResult:
    """Read a segmentation and the ``measurements.json`` in its folder, and measure the labels as they are now.

    Segments whose volume or lesions differ from those of the run are recorded as corrected, as are those that were when
    the record was written. Unchanged labels keep the ICH score, growth, agreement and review of the record, and without
    the scan all its measurements, since some of these need the scan.

    Parameters
    ----------
    path : Path
        Label file.
    volume : CTVolume or None
        Scan that the labels belong to, to measure on.

    Raises
    ------
    InputError
        If the segmentation cannot be read, does not lie on the slices of the scan, or was made on that of another
        patient.
    """
    label_map, warnings = read_labels(path, None if volume is None else volume.grid)
    doubt = None
    if volume is not None:
        doubt = check_scan(path, volume.source)
        warnings = (*volume.warnings, *warnings, *(() if doubt is None else (doubt,)))
    run = read_record(path.with_name(ExportFormat.json.file_name))
    if run is None:
        warnings = (*warnings, message("export.unknown_model", name=path.name))
    measurements = measure(label_map, volume, assessed=run is None or run.assessed)
    return CaseResult(
        label_map=label_map,
        measurements=measurements,
        volume=volume,
        record=None if run is None else _updated(run, measurements, with_scan=volume is not None),
        segmentation=_segmentation(path),
        warnings=warnings,
        name=str(path),
        scan_doubt=doubt,
    )


def _segmentation(path: Path) -> Dataset | None:
    """Return the DICOM segmentation that a structured report can refer to; a label map has no segment per frame."""
    dataset = load_dataset(path) if file_kind(path) is FileKind.DICOM else None
    return dataset if dataset is not None and is_binary(dataset) else None


def _updated(run: MeasurementRecord, now: Measurements, *, with_scan: bool) -> MeasurementRecord:
    changed = _changed(run, now)
    if not changed and not with_scan:
        return run
    kept = () if changed else ("ich_score", "growth", "agreement", "review")
    corrected = None if run.corrected is None else tuple(dict.fromkeys((*run.corrected, *changed)))
    update = {"corrected": corrected} | {name: getattr(run, name) for name in kept}
    return run.remeasured(now).model_copy(update=update)


def _changed(then: MeasurementRecord, now: Measurements) -> tuple[str, ...]:
    """Return the IDs of the segments whose volume or lesions differ."""
    names = [name for name in dict.fromkeys((*then.volumes_ml, *now.volumes_ml)) if name != "total"]
    return tuple(
        name
        for name in names
        if abs(now.volumes_ml.get(name, 0.0) - then.volumes_ml.get(name, 0.0)) > _SAME_ML
        or _slices(now, name) != _slices(then, name)
    )


def _slices(found: Measurements | MeasurementRecord, name: str) -> list[tuple[int, int]]:
    return sorted(lesion.slices for lesion in found.lesions if lesion.subtype == name)
