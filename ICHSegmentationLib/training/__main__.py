# SPDX-License-Identifier: Apache-2.0
"""``python -m ICHSegmentationLib.training prepare|fit CONFIG``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer
from safetensors.torch import save_file

from ICHSegmentationLib.files import atomic_path
from ICHSegmentationLib.training.config import read_config
from ICHSegmentationLib.training.fit import Progress, fit
from ICHSegmentationLib.training.prepare import prepare, training_files

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


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    app()
