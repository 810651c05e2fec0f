# SPDX-License-Identifier: Apache-2.0
"""Composition of all steps: segment a CT volume, measure the labels, write the files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from ICHSegmentationLib.anatomy.atlas_fit import fit_atlas
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.segmentation.boxes.segmentation import as_box_segmenter, resegment_box, segment_boxes
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.segmentation.upright.segmenter import set_upright
from ICHSegmentationLib.systems import build_segmenter, network_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing

# Fractions of the time, measured on a head CT of 28 slices on two cores; used by the progress bar only.
_SEGMENT_SHARES = {"load": 0.15, "preprocess": 0.25, "infer": 0.5, "postprocess": 0.1}
_SEGMENT_SHARE = 0.9
"""Of `run`; the rest is measuring."""
_LESION_SHARES = {"load": 0.2, "infer": 0.8}


class SegmentArguments(TypedDict, total=False):
    """Keyword arguments of `segment` that `run` passes on."""

    runtime: str
    threads: int | None
    force: bool
    postprocessing: PostProcessing | None
    boxes: Sequence[LesionBox] | None
    loaded: LoadedModel | None


def load_model(
    model: str = "default", device: str = "auto", *, runtime: str = "auto", threads: int | None = None
) -> LoadedModel:
    """Load a model for the argument ``loaded`` of `segment` and `run`; a scan can be read in the meantime.

    Parameters and errors are those of `segment`.
    """
    loaded = LoadedModel()
    loaded.get(get_model(model), build=network_for, device=device, runtime=runtime, threads=threads)
    return loaded


def segment(
    volume: CTVolume,
    model: str = "default",
    device: str = "auto",
    *,
    runtime: str = "auto",
    threads: int | None = None,
    force: bool = False,
    postprocessing: PostProcessing | None = None,
    boxes: Sequence[LesionBox] | None = None,
    loaded: LoadedModel | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> SegmentationResult:
    """Label hemorrhage on the source slices of a CT.

    Parameters
    ----------
    volume : CTVolume
        Volume from `read_ct`.
    model : str
        Name of an installed model.
    device, runtime, threads
        See `ICHSegmentationLib.models.load_runtime`.
    force : bool
        Accept a volume that does not look like a head.
    postprocessing : PostProcessing, optional
        Rules of postprocessing; `PostProcessing.off` keeps the labels of the network.
    boxes : sequence of LesionBox, optional
        Segment inside these boxes only, with their subtypes; for systems that support it.
    loaded : LoadedModel, optional
        Keeps the model and its companion loaded between calls.
    progress : callable, optional
        Called with the name of a stage and the fraction of the work that is done.
    cancel : callable, optional
        Called at every slice and stage; returning True stops the work.

    Returns
    -------
    SegmentationResult
        Labels, and the model and runtime that made them.

    Raises
    ------
    NotAHeadError
        If the volume does not look like a head and ``force`` is False.
    InputError
        If the device or runtime is unknown or not available, a box lies outside the scan, or the system does not
        support boxes.
    ModelError
        If the model is missing or damaged.
    CancelledError
        If ``cancel`` returned True.
    """
    stages = Stages(_SEGMENT_SHARES, progress, cancel)
    with stages.stage("load"):
        entry, loaded = get_model(model), loaded or LoadedModel()
        network = loaded.get(entry, build=network_for, device=device, runtime=runtime, threads=threads)
    segmenter = set_upright(build_segmenter(entry, network, postprocessing, loaded.companion))
    if boxes is None:
        segmented = segmenter.segment(volume, stages, force=force)
    else:
        segmented = segment_boxes(as_box_segmenter(segmenter, entry.name), volume, boxes, stages, force=force)
    fallback = (message("pipeline.no_trained_model"),) if model == "default" and not entry.has_weights else ()
    return SegmentationResult(
        volume=volume,
        label_map=segmented.label_map,
        model=entry,
        runtime=network.info,
        timings_s=stages.timings_s,
        warnings=tuple(dict.fromkeys((*volume.warnings, *fallback, *segmented.warnings, *network.warnings))),
        boxes=segmented.boxes,
        plane=segmented.plane,
        further_models=segmented.further_models,
        assessed=segmented.assessed,
    )


def run(
    volume: CTVolume,
    model: str = "default",
    device: str = "auto",
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    **arguments: Unpack[SegmentArguments],
) -> CaseResult:
    """Segment a CT and measure the result.

    Parameters
    ----------
    volume, model, device, progress, cancel
        As for `segment`; the last stage is "measure".
    **arguments
        Other arguments of `segment`.

    Returns
    -------
    CaseResult
        Labels, measurements and the record of the run; `write_results` writes it.

    Raises
    ------
    NotAHeadError, InputError, ModelError, CancelledError
        As for `segment`.
    """
    report: Progress = progress or (lambda *_: None)
    volume = volume.read_only()
    with ThreadPoolExecutor(1) as beside:
        if arguments.get("threads") != 1:
            # Measuring needs the fit, which does not depend on the labels; the cache keeps it.
            beside.submit(fit_atlas, volume)
        result = segment(
            volume,
            model,
            device,
            progress=lambda stage, fraction: report(stage, fraction * _SEGMENT_SHARE),
            cancel=cancel,
            **arguments,
        )
    stages = Stages(
        {"measure": 1.0},
        lambda stage, fraction: report(stage, _SEGMENT_SHARE + fraction * (1 - _SEGMENT_SHARE)),
        cancel,
    )
    with stages.stage("measure"):
        measurements = measure(result.label_map, volume, assessed=result.assessed)
    return CaseResult.of(replace(result, timings_s=result.timings_s | stages.timings_s), measurements)


def write_results(
    case: CaseResult,
    folder: Path | str,
    *,
    review: bool = True,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> CaseResult:
    """Write every file of a run; see `ICHSegmentationLib.export.exporter.Exporter.write_results`.

    Returns
    -------
    CaseResult
        The case with the written files in ``outputs``, and with warnings and timings of writing.
    """
    from ICHSegmentationLib.export.exporter import Exporter

    return Exporter(case).write_results(Path(folder), review=review, progress=progress, cancel=cancel)


def resegment_lesion(
    volume: CTVolume,
    label_map: LabelMap,
    edit: BoxEdit,
    model: str = "default",
    device: str = "auto",
    *,
    runtime: str = "auto",
    threads: int | None = None,
    loaded: LoadedModel | None = None,
    cancel: Cancel | None = None,
) -> LabelMap:
    """Segment one lesion again after its box was changed; all other labels are kept.

    Parameters
    ----------
    volume : CTVolume
        The scan.
    label_map : LabelMap
        Its current labels; not changed.
    edit : BoxEdit
        Change of the box.
    model, device, runtime, threads, loaded
        As for `segment`; the system must support boxes.
    cancel : callable, optional
        Called before and after the box is segmented; returning True stops the work.

    Raises
    ------
    InputError, ModelError, CancelledError
        As for `segment`.
    """
    stages = Stages(_LESION_SHARES, cancel=cancel)
    with stages.stage("load"):
        entry = get_model(model)
        network = (loaded or LoadedModel()).get(
            entry, build=network_for, device=device, runtime=runtime, threads=threads
        )
        segmenter = as_box_segmenter(set_upright(build_segmenter(entry, network)), entry.name)
    with stages.stage("infer"):
        return resegment_box(segmenter, volume, label_map, edit)
