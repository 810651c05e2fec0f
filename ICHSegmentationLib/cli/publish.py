# SPDX-License-Identifier: Apache-2.0
"""``python -m ICHSegmentationLib.cli.publish CONFIG RUN [EVALUATION]``: add a trained model to the installed ones.

For those who maintain this package: users name a run's folder of models in ``ICHSEG_MODELS``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ICHSegmentationLib.cli.failures import exit_code_of
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.manifest import get_model
from ICHSegmentationLib.models.publish import register_model
from ICHSegmentationLib.models.trained_network import load_network
from ICHSegmentationLib.research.training.config import read_config
from ICHSegmentationLib.research.training.train import MODELS_NAME, model_fields
from ICHSegmentationLib.systems import network_for

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry


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
    trained = get_model(settings.name, folder=run / MODELS_NAME)
    quality = {} if evaluation is None else _quality(evaluation, trained)
    fields = model_fields(settings) | {"quality": quality}
    weights = load_network(trained, build=network_for).state_dict()
    entry = register_model(fields, weights, build=network_for, make_default=default, with_graph=True)
    typer.echo(f"{entry.path} ({entry.size_bytes / 1e6:.1f} MB)")


def _quality(path: Path, entry: ModelEntry) -> dict[str, Any]:
    """Return the quality of a model from its evaluation.

    Raises
    ------
    InputError
        If the file cannot be read, or belongs to other weights or to labels without postprocessing.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        postprocessed, sha256, quality = record.get("cleaned", True), record["sha256"], dict(record["quality"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(message("cli.not_an_evaluation", path=path)) from error
    if sha256 != entry.sha256:
        raise InputError(message("cli.evaluation_of_other_weights", path=path, model=entry.name, folder=entry.folder))
    if not postprocessed:
        raise InputError(message("cli.evaluation_without_postprocessing", path=path))
    return quality


if __name__ == "__main__":
    try:
        typer.run(publish)
    except Exception as error:
        sys.exit(exit_code_of(error))
