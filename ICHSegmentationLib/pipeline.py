# SPDX-License-Identifier: Apache-2.0
"""The whole way: a CT volume in, labels on its slices, files on disk."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.models import LoadedModel, get_model
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.segmentation.segmenter import build_segmenter
from ICHSegmentationLib.segmentation.stages import Stages

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.ct import CTVolume
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
    from ICHSegmentationLib.segmentation.stages import Cancel, Progress

# Shares of the time as measured on a head CT of 28 slices on two cores; they only set the pace of the progress bar.
_SEGMENT_SHARES = {"load": 0.15, "preprocess": 0.25, "infer": 0.5, "postprocess": 0.1}
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
        If the device or runtime is not known or not there.
    ModelError
        If the model is missing or damaged.
    CancelledError
        If ``cancel`` returned True.
    """
    stages = Stages(_SEGMENT_SHARES, progress, cancel)
    with stages.stage("load"):
        entry = get_model(model)
        network = (loaded or LoadedModel()).get(entry, device=device, runtime=runtime, threads=threads)
    segmented = build_segmenter(entry, network, postprocessing).segment(volume, stages, force=force)
    return SegmentationResult(
        volume=volume,
        label_map=segmented.label_map,
        model=entry,
        runtime=network.info,
        timings_s=stages.timings_s,
        warnings=tuple(dict.fromkeys((*volume.warnings, *segmented.warnings, *network.warnings))),
        plane=segmented.plane,
    )


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
    from ICHSegmentationLib.rendering.png import write_png
    from ICHSegmentationLib.rendering.slices_picture import draw_slices
    from ICHSegmentationLib.rendering.view_3d import try_draw_3d
    from ICHSegmentationLib.reporting.dicom_results import write_dicom_results
    from ICHSegmentationLib.reporting.labels_nifti import write_labels_nifti
    from ICHSegmentationLib.reporting.record import make_record
    from ICHSegmentationLib.reporting.report_pdf import write_report_pdf
    from ICHSegmentationLib.reporting.result_files import RESULT_FILES, replacing_results
    from ICHSegmentationLib.reporting.seg_nrrd import write_seg_nrrd
    from ICHSegmentationLib.reporting.tables import write_measurements_csv, write_measurements_json

    stages = Stages(_WRITE_SHARES, progress, cancel)
    started = time.perf_counter()
    with replacing_results(directory) as folder, stages.stage("write"):
        write_seg_nrrd(folder / "segmentation.seg.nrrd", result.label_map)
        write_labels_nifti(folder / "labels.nii.gz", result.label_map, result.volume.source)
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
