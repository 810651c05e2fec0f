# SPDX-License-Identifier: Apache-2.0
"""An export as one program asks another for it: all that it needs but the arrays."""

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
from ICHSegmentationLib.measurement.agreement import compare_with_model
from ICHSegmentationLib.measurement.reader_items import ReaderItems

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Progress


class ScanFiles(BaseModel):
    """Where a scan came from; see :class:`ICHSegmentationLib.core.source.CTSource`. Headers are read from there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: SourceKind = "array"
    files: tuple[Path, ...] = ()
    frames: tuple[int, ...] = ()
    series_uid: str | None = None

    @classmethod
    def of(cls, source: CTSource) -> Self:
        """Return what is needed of a source."""
        return cls(kind=source.kind, files=source.files, frames=source.frames, series_uid=source.series_uid)

    def source(self) -> CTSource:
        """Return the source."""
        return CTSource(kind=self.kind, files=self.files, frames=self.frames, series_uid=self.series_uid)


class ExportJob(BaseModel):
    """What to export, how, and where to.

    Attributes
    ----------
    folder : Path
        Receives the files, under their usual names; made if need be.
    formats : tuple of ExportFormat
        Which files.
    scan : ScanFiles
        Where the scan came from; DICOM files refer to it.
    run : RunRecord
        What made the labels.
    warnings : tuple of str
        Of reading the scan.
    corrected : tuple of str or None
        IDs of the segments that were changed by hand; None where that is not known.
    editing_s : float or None
        Seconds spent on that.
    with_patient, overwrite : bool
        Print the patient's data in the report; replace files of these names.
    template : Path or None
        Of the text; by default the user's own, else the library's.
    reader : ReaderItems
        What the reader said of the patient and in place of proposals; without any of its items the ICH score is left
        out.
    growth : Comparison or None
        With an earlier scan.
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
    reader: ReaderItems = ReaderItems()
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
    """Measure the labels as they are now and write the files: all of them, or none.

    Parameters
    ----------
    job : ExportJob
        What to export.
    volume : CTVolume
        HU and grid of the scan; where it came from is taken from the job.
    label_map : LabelMap
        The labels on it.
    model_label_map : LabelMap, optional
        What the model had labelled, to say how far it was corrected.
    growth_picture : bytes, optional
        PNG of the growth, for the report.
    progress : callable, optional
        Called with "write" and the share of the files that are there.

    Returns
    -------
    tuple of Path
        The files; with a structured report the segmentation that it refers to, even if that was not asked for.

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
