# SPDX-License-Identifier: Apache-2.0
"""Segmentation of a volume of the scene without the panel, for scripts, and publishing of a result."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.record import models_text
from ICHSegmentationLib.measurement.user_items import Proposals
from ICHSegmentationLib.segmentation.run_outcome import RunOutcome
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient
from ICHSegmentationPanel.process.slicer_python import python_slicer, worker_variables

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.worker.client.outcome import WorkerResult

_LOG = logging.getLogger(__name__)


def process(
    volume: vtkMRMLScalarVolumeNode,
    options: SegmentOptions,
    output: vtkMRMLSegmentationNode | None = None,
    boxes: Sequence[LesionBox] | None = None,
) -> vtkMRMLSegmentationNode:
    """Segment a volume, and wait for the result; see `ICHSegmentation.ICHSegmentationLogic.process`."""
    check = mrml.check_volume(volume)
    if not check.ok:
        raise ValueError(check.reason)
    if output is not None:
        mrml.require_empty(output)
    scan = mrml.volume_input(volume, check=check)
    with slicer.util.WaitCursor(), WorkerClient(python_slicer(), worker_variables()) as client:
        answer = client.segment(scan, options, boxes=boxes)
    for warning in answer.segmentation.warnings:
        _LOG.warning(warning)
    return publish_result(volume, answer, output)


def publish_result(
    volume: vtkMRMLScalarVolumeNode, answer: WorkerResult, output: vtkMRMLSegmentationNode | None = None
) -> vtkMRMLSegmentationNode:
    """Add a result to the scene, with boxes, brain coordinates and proposed score items.

    It becomes a new segmentation, or fills an ``output`` without segments.
    """
    result = answer.segmentation
    model = result.model
    node = mrml.publish(
        volume,
        result.volume,
        result.label_map,
        name=_("{volume} hemorrhage").format(volume=volume.GetName()),
        info={
            "model": model.name,
            "system": model.system,
            "preset": model.preset,
            "sha256": model.sha256,
            "licence": model.licence,
            "further_models": models_text(result.further_models),
            "version": __version__,
            "device": result.runtime.device,
            "backend": result.runtime.backend,
            "threads": str(result.runtime.threads),
            "outcome": RunOutcome.of(result).model_dump_json(),
        },
        classes=answer.subtypes,
        output=output,
    )
    mrml.keep_boxes(node, result.boxes, result.label_map.labels)
    mrml.set_proposals(node, Proposals.of(answer.measurements))
    if answer.brain_frame is not None:
        mrml.set_brain_frame(node, answer.brain_frame)
    return node
