# SPDX-License-Identifier: Apache-2.0
"""``python -m ICHSegmentationLib.training CONFIG RUN [EVALUATION]``: put a trained model among the installed ones.

For those who maintain this package: users name a run's folder of models in ``ICHSEG_MODELS``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ICHSegmentationLib.cli.failures import exit_code_of
from ICHSegmentationLib.models.manifest import get_model
from ICHSegmentationLib.models.publish import register_model
from ICHSegmentationLib.models.trained_network import load_network
from ICHSegmentationLib.training.config import read_config
from ICHSegmentationLib.training.train import MODELS_NAME, model_fields


def publish(
    config: Annotated[Path, typer.Argument(help="YAML configuration; its `about` describes the model.")],
    run: Annotated[Path, typer.Argument(help="Folder that `ichseg train` wrote.")],
    evaluation: Annotated[
        Path | None, typer.Argument(help="figures.json that `ichseg evaluate --config` wrote.")
    ] = None,
    default: Annotated[bool, typer.Option(help="Use this model when none is chosen.")] = True,
) -> None:
    """Add a trained model, with what was measured of it, to the installed ones."""
    settings = read_config(config)
    quality = {} if evaluation is None else json.loads(evaluation.read_text(encoding="utf-8"))["quality"]
    trained = get_model(settings.name, folder=run / MODELS_NAME)
    fields = model_fields(settings) | {"quality": quality}
    entry = register_model(fields, load_network(trained).state_dict(), make_default=default, with_graph=True)
    typer.echo(f"{entry.path} ({entry.size_bytes / 1e6:.1f} MB)")


if __name__ == "__main__":
    try:
        typer.run(publish)
    except Exception as error:
        sys.exit(exit_code_of(error))
