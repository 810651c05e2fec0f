# SPDX-License-Identifier: Apache-2.0
"""What a host makes of a worker's result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.worker.exchange import read_labels

if TYPE_CHECKING:
    from ICHSegmentationLib.ct import CTVolume
    from ICHSegmentationLib.worker.messages import ResultMessage


@dataclass(frozen=True, eq=False)
class WorkerResult:
    """What came back: the segmentation as :func:`ICHSegmentationLib.segment` gives it, and its measurements."""

    segmentation: SegmentationResult
    measurements: Measurements


def read_result(answer: ResultMessage, volume: CTVolume) -> WorkerResult:
    """Read the labels of a result.

    Parameters
    ----------
    answer : ResultMessage
        What the worker said.
    volume : CTVolume
        What it was asked to segment.

    Raises
    ------
    ICHSegmentationError
        If the file of the labels cannot be used.
    """
    segmentation = SegmentationResult(
        volume=volume,
        label_map=read_labels(answer.labels, volume.grid),
        model=answer.model,
        runtime=answer.runtime,
        timings_s=answer.timings_s,
        warnings=tuple(dict.fromkeys((*volume.warnings, *answer.warnings))),
        boxes=answer.boxes,
    )
    return WorkerResult(segmentation=segmentation, measurements=answer.measurements)
