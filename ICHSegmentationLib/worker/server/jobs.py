# SPDX-License-Identifier: Apache-2.0
"""What a worker does for a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.export.job import run_export
from ICHSegmentationLib.export.scan_comparison import compare_scans
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.measurement.user_items import Proposals
from ICHSegmentationLib.models import LoadedModel, list_devices, load_manifest, output_subtypes
from ICHSegmentationLib.pipeline import resegment_lesion, segment
from ICHSegmentationLib.rendering.png import encode_png
from ICHSegmentationLib.worker.protocol.exchange import (
    BASELINE_NAME,
    FOLLOWUP_NAME,
    GROWTH_PICTURE_NAME,
    MODEL_LABELS_NAME,
    read_case,
    read_labels,
    read_picture,
    read_volume,
    write_labels,
    write_picture,
)
from ICHSegmentationLib.worker.protocol.messages import (
    ComparedMessage,
    CompareRequest,
    DevicesMessage,
    DevicesRequest,
    ExportedMessage,
    ExportRequest,
    LesionMessage,
    LesionRequest,
    ModelsMessage,
    ModelsRequest,
    ProposedMessage,
    ProposeRequest,
    ResultMessage,
    SegmentRequest,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.export.job import ScanFiles


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
        further_models=result.further_models,
        subtypes=output_subtypes(result.model),
        runtime=result.runtime,
        measurements=measurements,
        warnings=result.warnings,
        timings_s={**timings_s, "total": ended - started},
        boxes=result.boxes,
    )


def run_lesion(request: LesionRequest, loaded: LoadedModel, cancel: Cancel) -> LesionMessage:
    """Segment a lesion of a request again; errors are those of :func:`ICHSegmentationLib.resegment_lesion`."""
    started = time.perf_counter()
    volume, label_map = read_case(request.folder)
    label_map = resegment_lesion(
        volume,
        label_map,
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
    volume, label_map = read_case(request.folder)
    of_model = request.folder / MODEL_LABELS_NAME
    model_label_map = read_labels(of_model, volume.grid) if of_model.exists() else None
    of_growth = request.folder / GROWTH_PICTURE_NAME
    picture = read_picture(of_growth) if of_growth.exists() else None
    files = run_export(request.job, volume, label_map, model_label_map, picture, progress=progress)
    return ExportedMessage(id=request.id, files=files)


def run_propose(request: ProposeRequest) -> ProposedMessage:
    """Measure the labels of a request for the scores."""
    volume, label_map = read_case(request.folder)
    return ProposedMessage(id=request.id, proposals=Proposals.of(measure(label_map, volume)))


def run_compare(request: CompareRequest, progress: Progress) -> ComparedMessage:
    """Compare the two cases of a request, and leave the picture in its folder."""

    def case(name: str, scan: ScanFiles) -> tuple[CTVolume, LabelMap]:
        volume, label_map = read_case(request.folder / name)
        return CTVolume(volume.hu, volume.grid, scan.source()), label_map

    compared = compare_scans(
        case(BASELINE_NAME, request.baseline),
        case(FOLLOWUP_NAME, request.followup),
        request.warnings,
        progress=progress,
    )
    assert compared.picture is not None
    picture = write_picture(request.folder, encode_png(compared.picture))
    return ComparedMessage(id=request.id, comparison=compared.content, picture=picture)
