# SPDX-License-Identifier: Apache-2.0
"""Export of one scan, its labels and a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.record import record_of
from ICHSegmentationLib.measurement.correction import compare_with_model
from ICHSegmentationLib.measurement.measure import measure

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.export.job import ExportJob


def run_export(
    job: ExportJob,
    volume: CTVolume,
    label_map: LabelMap,
    model_label_map: LabelMap | None = None,
    growth_picture: bytes | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Measure the labels and write the files: all of them, or none.

    Parameters
    ----------
    job : ExportJob
        Files and options.
    volume : CTVolume
        HU and grid of the scan; its source is taken from the job.
    label_map : LabelMap
        Current labels.
    model_label_map : LabelMap, optional
        Labels of the model, to measure the corrections.
    growth_picture : bytes, optional
        PNG of the growth, for the report.
    progress : callable, optional
        Called with "write" and the fraction of the files that are written.

    Returns
    -------
    tuple of Path
        Written files, including the segmentation that a structured report refers to.

    Raises
    ------
    InputError, ICHSegmentationError
        As for :meth:`ICHSegmentationLib.export.exporter.Exporter.write_files`.
    """
    scan = CTVolume(volume.hu, volume.grid, job.scan.source(), job.warnings)
    measured = measure(label_map, scan, assessed=job.run.assessed)
    graeb = job.reader.modified_graeb(measured.modified_graeb)
    measurements = measured.model_copy(update={"modified_graeb": graeb})
    changed, agreement = job.corrected, None
    if model_label_map is not None:
        agreement = compare_with_model(model_label_map, label_map, editing_s=job.editing_s)
        changed = agreement.changed
    case = CaseResult(
        label_map=label_map,
        measurements=measurements,
        volume=scan,
        record=record_of(scan, measurements, job.run),
    ).with_record(
        corrected=changed,
        # An agreement without corrections is not worth a line.
        agreement=agreement if changed else None,
        growth=job.growth,
        ich_score=job.reader.ich_score(measurements) if job.reader.has_score_items else None,
    )
    exporter = Exporter(case, with_patient=job.with_patient, template=job.template, growth_picture=growth_picture)
    files = exporter.write_files(job.folder, job.formats, overwrite=job.overwrite, progress=progress)
    return tuple(files.values())
