# SPDX-License-Identifier: Apache-2.0
"""A segmentation on disk with what is known of the run that made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.export.record import MeasurementRecord, read_record
from ICHSegmentationLib.io.file_kind import FileKind, file_kind
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.measurement import Measurements, measure

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.core.volume import CTVolume

RECORD_NAME = "measurements.json"
_NO_MODEL = "No measurements.json lies beside {name}, so the file cannot say which model made the labels."
_SAME_ML = 0.0005
"""Files hold their geometry with 6 digits or more; one changed voxel makes a larger difference."""


@dataclass(frozen=True, eq=False)
class StoredResult:
    """What a file of labels and the ``measurements.json`` beside it say.

    Attributes
    ----------
    label_map : LabelMap
        The labels.
    measurements : Measurements
        Measured now.
    run : MeasurementRecord or None
        What the run wrote.
    segmentation : pydicom.Dataset or None
        The file itself, where it is a DICOM segmentation.
    with_scan : bool
        Whether the scan was there to measure on.
    warnings : tuple of str
        Of reading, and what the record does not say.
    """

    label_map: LabelMap
    measurements: Measurements
    run: MeasurementRecord | None
    segmentation: Dataset | None
    with_scan: bool
    warnings: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, volume: CTVolume | None) -> StoredResult:
        """Read a segmentation and the ``measurements.json`` in its folder.

        Raises
        ------
        InputError
            If the segmentation cannot be read or does not lie on the slices of the scan.
        """
        label_map, warnings = read_labels(path, None if volume is None else volume.grid)
        run = read_record(path.with_name(RECORD_NAME))
        if volume is not None:
            warnings = (*volume.warnings, *warnings)
        if run is None:
            warnings = (*warnings, _NO_MODEL.format(name=path.name))
        segmentation = None
        if file_kind(path) is FileKind.DICOM:
            from ICHSegmentationLib.io.dicom.files import load_dataset

            segmentation = load_dataset(path)
        return cls(label_map, measure(label_map, volume), run, segmentation, volume is not None, warnings)

    @property
    def changed(self) -> tuple[str, ...] | None:
        """IDs of the segments whose volume or lesions differ from those of the run; None where these are not known."""
        if self.run is None:
            return None
        now, then = self.measurements, self.run
        names = [name for name in dict.fromkeys((*then.volumes_ml, *now.volumes_ml)) if name != "total"]
        return tuple(
            name
            for name in names
            if abs(now.volumes_ml.get(name, 0.0) - then.volumes_ml.get(name, 0.0)) > _SAME_ML
            or _places(now, name) != _places(then, name)
        )

    def record(self) -> MeasurementRecord | None:
        """Return the run's record with the measurements of now and what was changed since.

        Labels that nobody changed since keep what was said of them, and the run's measurements where the scan is not
        there, since some need it. What was corrected before the record was written stays corrected.
        """
        if self.run is None:
            return None
        changed = self.changed or ()
        if not changed and not self.with_scan:
            return self.run
        kept = () if changed else ("ich_score", "growth", "agreement")
        before = self.run.corrected
        corrected = None if before is None else tuple(dict.fromkeys((*before, *changed)))
        update = {"corrected": corrected} | {name: getattr(self.run, name) for name in kept}
        return self.run.remeasured(self.measurements).model_copy(update=update)


def _places(found: Measurements | MeasurementRecord, name: str) -> list[tuple[int, int]]:
    return sorted(lesion.slices for lesion in found.lesions if lesion.subtype == name)
