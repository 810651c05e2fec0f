# SPDX-License-Identifier: Apache-2.0
"""The whole way: a CT volume in, labels on its slices, files on disk."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.segmentation.boxes.segmentation import as_box_segmenter, resegment_box, segment_boxes
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.systems import build_segmenter, network_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.segmentation.boxes.segmentation import BoxEdit
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing

# Shares of the time as measured on a head CT of 28 slices on two cores; they only set the pace of the progress bar.
_SEGMENT_SHARES = {"load": 0.15, "preprocess": 0.25, "infer": 0.5, "postprocess": 0.1}
_LESION_SHARES = {"load": 0.2, "infer": 0.8}
_NO_MODEL = "No trained model is installed, so that the mixture model em was used in its place."
_WRITE_SHARES = {"write": 1.0}


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
    """Label hemorrhage on a CT's source slices.

    Parameters
    ----------
    volume : CTVolume
        What `read_ct` read.
    model : str
        Name of an installed model.
    device, runtime, threads
        See `ICHSegmentationLib.models.load_runtime`.
    force : bool
        Go on with a volume that does not look like a head.
    postprocessing : PostProcessing, optional
        Rules that clean the labels; `PostProcessing.off` keeps what the network said.
    boxes : sequence of LesionBox, optional
        Look for blood inside these boxes alone, and give it their subtypes; for the systems that can.
    loaded : LoadedModel, optional
        Keeps the model from one call to the next.
    progress : callable, optional
        Called with a stage's name and the share of the work that is done.
    cancel : callable, optional
        Asked at every slice and stage; True stops the work.

    Returns
    -------
    SegmentationResult
        Labels, and what made them.

    Raises
    ------
    NotAHeadError
        If the volume does not look like a head and ``force`` is False.
    InputError
        If the device or runtime is not known or not there, a box lies outside the scan, or the system does not take
        boxes.
    ModelError
        If the model is missing or damaged.
    CancelledError
        If ``cancel`` returned True.
    """
    stages = Stages(_SEGMENT_SHARES, progress, cancel)
    with stages.stage("load"):
        entry = get_model(model)
        network = (loaded or LoadedModel()).get(
            entry, build=network_for, device=device, runtime=runtime, threads=threads
        )
    segmenter = build_segmenter(entry, network, postprocessing)
    if boxes is None:
        segmented = segmenter.segment(volume, stages, force=force)
    else:
        segmented = segment_boxes(as_box_segmenter(segmenter, entry.name), volume, boxes, stages, force=force)
    fallback = (_NO_MODEL,) if model == "default" and not entry.has_weights else ()
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
    )


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
    """Segment one lesion again after its box was changed; all other labels stay.

    Parameters
    ----------
    volume : CTVolume
        The scan.
    label_map : LabelMap
        Its labels so far; not changed.
    edit : BoxEdit
        What was done to the box.
    model, device, runtime, threads, loaded
        As for `segment`; the system must take boxes.
    cancel : callable, optional
        Asked before and after the box is segmented; True stops the work.

    Raises
    ------
    InputError, ModelError, CancelledError
        As of `segment`.
    """
    stages = Stages(_LESION_SHARES, cancel=cancel)
    with stages.stage("load"):
        entry = get_model(model)
        network = (loaded or LoadedModel()).get(
            entry, build=network_for, device=device, runtime=runtime, threads=threads
        )
        segmenter = as_box_segmenter(build_segmenter(entry, network), entry.name)
    with stages.stage("infer"):
        return resegment_box(segmenter, volume, label_map, edit)


def write_outputs(
    result: SegmentationResult, directory: Path, *, progress: Progress | None = None, cancel: Cancel | None = None
) -> dict[str, Path]:
    """Write every file of a result, in place of an earlier result's; all of them or none.

    Parameters
    ----------
    result : SegmentationResult
        What `segment` gave.
    directory : pathlib.Path
        Made if need be. What it holds of an earlier result is replaced when all is written.
    progress, cancel : callable, optional
        As for `segment`.

    Returns
    -------
    dict of str to pathlib.Path
        What was written, by file name. ``render.png`` is absent where nothing can render without a screen, the DICOM
        files where the scan was not read from DICOM or its headers do not allow them.

    Raises
    ------
    ICHSegmentationError
        If the system refuses a file.
    """
    from ICHSegmentationLib.export.dicom.results import write_dicom_results
    from ICHSegmentationLib.export.record import make_record
    from ICHSegmentationLib.export.report.pdf import write_report_pdf
    from ICHSegmentationLib.export.result_files import RESULT_FILES, replacing_results
    from ICHSegmentationLib.export.tables import write_measurements_csv, write_measurements_json
    from ICHSegmentationLib.io.boxes import write_boxes
    from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
    from ICHSegmentationLib.io.labels.seg_nrrd import write_seg_nrrd
    from ICHSegmentationLib.rendering.png import write_png
    from ICHSegmentationLib.rendering.slices_picture import draw_slices
    from ICHSegmentationLib.rendering.view_3d import try_draw_3d

    stages = Stages(_WRITE_SHARES, progress, cancel)
    started = time.perf_counter()
    with replacing_results(directory) as folder, stages.stage("write"):
        write_seg_nrrd(folder / "segmentation.seg.nrrd", result.label_map)
        write_labels_nifti(folder / "labels.nii.gz", result.label_map, result.volume.source)
        write_boxes(folder / "boxes.json", result.boxes, result.label_map.grid)
        stages.advance(0.2)
        measurements = measure(result.label_map, result.volume)
        write_measurements_csv(folder / "measurements.csv", measurements)
        slices = draw_slices(result.volume, result.label_map, measurements)
        write_png(folder / "slices.png", slices)
        stages.advance(0.4)
        render, warnings = try_draw_3d(result.volume, result.label_map, measurements)
        if render is not None:
            write_png(folder / "render.png", render)
        stages.advance(0.7)
        not_written = write_dicom_results(folder, result, measurements)
        stages.advance(0.9)
        result = replace(result, warnings=tuple(dict.fromkeys((*result.warnings, *warnings, *not_written))))
        record = make_record(result, measurements)
        write_report_pdf(folder / "report.pdf", record, slices=slices, view_3d=render)
        timings_s = {**result.timings_s, "write": time.perf_counter() - started}
        timings_s["total"] = sum(timings_s.values())
        write_measurements_json(folder / "measurements.json", make_record(result, measurements, timings_s))
    return {name: directory / name for name in RESULT_FILES if (directory / name).exists()}
