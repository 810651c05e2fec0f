# SPDX-License-Identifier: Apache-2.0
"""One segmented and measured scan: what a run returns and what the exporter writes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.export.record import MeasurementRecord, make_record
from ICHSegmentationLib.measurement.measure import measure

if TYPE_CHECKING:
    from pydicom import Dataset

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.measurement import Measurements
    from ICHSegmentationLib.segmentation.result import SegmentationResult


@dataclass(frozen=True, eq=False, kw_only=True)
class CaseResult:
    """Labels of one scan, their measurements, and what is known of the run that made them.

    Attributes
    ----------
    label_map : LabelMap
        Labels on the source slices.
    measurements : Measurements
        Measurements of these labels.
    volume : CTVolume or None
        The scan; None if it is not at hand.
    result : SegmentationResult or None
        The run that made the labels; None if they do not come from a run.
    record : MeasurementRecord or None
        Content of ``measurements.json``: model, companion models, runtime, timings, warnings, alignment, scores and
        measurements. None if the run is not known.
    boxes : tuple of LesionBox or None
        Boxes of the lesions; None if the labels do not come from a run.
    segmentation : pydicom.Dataset or None
        DICOM Segmentation that holds these labels, if there is one already.
    warnings : tuple of str
        Warnings of reading and segmenting.
    name : str
        Name of the segmentation in messages.
    scan_doubt : Message or None
        Why it is not certain that the labels were made on this scan; None if it is.
    outputs : dict of str to Path
        Written files by name; empty until the exporter has written them.
    """

    label_map: LabelMap
    measurements: Measurements
    volume: CTVolume | None = None
    result: SegmentationResult | None = None
    record: MeasurementRecord | None = None
    boxes: tuple[LesionBox, ...] | None = None
    segmentation: Dataset | None = None
    warnings: tuple[str, ...] = ()
    name: str = "the segmentation"
    scan_doubt: Message | None = None
    outputs: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, result: SegmentationResult, measurements: Measurements | None = None) -> Self:
        """Return a segmentation as a case; it is measured unless its measurements are given."""
        measurements = measurements or measure(result.label_map, result.volume, assessed=result.assessed)
        return cls(
            label_map=result.label_map,
            measurements=measurements,
            volume=result.volume,
            result=result,
            record=make_record(result, measurements),
            boxes=result.boxes,
            warnings=result.warnings,
        )

    @property
    def is_corrected(self) -> bool:
        """Whether the labels were edited by hand; True if unknown, so that such labels are not called automatic."""
        return self.record is None or self.record.corrected != ()

    def scan(self) -> CTVolume:
        """Return the scan.

        Raises
        ------
        InputError
            If it is not at hand.
        """
        if self.volume is None:
            raise InputError(message("export.no_scan", name=self.name))
        return self.volume

    def known_record(self) -> MeasurementRecord:
        """Return the record.

        Raises
        ------
        InputError
            If the run is not known.
        """
        if self.record is None:
            raise InputError(message("export.no_record", name=self.name))
        return self.record

    def with_record(self, **changes: Any) -> Self:
        """Return the case with some values of its record replaced."""
        return replace(self, record=self.known_record().model_copy(update=changes))
