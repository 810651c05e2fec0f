# SPDX-License-Identifier: Apache-2.0
"""``ichseg segment``: from files on disk to a folder of results."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.summary import places, volume_table
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.export.result_files import RESULT_FILES

# How long each part takes, as measured on a head CT of 28 slices on two cores; it only sets the pace of the bar.
PARTS = {"read": 0.15, "segment": 0.45, "write": 0.4}


def run(
    inputs: Sequence[Path], output: Path, options: RunOptions, *, overwrite: bool, as_json: bool, quiet: bool
) -> None:
    """Segment, write and show the results; see ``ichseg segment --help``."""
    check_output(output, overwrite=overwrite)
    terminal = Terminal(PARTS, quiet=quiet, as_json=as_json)
    with terminal:
        measurements = segment_files(inputs, output, options, terminal)
    parts = [volume_table(measurements["volumes_ml"])]
    if measurements["case_decision"] is not None:
        from ICHSegmentationLib.measurement import CaseDecision

        decision = CaseDecision.model_validate(measurements["case_decision"])
        parts.append(f"Decision      {decision.describe()}")
    terminal.show(measurements, "\n\n".join([*parts, places(measurements["outputs"])]))


def check_output(output: Path, *, overwrite: bool, names: Sequence[str] = RESULT_FILES) -> None:
    """Refuse a folder that cannot be written, or that holds ``names`` already: they may have been corrected by hand.

    Raises
    ------
    InputError
        If ``output`` is or lies in a file, may not be written, or holds results and ``overwrite`` is not set.
    """
    nearest = next(path for path in (output.absolute(), *output.absolute().parents) if path.exists())
    if not nearest.is_dir():
        message = f"{nearest} is a file; --output names a folder."
        raise InputError(message)
    if not os.access(nearest, os.W_OK):
        message = f"You may not write in {nearest}; choose another folder."
        raise InputError(message)
    if not overwrite and any((output / name).exists() for name in names):
        message = f"{output} already holds results; choose another folder, or add --overwrite to replace them."
        raise InputError(message)


def segment_files(inputs: Sequence[Path], output: Path, options: RunOptions, terminal: Terminal) -> dict[str, Any]:
    """Read, segment and write.

    Returns
    -------
    dict
        The content of ``measurements.json``, and under ``outputs`` the path of each file by its name.

    Raises
    ------
    InputError
        If the input cannot be read as one head CT.
    """
    for path in inputs:
        if not path.exists():
            message = f"{path} does not exist."
            raise InputError(message)

    from ICHSegmentationLib import pipeline, read_ct
    from ICHSegmentationLib.io.boxes import boxes_on, read_boxes
    from ICHSegmentationLib.models import get_model
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing

    # A wrong name or a file of boxes that is none is found before a large scan is read.
    get_model(options.model)
    box_file = None if options.boxes is None else read_boxes(options.boxes)
    terminal.progress("read")
    started = time.perf_counter()
    volume = read_ct(inputs[0] if len(inputs) == 1 else inputs, series=options.series, grey_window=options.grey_window)
    read_s = time.perf_counter() - started
    # Also when segmenting fails; each text is shown once.
    terminal.warn(volume.warnings)
    result = pipeline.segment(
        volume,
        model=options.model,
        device=options.device,
        runtime=options.runtime,
        threads=options.threads,
        force=options.force,
        postprocessing=None if options.cleaning else PostProcessing.off(),
        boxes=None if box_file is None else boxes_on(box_file, volume.grid),
        progress=terminal.progress("segment"),
    )
    terminal.warn(result.warnings)
    result = replace(result, timings_s={"read": read_s, **result.timings_s})
    written = pipeline.write_outputs(result, output, progress=terminal.progress("write"))
    measurements: dict[str, Any] = json.loads((output / "measurements.json").read_text(encoding="utf-8"))
    measurements["outputs"] = {name: str(path) for name, path in written.items()}
    return measurements
