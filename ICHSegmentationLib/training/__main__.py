# SPDX-License-Identifier: Apache-2.0
"""``python -m ICHSegmentationLib.training prepare|fit CONFIG``."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from safetensors.torch import load_file, save_file

from ICHSegmentationLib.files import atomic_path
from ICHSegmentationLib.models.publish import register_model
from ICHSegmentationLib.subtypes import Subtype
from ICHSegmentationLib.training.config import read_config
from ICHSegmentationLib.training.fit import Progress, fit
from ICHSegmentationLib.training.prepare import prepare, training_files
from ICHSegmentationLib.training.quality import held_out_dice, simulated_dice

_HEADS = 10
app = typer.Typer(add_completion=False, no_args_is_help=True)
_CONFIG = Annotated[Path, typer.Argument(help="YAML configuration, as in ICHSegmentationLib/training/configs.")]


@app.command("prepare")
def prepare_command(config: _CONFIG) -> None:
    """Make the training volumes that are missing."""
    for path in prepare(read_config(config)):
        typer.echo(path)


@app.command("fit")
def fit_command(
    config: _CONFIG, output: Annotated[Path, typer.Argument(help="Folder for checkpoint and weights.")]
) -> None:
    """Fit the network, going on from the checkpoint if there is one, and write weights.safetensors."""
    settings = read_config(config)

    def report(progress: Progress) -> None:
        typer.echo(f"step {progress.step} of {progress.steps}, loss {progress.loss:.4f}")

    state = fit(settings, training_files(settings), output / "checkpoint.pt", report=report)
    output.mkdir(parents=True, exist_ok=True)
    with atomic_path(output / "weights.safetensors") as temporary:
        save_file({name: tensor.contiguous().cpu() for name, tensor in state.items()}, temporary)


@app.command("publish")
def publish_command(
    config: _CONFIG,
    weights: Annotated[Path, typer.Argument(help="weights.safetensors that `fit` wrote.")],
    description: Annotated[Path, typer.Argument(help="JSON with the fields of the manifest that are words.")],
) -> None:
    """Measure the model on the held-out patients and add it to the installed ones as the default."""
    settings = read_config(config)
    fields = json.loads(description.read_text(encoding="utf-8")) | {
        "system": settings.system,
        "preset": settings.preset,
        "classes": ["background", *(subtype.name for subtype in Subtype)],
        **asdict(settings.input),
    }
    state = load_file(weights)
    entry = register_model(fields, state, make_default=True)
    dice = held_out_dice(entry, settings)
    for name, value in dice.items():
        typer.echo(f"case {name}: IPH Dice {value:.3f}")
    quality = {
        "held_out_real_patients": len(dice),
        "held_out_iph_dice_median": round(median(dice.values()), 3),
        "held_out_iph_dice_least": round(min(dice.values()), 3),
        **{f"simulated_{name.lower()}_dice": round(value, 3) for name, value in simulated_dice(entry, _HEADS).items()},
    }
    register_model({**fields, "quality": fields.get("quality", {}) | quality}, state, make_default=True)
    typer.echo(json.dumps(quality))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    app()
