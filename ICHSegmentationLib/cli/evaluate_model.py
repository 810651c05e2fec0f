# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate --config``: a model on the cases that a training configuration holds out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.errors import InputError

if TYPE_CHECKING:
    from ICHSegmentationLib.evaluation.model_run import ModelRun

PARTS = {"make": 0.3, "run": 0.4, "compared": 0.2, "write": 0.1}


def run(
    config: Path,
    options: RunOptions,
    compare_model: str | None,
    output: Path,
    *,
    workers: int,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make the held-out cases, run the model, write and show the figures; see ``ichseg evaluate --help``."""
    from ICHSegmentationLib.cli.segment import check_output
    from ICHSegmentationLib.evaluation.model_report import PREDICTIONS_NAME, RECORD_NAME, write_model_report
    from ICHSegmentationLib.evaluation.requirements import require_evaluation_packages
    from ICHSegmentationLib.training.requirements import require_training_packages

    check_output(output, overwrite=overwrite, names=(RECORD_NAME,))
    require_training_packages()
    require_evaluation_packages()
    from ICHSegmentationLib.evaluation.model_run import RunSettings, run_model
    from ICHSegmentationLib.models import get_model
    from ICHSegmentationLib.training.config import read_config
    from ICHSegmentationLib.training.held_out import make_held_out

    settings = read_config(config)
    names = [options.model] if compare_model is None else [options.model, compare_model]
    for name in names:
        get_model(name)  # a wrong name is found before the cases are made
    missing = [path for path in settings.evaluation.negatives if not path.exists()]
    if missing:
        message = f"{missing[0]} (evaluation.negatives) does not exist."
        raise InputError(message)
    where = RunSettings(device=options.device, runtime=options.runtime, threads=options.threads)
    terminal = Terminal(PARTS, quiet=quiet, as_json=as_json)
    with terminal:
        files = make_held_out(settings, workers=workers, progress=terminal.progress("make"))
        runs: list[ModelRun] = []
        for name, part in zip(names, ("run", "compared"), strict=False):
            predictions = output / PREDICTIONS_NAME / get_model(name).name
            negatives = settings.evaluation.negatives
            runs.append(run_model(name, files, negatives, predictions, where, terminal.progress(part)))
        terminal.progress("write")
        compared = runs[1] if len(runs) > 1 else None
        record = write_model_report(output, runs[0], files, settings.evaluation.set_aside, compared=compared)
    terminal.show(record | {"output": str(output)}, _text(record, output))


def _text(record: dict[str, Any], output: Path) -> str:
    lines = [f"{record['model']}, {record['seconds_per_scan']:.2f} s a scan", ""]
    for row in record["figures"]:
        value = "-" if row["value"] is None else f"{row['value']:.3f}"
        aim = f"  {row['aim']}: {row['met'] or '-'}" if row["aim"] else ""
        lines.append(f"{row['on']:<27}{row['figure']:<68}{value:>7} ({row['cases']}){aim}")
    return "\n".join([*lines, "", f"Tables, plots and the worst cases: {output}"])
