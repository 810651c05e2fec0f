# SPDX-License-Identifier: Apache-2.0
"""Functions that do the requests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit, fit_atlas
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.storage.replacing import replacing_files
from ICHSegmentationLib.export.deidentification.keys import load_keys
from ICHSegmentationLib.export.deidentification.scan import write_deidentified
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import was_assessed
from ICHSegmentationLib.export.run_export import run_export
from ICHSegmentationLib.export.scan_comparison import compare_scans
from ICHSegmentationLib.io.labels.reader import read_labels as read_label_file
from ICHSegmentationLib.io.labels.scan_check import check_scan
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.measurement.user_items import Proposals
from ICHSegmentationLib.models import LoadedModel, list_devices, load_manifest, output_subtypes
from ICHSegmentationLib.pipeline import resegment_lesion, run, write_results
from ICHSegmentationLib.rendering.png import encode_png, write_png
from ICHSegmentationLib.worker.protocol.exchange import (
    BASELINE_LABELS_NAME,
    FOLLOWUP_LABELS_NAME,
    GROWTH_PICTURE_NAME,
    LABELS_NAME,
    MODEL_LABELS_NAME,
    read_labels,
    read_picture,
    write_labels,
    write_picture,
)
from ICHSegmentationLib.worker.protocol.messages import (
    CaseMessage,
    CaseRequest,
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
    OpenedMessage,
    OpenRequest,
    PairMessage,
    PairRequest,
    ProposedMessage,
    ProposeRequest,
    ResultMessage,
    SegmentRequest,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.export.job import ScanFiles
    from ICHSegmentationLib.worker.server.scans import OpenScans

# Fractions of the time that are over when a scan is read and when it is segmented, measured on 28 slices.
_READ_SHARE, _SEGMENTED_SHARE = 0.15, 0.65


def run_open(request: OpenRequest, scans: OpenScans) -> OpenedMessage:
    """Read the scan of a request and keep it; errors are those of `read_volume`."""
    scans.open(request.scan, request.folder)
    return OpenedMessage(id=request.id)


def run_segment(
    request: SegmentRequest, scans: OpenScans, loaded: LoadedModel, progress: Progress, cancel: Cancel
) -> ResultMessage:
    """Segment and measure an open scan; errors are those of :func:`ICHSegmentationLib.run`.

    Parameters
    ----------
    request : SegmentRequest
        Request of the client.
    scans : OpenScans
        Scans kept between requests.
    loaded : LoadedModel
        Model kept between requests.
    progress, cancel : callable
        As for :func:`ICHSegmentationLib.run`.

    Raises
    ------
    UnknownScanError
        If the scan is not open.
    """
    started = time.perf_counter()
    volume = scans.get(request.scan)
    arguments = request.options.arguments()
    case = run(volume, boxes=request.boxes, loaded=loaded, progress=progress, cancel=cancel, **arguments)
    result = case.result
    assert result is not None
    segmented = time.perf_counter()
    labels = write_labels(request.folder, case.label_map)
    ended = time.perf_counter()
    return ResultMessage(
        id=request.id,
        labels=labels,
        model=result.model,
        further_models=result.further_models,
        subtypes=output_subtypes(result.model),
        runtime=result.runtime,
        measurements=case.measurements,
        warnings=result.warnings,
        timings_s={**result.timings_s, "write": ended - segmented, "total": ended - started},
        boxes=result.boxes,
        assessed=result.assessed,
        brain_frame=_brain_frame(volume),
    )


def _brain_frame(volume: CTVolume) -> tuple[float, ...] | None:
    # Fitted already by the measurements.
    brain = fit_atlas(volume)
    return brain.frame.to_numbers() if isinstance(brain, AtlasFit) else None


def run_lesion(request: LesionRequest, scans: OpenScans, loaded: LoadedModel, cancel: Cancel) -> LesionMessage:
    """Segment a lesion of an open scan again; errors are those of :func:`ICHSegmentationLib.resegment_lesion`."""
    started = time.perf_counter()
    volume, label_map = _case(request, scans)
    options = request.options.lesion_arguments()
    label_map = resegment_lesion(volume, label_map, request.edit, loaded=loaded, cancel=cancel, **options)
    labels = write_labels(request.folder, label_map)
    return LesionMessage(id=request.id, labels=labels, seconds=time.perf_counter() - started)


def run_models(request: ModelsRequest) -> ModelsMessage:
    """List the installed models."""
    manifest = load_manifest()
    return ModelsMessage(id=request.id, default=manifest.default, models=manifest.models)


def run_devices(request: DevicesRequest) -> DevicesMessage:
    """List the devices."""
    return DevicesMessage(id=request.id, devices=list_devices())


def run_export_request(request: ExportRequest, scans: OpenScans, progress: Progress) -> ExportedMessage:
    """Write the files of a request; errors are those of :func:`run_export`."""
    volume, label_map = _case(request, scans)
    model_labels = request.folder / MODEL_LABELS_NAME
    model_label_map = read_labels(model_labels, volume.grid) if model_labels.exists() else None
    growth = request.folder / GROWTH_PICTURE_NAME
    picture = read_picture(growth) if growth.exists() else None
    files = run_export(request.job, volume, label_map, model_label_map, picture, progress=progress)
    return ExportedMessage(id=request.id, files=files)


def run_propose(request: ProposeRequest, scans: OpenScans) -> ProposedMessage:
    """Propose score items from the labels of a request."""
    volume, label_map = _case(request, scans)
    return ProposedMessage(id=request.id, proposals=Proposals.of(measure(label_map, volume)))


def run_compare(request: CompareRequest, scans: OpenScans, progress: Progress) -> ComparedMessage:
    """Compare two open scans, and write the picture into the folder of the request."""

    def case(key: str, labels: str, files: ScanFiles) -> tuple[CTVolume, LabelMap]:
        volume = scans.get(key)
        return CTVolume(volume.hu, volume.grid, files.source()), read_labels(request.folder / labels, volume.grid)

    compared = compare_scans(
        case(request.baseline_scan, BASELINE_LABELS_NAME, request.baseline),
        case(request.followup_scan, FOLLOWUP_LABELS_NAME, request.followup),
        request.warnings,
        assessed=request.assessed,
        progress=progress,
    )
    assert compared.picture is not None
    picture = write_picture(request.folder, encode_png(compared.picture))
    return ComparedMessage(id=request.id, comparison=compared.content, picture=picture)


def run_case(request: CaseRequest, loaded: LoadedModel, progress: Progress, cancel: Cancel) -> CaseMessage:
    """Read, segment and measure a scan, and write its files; errors are those of the three steps.

    Parameters
    ----------
    request : CaseRequest
        Request of the client.
    loaded : LoadedModel
        Model kept between requests.
    progress, cancel : callable
        As for :func:`ICHSegmentationLib.run`.
    """
    progress("read", 0.0)
    started = time.perf_counter()
    volume = _read(request)
    warnings = volume.warnings
    if request.keys is not None:
        # Read again, so that no file of the results can hold what was removed.
        volume = read_ct(write_deidentified(volume, request.folder, load_keys(request.keys)))
    read_s = time.perf_counter() - started

    def between(start: float, end: float) -> Progress:
        return lambda stage, fraction: progress(stage, start + (end - start) * fraction)

    case = run(
        volume,
        loaded=loaded,
        progress=between(_READ_SHARE, _SEGMENTED_SHARE),
        cancel=cancel,
        **request.options.arguments(),
    )
    case = case.with_record(timings_s={"read": round(read_s, 3), **case.known_record().timings_s})
    case = write_results(
        case, request.folder, review=request.review, progress=between(_SEGMENTED_SHARE, 1.0), cancel=cancel
    )
    record = case.known_record()
    warnings = tuple(dict.fromkeys((*warnings, *record.input.warnings)))
    return CaseMessage(id=request.id, model=record.model, warnings=warnings, timings_s=record.timings_s)


def run_pair(request: PairRequest, progress: Progress) -> PairMessage:
    """Read two segmented scans, compare them, and write the comparison and its picture.

    Raises
    ------
    InputError
        If a scan or its labels cannot be read.
    """
    progress("read", 0.0)
    sides, warnings, assessed = [], [], []
    for title, case in (("Baseline", request.baseline), ("Follow-up", request.followup)):
        volume = _read(case)
        path = case.folder / ExportFormat.seg_nrrd.file_name
        labels = read_label_file(path, volume.grid)
        doubt = check_scan(path, volume.source)
        sides.append((volume, labels.label_map))
        assessed.append(was_assessed(path))
        found = (*volume.warnings, *labels.warnings, *(() if doubt is None else (doubt,)))
        warnings += [f"{title}: {text}" for text in found]
    compared = compare_scans(
        sides[0], sides[1], tuple(dict.fromkeys(warnings)), assessed=(assessed[0], assessed[1]), progress=progress
    )
    assert compared.picture is not None
    with replacing_files(request.folder) as staging:
        write_text(staging / "comparison.json", compared.content.to_json())
        write_png(staging / "comparison.png", compared.picture)
    return PairMessage(id=request.id, warnings=compared.content.warnings)


def _read(request: CaseRequest) -> CTVolume:
    paths = request.paths
    return read_ct(paths[0] if len(paths) == 1 else paths, series=request.series)


def _case(request: LesionRequest | ExportRequest | ProposeRequest, scans: OpenScans) -> tuple[CTVolume, LabelMap]:
    volume = scans.get(request.scan)
    return volume, read_labels(request.folder / LABELS_NAME, volume.grid)
