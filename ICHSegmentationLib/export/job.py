# SPDX-License-Identifier: Apache-2.0
"""Export request between processes: everything except the arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from ICHSegmentationLib.core.scan.source import CTSource, SourceKind
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import RunRecord
from ICHSegmentationLib.measurement.user_items import UserItems


class ScanFiles(BaseModel):
    """Files of a scan, whose headers the export reads; see :class:`ICHSegmentationLib.core.scan.source.CTSource`."""

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
