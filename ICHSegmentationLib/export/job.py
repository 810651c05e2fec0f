# SPDX-License-Identifier: Apache-2.0
"""Export request between processes: everything except the arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.source import CTSource, SourceKind
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import RunRecord, record_of
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.measurement.correction import compare_with_model
from ICHSegmentationLib.measurement.user_items import UserItems

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Progress


class ScanFiles(BaseModel):
    """Files of a scan, whose headers the export reads; see :class:`ICHSegmentationLib.core.source.CTSource`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: SourceKind = "array"
    files: tuple[Path, ...] = ()
    frames: tuple[int, ...] = ()
    series_uid: str | None = None

    @classmethod
    def of(cls, source: CTSource) -> Self:
        """Return the files of a source."""
        return cls(kind=source.kind, files=source.files, frames=source.frames, series_uid=source.series_uid)

    def source(self) -> CTSource:
        """Return the source."""
        return CTSource(kind=self.kind, files=self.files, frames=self.frames, series_uid=self.series_uid)


class ExportJob(BaseModel):
    """Files to export, their folder and options.

    Attributes
    ----------
    folder : Path
        Folder of the files, which get their usual names; created if necessary.
    formats : tuple of ExportFormat
        Formats to write.
    scan : ScanFiles
        Files of the scan, which DICOM files refer to.
    run : RunRecord
        Run that made the labels.
    warnings : tuple of str
        Warnings of reading the scan.
    corrected : tuple of str or None
        IDs of the segments that were edited by hand; None if unknown.
    editing_s : float or None
        Editing time in s.
    with_patient, overwrite : bool
        Print the patient's data in the report; replace files of these names.
    template : Path or None
        Template of the text; by default the user's own, else the library's.
    reader : UserItems
        The radiologist's items of the scores; without any the ICH score is left out.
    growth : Comparison or None
        Change since an earlier scan.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    formats: tuple[ExportFormat, ...] = Field(min_length=1)
    scan: ScanFiles
    run: RunRecord
    warnings: tuple[str, ...] = ()
    corrected: tuple[str, ...] | None = None
    editing_s: Annotated[float, Field(ge=0)] | None = None
    with_patient: bool = False
    overwrite: bool = False
    template: Path | None = None
    reader: UserItems = UserItems()
    growth: Comparison | None = None


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
    measured = measure(label_map, scan)
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
