# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate --config``: a model on the cases that a training configuration holds out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutFile
    from ICHSegmentationLib.research.evaluation.models.run import ModelRun
    from ICHSegmentationLib.research.training.config import TrainingConfig

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
    """Make the held-out cases, run the model, write and show the metrics; see ``ichseg evaluate --help``."""
    from ICHSegmentationLib.cli.commands.segment import check_output
    from ICHSegmentationLib.models import get_model
    from ICHSegmentationLib.research.evaluation.models.report import RECORD_NAME
    from ICHSegmentationLib.research.evaluation.models.required_models import require_models

    check_output(output, overwrite=overwrite, names=(RECORD_NAME,))
    settings = held_out_settings(config)
    from ICHSegmentationLib.research.training.held_out import make_held_out

    names = [options.model] if compare_model is None else [options.model, compare_model]
    for name in names:
        # A wrong name, or what the model lacks, is found before the cases are made.
        require_models(get_model(name), postprocessed=options.postprocessing)
    terminal = Terminal(PARTS, quiet=quiet, as_json=as_json)
    with terminal:
        files = make_held_out(settings, workers=workers, progress=terminal.progress("make"))
        runs = [
            _run_model(replace(options, model=name), files, settings, output, terminal.progress(part))
            for name, part in zip(names, ("run", "compared"), strict=False)
        ]
        terminal.progress("write")
        record = _write(runs, files, settings, output)
    terminal.show(record | {"output": str(output)}, _text(record, output))


def held_out_settings(config: Path) -> TrainingConfig:
    """Read a configuration that models are evaluated by.

    Raises
    ------
    ICHSegmentationError
        If a package is missing.
    InputError
        If it is wrong, or a scan that it names is missing.
    """
    from ICHSegmentationLib.research.evaluation.requirements import require_evaluation_packages
    from ICHSegmentationLib.research.training.requirements import require_training_packages

    require_training_packages()
    require_evaluation_packages()
    from ICHSegmentationLib.research.training.config import read_config

    settings = read_config(config)
    missing = [path for path in settings.evaluation.negatives if not path.exists()]
    if missing:
        raise InputError(message("cli.negative_not_found", path=missing[0]))
    return settings


def evaluate_model(
    options: RunOptions,
    files: Sequence[HeldOutFile],
    settings: TrainingConfig,
    output: Path,
    progress: Callable[[str, float], None],
) -> None:
    """Run one model on held-out cases and write its results."""
    _write([_run_model(options, files, settings, output, progress)], files, settings, output)


def _run_model(
    options: RunOptions,
    files: Sequence[HeldOutFile],
    settings: TrainingConfig,
    output: Path,
    progress: Callable[[str, float], None],
) -> ModelRun:
    from ICHSegmentationLib.models import get_model
    from ICHSegmentationLib.research.evaluation.models.report import PREDICTIONS_NAME
    from ICHSegmentationLib.research.evaluation.models.run import RunSettings, run_model

    where = RunSettings(
        device=options.device, runtime=options.runtime, threads=options.threads, postprocessing=options.postprocessing
    )
    predictions = output / PREDICTIONS_NAME / get_model(options.model).name
    return run_model(options.model, files, settings.evaluation.negatives, predictions, where, progress)


def _write(
    runs: Sequence[ModelRun], files: Sequence[HeldOutFile], settings: TrainingConfig, output: Path
) -> dict[str, Any]:
    from ICHSegmentationLib.research.evaluation.models.report import write_model_report

    compared = runs[1] if len(runs) > 1 else None
    return write_model_report(output, runs[0], files, settings.evaluation.set_aside, compared=compared)


def _text(record: dict[str, Any], output: Path) -> str:
    lines = [f"{record['model']}, {record['seconds_per_scan']:.2f} s a scan", ""]
    for row in record["figures"]:
        value = "-" if row["value"] is None else f"{row['value']:.3f}"
        aim = f"  {row['aim']}: {row['met'] or '-'}" if row["aim"] else ""
        lines.append(f"{row['on']:<27}{row['figure']:<68}{value:>7} ({row['cases']}){aim}")
    return "\n".join([*lines, "", f"Tables, plots and the worst cases: {output}"])
