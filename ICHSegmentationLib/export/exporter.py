# SPDX-License-Identifier: Apache-2.0
"""Files made from a segmentation, on disk or in memory, which may have been corrected by hand since the run."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.files import write_error, write_text
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.measurement import Measurements

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset

    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.export.report.patient import PatientData

_NO_SEGMENTATION = (
    "A structured report has to refer to a DICOM segmentation; export to dicom-seg too, or give that file in place of "
    "{name}."
)


# Not frozen: pictures and headers are made once and kept.
@dataclass(eq=False)
class Exporter:
    """Writes any of the files; see :func:`export_files` for several at once.

    Attributes
    ----------
    label_map : LabelMap
        The labels as they are now.
    volume : CTVolume or None
        The scan they lie on.
    measurements : Measurements
        Of these labels.
    record : MeasurementRecord or None
        What is known of the run that made them, with these measurements; None where nothing is known.
    name : str
        What messages call the segmentation.
    corrected : bool
        Whether the labels were changed by hand.
    with_patient : bool
        Print the patient's data in the report.
    template : Path or None
        Of the text; by default the user's own, else the library's.
    growth_picture : bytes or None
        The growth that the record holds as a picture (PNG), for a page of its own in the report.
    segmentation : pydicom.Dataset or None
        The DICOM segmentation that holds these labels, where there is one.
    """

    label_map: LabelMap
    volume: CTVolume | None
    measurements: Measurements
    record: MeasurementRecord | None
    name: str = "the segmentation"
    corrected: bool = False
    with_patient: bool = False
    template: Path | None = None
    growth_picture: bytes | None = None
    segmentation: Dataset | None = None

    def write(self, kind: ExportFormat, output: Path) -> None:
        """Write one file, atomically.

        Raises
        ------
        InputError
            If the scan, its DICOM headers, the record or a DICOM segmentation is missing that this file needs.
        ICHSegmentationError
            If the system refuses the file.
        """
        {
            ExportFormat.pdf: self._write_pdf,
            ExportFormat.csv: self._write_csv,
            ExportFormat.json: self._write_json,
            ExportFormat.scores: self._write_scores,
            ExportFormat.text: self._write_text,
            ExportFormat.dicom_seg: self._write_dicom_seg,
            ExportFormat.dicom_sr: self._write_dicom_sr,
            ExportFormat.dicom_pdf: self._write_dicom_pdf,
        }[kind](output)

    def _write_csv(self, output: Path) -> None:
        from ICHSegmentationLib.export.tables import write_measurements_csv

        write_measurements_csv(output, self.measurements)

    def _write_json(self, output: Path) -> None:
        from ICHSegmentationLib.export.tables import write_measurements_json

        write_measurements_json(output, self._known_record())

    def _write_scores(self, output: Path) -> None:
        from ICHSegmentationLib.export.scores_table import write_scores_csv

        write_scores_csv(output, self._known_record())

    def _write_text(self, output: Path) -> None:
        from ICHSegmentationLib.export.report.text_block import fill_template, load_template

        template, name = load_template(self.template)
        write_text(output, fill_template(template, self._known_record(), name))

    def _write_pdf(self, output: Path) -> None:
        from ICHSegmentationLib.core.files import write_bytes

        write_bytes(output, self._pdf)

    def _write_dicom_seg(self, output: Path) -> None:
        from ICHSegmentationLib.export.dicom.seg import write_dicom_seg

        self.segmentation = write_dicom_seg(
            output,
            self.label_map,
            self._scan().source,
            self._source_datasets,
            model=None if self.record is None else self.record.model,
            corrected=self.corrected,
        )

    def _write_dicom_sr(self, output: Path) -> None:
        from ICHSegmentationLib.export.dicom.sr import write_dicom_sr

        if self.segmentation is None:
            raise InputError(_NO_SEGMENTATION.format(name=self.name))
        if self.segmentation.get("StudyInstanceUID") != self._source_datasets[0].StudyInstanceUID:
            message = f"{self.name} belongs to another study than the scan (StudyInstanceUID (0020,000D))."
            raise InputError(message)
        write_dicom_sr(
            output,
            self.measurements,
            self._scan().source,
            self._source_datasets,
            self.segmentation,
            record=self.record,
        )

    def _write_dicom_pdf(self, output: Path) -> None:
        from ICHSegmentationLib.export.dicom.pdf import write_dicom_pdf

        # The headers come first: without them there is no need to draw.
        datasets = self._source_datasets
        write_dicom_pdf(output, self._pdf, self._scan().source, datasets, shows_patient=self.with_patient)

    @cached_property
    def _source_datasets(self) -> list[FileDataset]:
        from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets

        return load_source_datasets(self._scan())

    @cached_property
    def _pdf(self) -> bytes:
        from ICHSegmentationLib.export.report.pdf import make_report_pdf
        from ICHSegmentationLib.rendering.png import decode_png
        from ICHSegmentationLib.rendering.slices_picture import draw_slices
        from ICHSegmentationLib.rendering.view_3d import try_draw_3d

        record, volume, patient = self._known_record(), self._scan(), self._patient()
        slices = draw_slices(volume, self.label_map, self.measurements)
        view_3d, _ = try_draw_3d(volume, self.label_map, self.measurements)
        growth = None if self.growth_picture is None else decode_png(self.growth_picture)
        return make_report_pdf(record, slices=slices, view_3d=view_3d, patient=patient, growth_picture=growth)

    def _patient(self) -> PatientData | None:
        if not self.with_patient:
            return None
        from ICHSegmentationLib.export.report.patient import read_patient

        return read_patient(self._scan().source)

    def _scan(self) -> CTVolume:
        if self.volume is None:
            message = f"This needs the scan that {self.name} belongs to."
            raise InputError(message)
        return self.volume

    def _known_record(self) -> MeasurementRecord:
        if self.record is None:
            message = f"Which model made {self.name} is not known: the measurements.json of the run is missing."
            raise InputError(message)
        return self.record


def export_files(
    exporter: Exporter,
    folder: Path,
    kinds: Collection[ExportFormat],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[ExportFormat, Path]:
    """Write several files into a folder under their usual names: all of them, or none.

    A structured report without a segmentation to refer to brings the DICOM segmentation with it.

    Parameters
    ----------
    exporter : Exporter
        What to write.
    folder : Path
        Made if need be.
    kinds : collection of ExportFormat
        Which files.
    overwrite : bool
        Replace files of these names.
    progress : callable, optional
        Called with "write" and the share of the files that are there.

    Returns
    -------
    dict of ExportFormat to Path
        What was written.

    Raises
    ------
    InputError
        If a file exists and ``overwrite`` is False, or as :meth:`Exporter.write`.
    ICHSegmentationError
        If the system refuses the folder or a file.
    """
    wanted = set(kinds)
    if ExportFormat.dicom_sr in wanted and exporter.segmentation is None:
        wanted.add(ExportFormat.dicom_seg)
    # In the order of the enumeration: the segmentation comes before the report that refers to it.
    files = {kind: folder / kind.file_name for kind in ExportFormat if kind in wanted}
    there = [path.name for path in files.values() if path.exists()]
    if there and not overwrite:
        message = f"{folder} already holds {', '.join(there)}; choose another folder or replace them."
        raise InputError(message)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = tempfile.TemporaryDirectory(prefix=".ichseg-", dir=folder)
    except OSError as error:
        raise write_error(folder, error) from error
    with staging as name:
        for index, (kind, path) in enumerate(files.items()):
            exporter.write(kind, Path(name) / path.name)
            if progress is not None:
                progress("write", (index + 1) / len(files))
        try:
            for path in files.values():
                (Path(name) / path.name).replace(path)
        except OSError as error:
            raise write_error(folder, error) from error
    return files
