# SPDX-License-Identifier: Apache-2.0
"""What a worker does for a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.models import LoadedModel, list_devices, load_manifest
from ICHSegmentationLib.pipeline import segment, segment_lesion
from ICHSegmentationLib.reporting.export_job import run_export
from ICHSegmentationLib.segmentation.boxes import lesion_boxes
from ICHSegmentationLib.worker.exchange import LABELS_NAME, MODEL_LABELS_NAME, read_labels, read_volume, write_labels
from ICHSegmentationLib.worker.messages import (
    DevicesMessage,
    DevicesRequest,
    ExportedMessage,
    ExportRequest,
    LesionMessage,
    LesionRequest,
    ModelsMessage,
    ModelsRequest,
    ResultMessage,
    SegmentRequest,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.segmentation.stages import Cancel, Progress


def run_segment(request: SegmentRequest, loaded: LoadedModel, progress: Progress, cancel: Cancel) -> ResultMessage:
    """Segment and measure the volume of a request; errors are those of :func:`ICHSegmentationLib.segment`.

    Parameters
    ----------
    request : SegmentRequest
        What the host asks.
    loaded : LoadedModel
        The model that is kept between requests.
    progress, cancel : callable
        As for :func:`ICHSegmentationLib.segment`.
    """
    started = time.perf_counter()
    volume = read_volume(request.folder)
    read_s = time.perf_counter() - started
    result = segment(
        volume,
        model=request.model,
        device=request.device,
        runtime=request.runtime,
        threads=request.threads,
        force=request.force,
        loaded=loaded,
        progress=progress,
        cancel=cancel,
    )
    measured = time.perf_counter()
    measurements = measure(result.label_map, volume)
    written = time.perf_counter()
    labels = write_labels(request.folder, result.label_map)
    ended = time.perf_counter()
    timings_s = {"read": read_s, **result.timings_s, "measure": written - measured, "write": ended - written}
    return ResultMessage(
        id=request.id,
        labels=labels,
        model=result.model,
        runtime=result.runtime,
        measurements=measurements,
        warnings=result.warnings,
        timings_s={**timings_s, "total": ended - started},
        boxes=lesion_boxes(result.label_map) if result.boxes is None else result.boxes,
    )


def run_lesion(request: LesionRequest, loaded: LoadedModel, cancel: Cancel) -> LesionMessage:
    """Segment a lesion of a request again; errors are those of :func:`ICHSegmentationLib.segment_lesion`."""
    started = time.perf_counter()
    volume = read_volume(request.folder)
    label_map = segment_lesion(
        volume,
        read_labels(request.folder / LABELS_NAME, volume.grid),
        request.edit,
        model=request.model,
        device=request.device,
        runtime=request.runtime,
        threads=request.threads,
        loaded=loaded,
        cancel=cancel,
    )
    labels = write_labels(request.folder, label_map)
    return LesionMessage(id=request.id, labels=labels, seconds=time.perf_counter() - started)


def run_models(request: ModelsRequest) -> ModelsMessage:
    """List the installed models."""
    manifest = load_manifest()
    return ModelsMessage(id=request.id, default=manifest.default, models=manifest.models)


def run_devices(request: DevicesRequest) -> DevicesMessage:
    """List what models can run on."""
    return DevicesMessage(id=request.id, devices=list_devices())


def run_export_request(request: ExportRequest, progress: Progress) -> ExportedMessage:
    """Write the files of a request; errors are those of :func:`run_export`."""
    volume = read_volume(request.folder)
    label_map = read_labels(request.folder / LABELS_NAME, volume.grid)
    of_model = request.folder / MODEL_LABELS_NAME
    model_label_map = read_labels(of_model, volume.grid) if of_model.exists() else None
    files = run_export(request.job, volume, label_map, model_label_map, progress=progress)
    return ExportedMessage(id=request.id, files=files)
