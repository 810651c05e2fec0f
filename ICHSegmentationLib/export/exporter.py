# SPDX-License-Identifier: Apache-2.0
"""Writer of every file format of a case."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.storage.files import write_bytes, write_text
from ICHSegmentationLib.core.storage.replacing import finish_replacing, replacing_files
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.dicom.pdf import write_dicom_pdf
from ICHSegmentationLib.export.dicom.rtstruct import make_rtstruct
from ICHSegmentationLib.export.dicom.save import save_dicom
from ICHSegmentationLib.export.dicom.secondary_capture import write_secondary_captures
from ICHSegmentationLib.export.dicom.seg import SegmentationKind, make_dicom_seg
from ICHSegmentationLib.export.dicom.sr import write_dicom_sr
from ICHSegmentationLib.export.fhir import make_fhir
from ICHSegmentationLib.export.formats import RESULT_FILES, ExportFormat
from ICHSegmentationLib.export.report.patient import read_patient
from ICHSegmentationLib.export.report.pdf import make_report_pdf
from ICHSegmentationLib.export.report.text_block import fill_template, load_template
from ICHSegmentationLib.export.review_page.page import PackedScan, make_review_page
from ICHSegmentationLib.export.tables import write_measurements_csv, write_measurements_json, write_scores_csv
from ICHSegmentationLib.io.boxes import write_boxes
from ICHSegmentationLib.io.dicom.scan_header import scan_identity
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd
from ICHSegmentationLib.io.scan_identity import ScanIdentity
from ICHSegmentationLib.rendering.key_slice_pictures import draw_key_slices
from ICHSegmentationLib.rendering.png import decode_png, write_png
from ICHSegmentationLib.rendering.slices_picture import draw_slices
from ICHSegmentationLib.rendering.view_3d import try_draw_3d

if TYPE_CHECKING:
    from PIL import Image
    from pydicom import Dataset, FileDataset

    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.export.record import MeasurementRecord

_LOG = logging.getLogger(__name__)


@contextmanager
def _thread_beside() -> Iterator[ThreadPoolExecutor]:
    """Yield an executor of one thread; after an error or a cancellation it begins nothing new."""
    executor = ThreadPoolExecutor(1)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


# Not frozen: pictures, headers and the DICOM segmentation are made once and kept.
@dataclass(eq=False)
class Exporter:
    """Writer of a case; every file can be written alone and in any order.

    Attributes
    ----------
    case : CaseResult
        Labels, measurements and what is known of the run.
    with_patient : bool
        Print the patient's data in the report and on the review page.
    template : Path or None
        Template of the text; by default the user's own, else the library's.
    growth_picture : bytes or None
        Picture (PNG) of the growth in the record, for a second page of the report.
    """

    case: CaseResult
    with_patient: bool = False
    template: Path | None = None
    growth_picture: bytes | None = None

    def write(self, files: Mapping[ExportFormat, Path], progress: Progress | None = None) -> None:
        """Write files, each atomically.

        Parameters
        ----------
        files : mapping of ExportFormat to Path
            Formats and where to write them.
        progress : callable, optional
            Called with "write" and the fraction of the files that are written.

        Raises
        ------
        InputError
            If a file needs what the case does not have: the scan, its DICOM headers, the record, boxes, or a DICOM
            segmentation.
        ICHSegmentationError
            If a file cannot be written.
        """
        if ExportFormat.dicom_sr in files and ExportFormat.dicom_seg not in files and self.case.segmentation is None:
            raise InputError(message("export.no_segmentation", name=self.case.name))
        for index, (kind, path) in enumerate(files.items()):
            self._writer(kind)(path)
            if progress is not None:
                progress("write", (index + 1) / len(files))

    def write_files(
        self,
        folder: Path,
        kinds: Collection[ExportFormat],
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> dict[ExportFormat, Path]:
        """Write several files into a folder under their usual names: all of them, or none.

        A structured report without a segmentation to refer to adds the DICOM segmentation.

        Parameters
        ----------
        folder : Path
            Created if necessary.
        kinds : collection of ExportFormat
            Formats to write.
        overwrite : bool
            Replace files of these names.
        progress : callable, optional
            As for :meth:`write`.

        Returns
        -------
        dict of ExportFormat to Path
            Written files.

        Raises
        ------
        InputError
            If a file exists and ``overwrite`` is False, or as for :meth:`write`.
        ICHSegmentationError
            If the folder or a file cannot be written.
        """
        wanted = set(kinds)
        if ExportFormat.dicom_sr in wanted and self.case.segmentation is None:
            wanted.add(ExportFormat.dicom_seg)
        names = {kind: kind.file_name for kind in ExportFormat if kind in wanted}
        finish_replacing(folder)
        there = [name for name in names.values() if (folder / name).exists()]
        if there and not overwrite:
            raise InputError(message("export.files_exist", folder=folder, names=", ".join(there)))
        with replacing_files(folder) as staging:
            self.write({kind: staging / name for kind, name in names.items()}, progress)
        return {kind: folder / name for kind, name in names.items()}

    def write_results(
        self,
        folder: Path,
        *,
        review: bool = True,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> CaseResult:
        """Write every file of a run in place of those of an earlier run: all of them, or none.

        Parameters
        ----------
        folder : Path
            Created if necessary. Files of an earlier run are replaced after all new ones are complete.
        review : bool
            Write the review page too.
        progress, cancel : callable, optional
            As for :func:`ICHSegmentationLib.segment`.

        Returns
        -------
        CaseResult
            The case with the written files, and with warnings and timings of writing. ``render.png`` is absent if this
            computer cannot render; the DICOM files are absent if the scan was not read from DICOM or its headers do
            not allow them.

        Raises
        ------
        ICHSegmentationError
            If a file cannot be written.
        """
        case, record = self.case, self.case.known_record()
        stages = Stages({"write": 1.0}, progress, cancel)
        started = time.perf_counter()
        with (
            replacing_files(folder, instead_of=RESULT_FILES) as staging,
            _thread_beside() as beside,
            stages.stage("write"),
        ):
            files = {kind: staging / kind.file_name for kind in ExportFormat}
            # Beside the drawing: packing releases the interpreter, and the DICOM files are written while VTK draws.
            packed = beside.submit(PackedScan.of, case) if review else None
            dicom_warnings = beside.submit(self._write_dicom_results, files)

            def write(*kinds: ExportFormat) -> None:
                self.write({kind: files[kind] for kind in kinds})

            write(ExportFormat.seg_nrrd, ExportFormat.nifti, ExportFormat.boxes)
            stages.advance(0.2)
            write(ExportFormat.csv, ExportFormat.slices)
            stages.advance(0.4)
            view_3d, warnings = self._view_3d
            if view_3d is not None:
                write(ExportFormat.render)
            stages.advance(0.7)
            warnings += dicom_warnings.result()
            stages.advance(0.9)
            record = record.with_warnings(warnings)
            if packed is not None:
                write_text(files[ExportFormat.html], self._make_review(record, packed.result()))
            write_bytes(files[ExportFormat.pdf], self._make_pdf(record))
            record = record.with_seconds(write=time.perf_counter() - started)
            write_measurements_json(files[ExportFormat.json], record)
        outputs = {name: folder / name for name in RESULT_FILES if (folder / name).exists()}
        warnings = tuple(dict.fromkeys((*case.warnings, *warnings)))
        return replace(case, record=record, warnings=warnings, outputs=outputs)

    def _write_dicom_results(self, files: Mapping[ExportFormat, Path]) -> tuple[str, ...]:
        """Write the DICOM files of a scan read from DICOM; return a warning if its headers do not allow them."""
        if self.case.scan().source.kind != "dicom":
            return ()
        kinds = (ExportFormat.dicom_seg, ExportFormat.dicom_sr)
        try:
            self.write({kind: files[kind] for kind in kinds})
        except InputError as error:
            files[ExportFormat.dicom_seg].unlink(missing_ok=True)
            warning = message("export.no_dicom_files", reason=error)
            _LOG.warning("%s", warning)
            return (warning,)
        return ()

    def _writer(self, kind: ExportFormat) -> Callable[[Path], object]:
        case = self.case
        return {
            ExportFormat.seg_nrrd: lambda path: write_seg_nrrd(path, case.label_map, self._identity),
            ExportFormat.nifti: self._write_nifti,
            ExportFormat.boxes: self._write_boxes,
            ExportFormat.slices: lambda path: write_png(path, self._slices),
            ExportFormat.render: self._write_render,
            ExportFormat.pdf: lambda path: write_bytes(path, self._pdf),
            ExportFormat.html: lambda path: write_text(path, self._make_review(case.record, PackedScan.of(case))),
            ExportFormat.csv: lambda path: write_measurements_csv(path, case.measurements),
            ExportFormat.json: lambda path: write_measurements_json(path, case.known_record()),
            ExportFormat.scores: lambda path: write_scores_csv(path, case.known_record()),
            ExportFormat.text: self._write_text,
            ExportFormat.fhir: self._write_fhir,
            ExportFormat.dicom_seg: lambda path: save_dicom(path, self._segmentation),
            ExportFormat.dicom_labelmap: lambda path: save_dicom(
                path, self._make_segmentation(SegmentationKind.LABELMAP)
            ),
            ExportFormat.dicom_sr: self._write_dicom_sr,
            ExportFormat.dicom_pdf: self._write_dicom_pdf,
            ExportFormat.dicom_sc: self._write_dicom_sc,
            ExportFormat.rtstruct: self._write_rtstruct,
        }[kind]

    def _write_nifti(self, path: Path) -> None:
        write_labels_nifti(path, self.case.label_map, self.case.scan().source, self._identity)

    def _write_boxes(self, path: Path) -> None:
        if self.case.boxes is None:
            raise InputError(message("export.no_boxes", name=self.case.name))
        write_boxes(path, self.case.boxes, self.case.label_map.grid)

    def _write_render(self, path: Path) -> None:
        picture, warnings = self._view_3d
        if picture is None:
            raise ICHSegmentationError(warnings[0])
        write_png(path, picture)

    def _write_text(self, path: Path) -> None:
        template, name = load_template(self.template)
        write_text(path, fill_template(template, self.case.known_record(), name))

    def _write_fhir(self, path: Path) -> None:
        case = self.case
        is_dicom = case.volume is not None and case.volume.source.kind == "dicom"
        write_text(path, make_fhir(case.measurements, case.record, self._source_datasets[0] if is_dicom else None))

    def _write_dicom_sr(self, path: Path) -> None:
        case, datasets = self.case, self._source_datasets
        segmentation = self._segmentation if case.segmentation is None else case.segmentation
        if segmentation.get("StudyInstanceUID") != datasets[0].StudyInstanceUID:
            raise InputError(message("export.other_study", name=case.name))
        write_dicom_sr(path, case.measurements, case.scan().source, datasets, segmentation, record=case.record)

    def _write_dicom_pdf(self, path: Path) -> None:
        # Headers first: without them there is no need to draw.
        datasets = self._source_datasets
        write_dicom_pdf(path, self._pdf, self.case.scan().source, datasets, shows_patient=self.with_patient)

    def _write_dicom_sc(self, path: Path) -> None:
        case, datasets = self.case, self._source_datasets
        pictures = draw_key_slices(case.scan(), case.label_map, case.measurements)
        write_secondary_captures(path, pictures, case.scan().source, datasets)

    def _write_rtstruct(self, path: Path) -> None:
        case, datasets = self.case, self._source_datasets
        automatic = case.record is not None and not case.is_corrected
        save_dicom(path, make_rtstruct(case.label_map, case.scan().source, datasets, automatic=automatic))

    @cached_property
    def _source_datasets(self) -> list[FileDataset]:
        return load_source_datasets(self.case.scan())

    @cached_property
    def _identity(self) -> ScanIdentity | None:
        return None if self.case.volume is None else scan_identity(self.case.volume.source)

    @cached_property
    def _segmentation(self) -> Dataset:
        return self._make_segmentation(SegmentationKind.BINARY)

    def _make_segmentation(self, kind: SegmentationKind) -> Dataset:
        case = self.case
        return make_dicom_seg(
            case.label_map,
            case.scan().source,
            self._source_datasets,
            model=None if case.record is None else case.record.model,
            corrected=case.is_corrected,
            kind=kind,
        )

    @cached_property
    def _slices(self) -> Image.Image:
        return draw_slices(self.case.scan(), self.case.label_map, self.case.measurements)

    @cached_property
    def _view_3d(self) -> tuple[Image.Image | None, tuple[str, ...]]:
        return try_draw_3d(self.case.scan(), self.case.label_map, self.case.measurements)

    @cached_property
    def _pdf(self) -> bytes:
        return self._make_pdf(self.case.known_record())

    def _make_review(self, record: MeasurementRecord | None, packed: PackedScan) -> str:
        patient = read_patient(self.case.scan().source).describe() if self.with_patient else ""
        return make_review_page(self.case, record, packed, identity=self._identity, patient=patient)

    def _make_pdf(self, record: MeasurementRecord) -> bytes:
        return make_report_pdf(
            record,
            slices=self._slices,
            view_3d=self._view_3d[0],
            patient=read_patient(self.case.scan().source) if self.with_patient else None,
            growth_picture=None if self.growth_picture is None else decode_png(self.growth_picture),
        )
