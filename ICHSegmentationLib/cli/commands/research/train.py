# SPDX-License-Identifier: Apache-2.0
"""``ichseg train``: train a model from a configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import TrainingConfig
    from ICHSegmentationLib.research.training.fitting.fit import Progress
    from ICHSegmentationLib.research.training.train import Trained

_PREPARING = {
    "real series": 2.0,
    "labelled slices": 0.1,
    "simulated lesions": 3.0,
    "varied lesions": 3.0,
    "look-alikes": 1.0,
    "generated heads": 1.0,
    "aligned volumes": 1.0,
    "mirrored sides": 2.0,
}
_TRAINING = {"train": 94.0}


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What to do; fields correspond to options of the command."""

    output: Path | None
    device: str
    workers: int
    prepare_only: bool
    pack: Path | None
    most_mib: float


def run(config: Path, options: TrainOptions, *, as_json: bool, quiet: bool) -> None:
    """Train, or only prepare the data; see ``ichseg train --help``."""
    from ICHSegmentationLib.research.training.requirements import require_training_packages

    require_training_packages()
    from ICHSegmentationLib.research.training.config import read_config

    settings = read_config(config)
    if options.prepare_only or options.pack is not None:
        _prepare(settings, options, as_json=as_json, quiet=quiet)
        return
    if options.output is None:
        raise InputError(message("cli.train_output_missing"))
    _train(settings, options.output, options, as_json=as_json, quiet=quiet)


def _prepare(settings: TrainingConfig, options: TrainOptions, *, as_json: bool, quiet: bool) -> None:
    from ICHSegmentationLib.research.training.pack import write_pack
    from ICHSegmentationLib.research.training.prepare import prepare

    terminal = Terminal(_PREPARING, quiet=quiet, as_json=as_json)
    with terminal:
        files = prepare(settings, workers=options.workers, progress=_by_stage(terminal))
        pack = None if options.pack is None else write_pack(settings, options.pack, max_mib=options.most_mib)
    content = {
        "schema": 1,
        "folder": str(settings.data.folder),
        "training_volumes": len(files.training),
        "validation_volumes": len(files.validation),
        "left_out": files.left_out,
    }
    text = f"{len(files.training)} training and {len(files.validation)} validation volumes in {settings.data.folder}"
    if pack is not None:
        content["pack"] = {"config": str(pack.config), "size_mib": pack.size_mib, "to_be_made": pack.to_be_made}
        text += f"\nPack: {pack.config.parent}, {pack.size_mib:.1f} MiB"
        text += f"; {pack.to_be_made} simulated volumes are made anew where it is used" if pack.to_be_made else ""
    terminal.show(content, text)


def _train(settings: TrainingConfig, output: Path, options: TrainOptions, *, as_json: bool, quiet: bool) -> None:
    from ICHSegmentationLib.research.training.processes import joined_processes
    from ICHSegmentationLib.research.training.train import train

    with joined_processes(options.device) as processes:
        terminal = Terminal(_PREPARING | _TRAINING, quiet=quiet or not processes.is_first, as_json=as_json)
        with terminal:
            trained = train(
                settings,
                output,
                processes,
                workers=options.workers,
                progress=_by_stage(terminal),
                report=_epoch_lines(terminal),
            )
    if trained is not None:
        content = trained.record | {"models": str(trained.models)}
        terminal.show(content, _summary(trained))


def _by_stage(terminal: Terminal) -> Callable[[str, float], None]:
    """Map stages of the library to parts of the bar."""

    def report(stage: str, fraction: float) -> None:
        terminal.progress(stage)(stage, fraction)

    return report


def _epoch_lines(terminal: Terminal) -> Callable[[Progress], None]:
    """Show one line at the end of each epoch."""

    def report(state: Progress) -> None:
        if not state.epoch_ends:
            return
        dice = ", ".join(f"{name} {value:.3f}" for name, value in state.dice.items())
        line = f"step {state.step} of {state.steps}: loss {state.loss:.4f}"
        line += f", validation Dice {dice}" if dice else ""
        terminal.line(f"{line}, {state.samples_per_s:.1f} samples/s")

    return report


def _summary(trained: Trained) -> str:
    record = trained.record
    early = ", stopped early" if record["stopped_early"] else ""
    return (
        f"{record['model']}: {record['steps']} steps{early}, {record['training_volumes']} training volumes\n"
        f"Use it with ICHSEG_MODELS={trained.models}"
    )
