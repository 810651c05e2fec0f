# SPDX-License-Identifier: Apache-2.0
"""Files made again from a segmentation on disk, which may have been corrected by hand since the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.errors import InputError
from ICHSegmentationLib.measurement import Measurements, measure
from ICHSegmentationLib.reporting.label_reader import read_labels
from ICHSegmentationLib.reporting.record import MeasurementRecord, read_record
from ICHSegmentationLib.segmentation.label_map import LabelMap

if TYPE_CHECKING:
    from ICHSegmentationLib.ct.volume import CTVolume

RECORD_NAME = "measurements.json"
_CORRECTED = "The labels were changed after the model made them."
_NO_MODEL = "No measurements.json lies beside {name}, so the file cannot say which model made the labels."
_SAME_ML = 0.0005
"""Files hold their geometry with 6 digits or more; one changed voxel makes a larger difference."""


@dataclass(frozen=True, eq=False)
class Exporter:
    """A segmentation with its measurements and what is known of the run that made it.

    Attributes
    ----------
    path : Path
        The segmentation.
    label_map : LabelMap
        Its labels.
    volume : CTVolume or None
        The scan they lie on.
    measurements : Measurements
        Measured now.
    record : MeasurementRecord or None
        What the run wrote beside the segmentation.
    warnings : tuple of str
        Of reading, and what the record does not say.
    """

    path: Path
    label_map: LabelMap
    volume: CTVolume | None
    measurements: Measurements
    record: MeasurementRecord | None
    warnings: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, volume: CTVolume | None) -> Exporter:
        """Read a segmentation and the ``measurements.json`` in its folder.

        Raises
        ------
        InputError
            If the segmentation cannot be read or does not lie on the slices of the scan.
        """
        label_map, warnings = read_labels(path, None if volume is None else volume.grid)
        record = read_record(path.with_name(RECORD_NAME))
        if volume is not None:
            warnings = (*volume.warnings, *warnings)
        if record is None:
            warnings = (*warnings, _NO_MODEL.format(name=path.name))
        return cls(path, label_map, volume, measure(label_map, volume), record, warnings)

    @property
    def corrected(self) -> bool | None:
        """Whether volumes or slices of lesions differ from those of the run; None where these are not known."""
        if self.record is None:
            return None
        now, then = self.measurements.volumes_ml, self.record.volumes_ml
        if now.keys() != then.keys() or any(abs(now[name] - then[name]) > _SAME_ML for name in now):
            return True
        places = [
            sorted((lesion.subtype, *lesion.slices) for lesion in found.lesions)
            for found in (self.measurements, self.record)
        ]
        return places[0] != places[1]

    def write_csv(self, output: Path) -> None:
        """Write the table of volumes."""
        from ICHSegmentationLib.reporting.tables import write_measurements_csv

        write_measurements_csv(output, self.measurements)

    def write_json(self, output: Path) -> None:
        """Write the run's record with the volumes of now; see :meth:`known_record`."""
        from ICHSegmentationLib.reporting.tables import write_measurements_json

        write_measurements_json(output, self.known_record())

    def write_pdf(self, output: Path) -> None:
        """Write the report; see :meth:`known_record`."""
        from ICHSegmentationLib.rendering.slices_picture import draw_slices
        from ICHSegmentationLib.rendering.view_3d import try_draw_3d
        from ICHSegmentationLib.reporting.report_pdf import write_report_pdf

        record, volume = self.known_record(), self.scan()
        slices = draw_slices(volume, self.label_map, self.measurements)
        view_3d, _ = try_draw_3d(volume, self.label_map, self.measurements)
        write_report_pdf(output, record, self.measurements, slices=slices, view_3d=view_3d)

    def write_dicom_seg(self, output: Path) -> None:
        """Write a DICOM segmentation on the source slices."""
        from ICHSegmentationLib.reporting.dicom_seg import write_dicom_seg
        from ICHSegmentationLib.reporting.dicom_source import load_source_datasets

        volume = self.scan()
        write_dicom_seg(
            output,
            self.label_map,
            volume.source,
            load_source_datasets(volume),
            model=None if self.record is None else self.record.model,
            corrected=bool(self.corrected),
        )

    def write_dicom_sr(self, output: Path) -> None:
        """Write a structured report that refers to the segmentation, which has to be a DICOM one.

        Raises
        ------
        InputError
            If it is not, or belongs to another study than the scan.
        """
        from ICHSegmentationLib.ct.dicom_files import load_dataset
        from ICHSegmentationLib.ct.file_kind import FileKind, file_kind
        from ICHSegmentationLib.reporting.dicom_source import load_source_datasets
        from ICHSegmentationLib.reporting.dicom_sr import write_dicom_sr

        if file_kind(self.path) is not FileKind.DICOM:
            message = (
                f"{self.path} is no DICOM segmentation, which a structured report has to refer to; "
                "export it to dicom-seg first and give that file."
            )
            raise InputError(message)
        volume = self.scan()
        datasets, segmentation = load_source_datasets(volume), load_dataset(self.path)
        if segmentation.get("StudyInstanceUID") != datasets[0].StudyInstanceUID:
            message = f"{self.path} belongs to another study than the scan (StudyInstanceUID (0020,000D))."
            raise InputError(message)
        write_dicom_sr(output, self.measurements, volume.source, datasets, segmentation)

    def scan(self) -> CTVolume:
        """Return the scan.

        Raises
        ------
        InputError
            If none was given.
        """
        if self.volume is None:
            message = f"This needs the scan that {self.path} belongs to."
            raise InputError(message)
        return self.volume

    def known_record(self) -> MeasurementRecord:
        """Return the run's record with the volumes of now, and a note where they differ.

        Raises
        ------
        InputError
            If there is no ``measurements.json`` beside the segmentation.
        """
        if self.record is None:
            message = f"{self.path.with_name(RECORD_NAME)} is missing or cannot be read; it says which model was used."
            raise InputError(message)
        return self.record.remeasured(self.measurements, *([_CORRECTED] if self.corrected else []))
