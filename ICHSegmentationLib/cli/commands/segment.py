# SPDX-License-Identifier: Apache-2.0
"""``ichseg segment``: read a scan, segment it and write a folder of results."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.summary import places, volume_table
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.replacing import finish_replacing
from ICHSegmentationLib.export.formats import RESULT_FILES

if TYPE_CHECKING:
    from ICHSegmentationLib.export.case import CaseResult

# Relative time of each part, measured on a head CT of 28 slices on two cores; it only sets the pace of the bar.
PARTS = {"read": 0.15, "segment": 0.5, "write": 0.35}


def run(
    inputs: Sequence[Path], output: Path, options: RunOptions, *, overwrite: bool, as_json: bool, quiet: bool
) -> None:
    """Segment, write and show the results; see ``ichseg segment --help``."""
    check_output(output, overwrite=overwrite)
    terminal = Terminal(PARTS, quiet=quiet, as_json=as_json)
    with terminal:
        case = segment_files(inputs, output, options, terminal)
    record = case.known_record()
    parts = [volume_table(record.volumes_ml)]
    if not record.assessed:
        parts.insert(0, message("export.not_assessed"))
    if record.case_decision is not None:
        parts.append(f"Decision      {record.case_decision.describe()}")
    terminal.show(json_content(case), "\n\n".join([*parts, places(case.outputs)]))


def json_content(case: CaseResult) -> dict[str, Any]:
    """Return the content of ``measurements.json``, and under ``outputs`` the path of each file by its name."""
    outputs = {name: str(path) for name, path in case.outputs.items()}
    return case.known_record().model_dump(mode="json", by_alias=True) | {"outputs": outputs}


def check_output(output: Path, *, overwrite: bool, names: Sequence[str] = RESULT_FILES) -> None:
    """Refuse a folder that is not writable or already contains ``names``, which may have been edited by hand.

    Raises
    ------
    InputError
        If ``output`` is or lies in a file, is not writable, or contains results and ``overwrite`` is not set.
    ICHSegmentationError
        If the results of a killed run cannot be finished.
    """
    nearest = next(path for path in (output.absolute(), *output.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(message("cli.output_is_file", path=nearest))
    if not os.access(nearest, os.W_OK):
        raise InputError(message("cli.output_not_writable", folder=nearest))
    finish_replacing(output)
    if not overwrite and any((output / name).exists() for name in names):
        raise InputError(message("cli.results_exist", folder=output))


def segment_files(inputs: Sequence[Path], output: Path, options: RunOptions, terminal: Terminal) -> CaseResult:
    """Read, segment and write; return the case with the written files.

    Raises
    ------
    InputError
        If the input cannot be read as one head CT.
    """
    for path in inputs:
        if not path.exists():
            raise InputError(message("cli.not_found", path=path))

    from ICHSegmentationLib import pipeline, read_ct
    from ICHSegmentationLib.io.boxes import boxes_on, read_boxes
    from ICHSegmentationLib.models import get_model
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing

    # Refuse a wrong name or file of boxes before a large scan is read.
    get_model(options.model)
    box_file = None if options.boxes is None else read_boxes(options.boxes)
    terminal.progress("read")
    with ThreadPoolExecutor(1) as beside:
        loading = beside.submit(
            pipeline.load_model, options.model, options.device, runtime=options.runtime, threads=options.threads
        )
        started = time.perf_counter()
        volume = read_ct(
            inputs[0] if len(inputs) == 1 else inputs,
            series=options.series,
            grey_window=options.grey_window,
            spacing_mm=options.spacing_mm,
        )
        read_s = time.perf_counter() - started
        # Shown even if segmenting fails; each text is shown once.
        terminal.warn(volume.warnings)
        case = pipeline.run(
            volume,
            model=options.model,
            device=options.device,
            runtime=options.runtime,
            threads=options.threads,
            force=options.force,
            postprocessing=None if options.postprocessing else PostProcessing.off(),
            boxes=None if box_file is None else boxes_on(box_file, volume.grid),
            loaded=loading.result(),
            progress=terminal.progress("segment"),
        )
    terminal.warn(case.warnings)
    case = case.with_record(timings_s={"read": round(read_s, 3), **case.known_record().timings_s})
    return pipeline.write_results(case, output, review=options.review, progress=terminal.progress("write"))
