# SPDX-License-Identifier: Apache-2.0
"""Results of a client, made from the worker's answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.worker.protocol.exchange import read_labels, read_picture

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.comparison import Comparison
    from ICHSegmentationLib.worker.protocol.messages import ComparedMessage, ResultMessage


@dataclass(frozen=True, eq=False)
class WorkerResult:
    """Result of a segmentation.

    Attributes
    ----------
    segmentation : SegmentationResult
        As :func:`ICHSegmentationLib.segment` returns it.
    measurements : Measurements
        Measurements of its labels.
    subtypes : tuple of str
        Subtypes that the model can output.
    brain_frame : tuple of float or None
        See :class:`ICHSegmentationLib.worker.protocol.messages.ResultMessage`.
    """

    segmentation: SegmentationResult
    measurements: Measurements
    subtypes: tuple[str, ...]
    brain_frame: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class WorkerComparison:
    """Result of a comparison, and its picture as PNG."""

    comparison: Comparison
    picture: bytes


def read_comparison(answer: ComparedMessage) -> WorkerComparison:
    """Read the picture of a comparison.

    Raises
    ------
    ICHSegmentationError
        If the picture cannot be read.
    """
    return WorkerComparison(answer.comparison, read_picture(answer.picture))


def read_result(answer: ResultMessage, volume: CTVolume) -> WorkerResult:
    """Read the labels of a result.

    Parameters
    ----------
    answer : ResultMessage
        The worker's answer.
    volume : CTVolume
        The segmented scan.

    Raises
    ------
    ICHSegmentationError
        If the labels cannot be read.
    """
    segmentation = SegmentationResult(
        volume=volume,
        label_map=read_labels(answer.labels, volume.grid),
        model=answer.model,
        runtime=answer.runtime,
        timings_s=answer.timings_s,
        warnings=tuple(dict.fromkeys((*volume.warnings, *answer.warnings))),
        boxes=answer.boxes,
        further_models=answer.further_models,
        assessed=answer.assessed,
    )
    return WorkerResult(
        segmentation=segmentation,
        measurements=answer.measurements,
        subtypes=answer.subtypes,
        brain_frame=answer.brain_frame,
    )
