# SPDX-License-Identifier: Apache-2.0
"""Train a model from a configuration: prepare the data, fit the network, write the model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml
from pydantic import ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.models.manifest import get_model
from ICHSegmentationLib.models.publish import register_model
from ICHSegmentationLib.models.trained_network import load_network
from ICHSegmentationLib.preprocessing.box_crops import CROP_PX
from ICHSegmentationLib.research.training.config import DataSection, TrainingConfig
from ICHSegmentationLib.research.training.fitting.fit import Fitted, Progress, fit
from ICHSegmentationLib.research.training.prepare import PreparedFiles, prepare, prepared_files
from ICHSegmentationLib.systems import build_network, get_system, network_for

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry
    from ICHSegmentationLib.research.training.processes import Processes

CHECKPOINT_NAME, RECORD_NAME, CONFIG_NAME = "checkpoint.pt", "training.json", "config.yaml"
MODELS_NAME, LOG_NAME = "models", "tensorboard"


@dataclass(frozen=True)
class Trained:
    """Result of a training.

    Attributes
    ----------
    models : pathlib.Path
        Folder with the trained model and the detector of a second stage; usable as ``ICHSEG_MODELS``.
    entry : ModelEntry
        The trained model.
    record : dict
        Content of ``training.json``.
    """

    models: Path
    entry: ModelEntry
    record: dict[str, Any]


def check_training(config: TrainingConfig, output: Path) -> None:
    """Check a configuration before any data is read.

    Raises
    ------
    InputError
        If the network cannot be built, or ``output`` contains a run of another configuration.
    ModelError, UnknownModelError
        If the detector of a second stage, or the model to start from, was not found.
    """
    try:
        with torch.device("meta"):
            channels, classes = config.input.channels, len(config.classes)
            build_network(config.system, config.preset, in_channels=channels, classes=classes, **config.network)
    except (TypeError, ValueError, RuntimeError) as error:
        problem = message(
            "research.network_not_built", system=config.system, preset=config.preset, reason=str(error).rstrip(".")
        )
        raise InputError(problem) from error
    if config.data.detector is not None:
        get_model(config.about.detector, folder=config.data.detector)
    if config.start_from:
        get_model(config.start_from)
    saved = output / CONFIG_NAME
    if saved.exists() and (output / CHECKPOINT_NAME).exists():
        changed = _changed(yaml.safe_load(saved.read_text(encoding="utf-8")), config)
        if changed:
            raise InputError(message("research.run_of_another_setting", folder=output, setting=changed))


def train(
    config: TrainingConfig,
    output: Path,
    processes: Processes,
    *,
    workers: int = 1,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
    report: Callable[[Progress], None] = lambda _: None,
) -> Trained | None:
    """Prepare what is missing, fit the network, and write the model.

    Parameters
    ----------
    config : TrainingConfig
        Configuration of the training.
    output : pathlib.Path
        Receives ``config.yaml``, ``checkpoint.pt``, ``tensorboard``, ``models`` and ``training.json``; an
        interrupted run is resumed.
    processes : Processes
        Processes of the run; the first one prepares the data and writes the model.
    workers : int
        Number of processes that prepare the data.
    progress : callable
        Called with the stage and the fraction done.
    report : callable
        See `fit`.

    Returns
    -------
    Trained or None
        None in all processes except the first.

    Raises
    ------
    InputError
        If the configuration or the data cannot be used.
    """
    check_training(config, output)
    if processes.is_first:
        prepare(config, workers=workers, progress=progress)
        output.mkdir(parents=True, exist_ok=True)
        write_text(output / CONFIG_NAME, yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))
    processes.wait()
    files = prepared_files(config)
    started = time.monotonic()
    log = _Log(output / LOG_NAME) if processes.is_first else None

    def tell(state: Progress) -> None:
        progress("train", state.step / state.steps)
        if log is not None:
            log.write(state)
        report(state)

    try:
        fitted = fit(
            config,
            files.training,
            output / CHECKPOINT_NAME,
            validation=files.validation,
            processes=processes,
            report=tell,
        )
    finally:
        if log is not None:
            log.close()
    if not processes.is_first:
        return None
    return _write(config, output, fitted, files, time.monotonic() - started, log.last if log else None)


def _write(
    config: TrainingConfig,
    output: Path,
    fitted: Fitted,
    files: PreparedFiles,
    seconds: float,
    last: Progress | None,
) -> Trained:
    entry = register_model(
        model_fields(config), fitted.state, build=network_for, folder=output / MODELS_NAME, make_default=True
    )
    if config.data.detector is not None:
        detector = get_model(config.about.detector, folder=config.data.detector)
        fields = detector.model_dump(exclude={"file", "sha256", "size_bytes", "parameters", "graph", "graph_sha256"})
        weights = load_network(detector, build=network_for).state_dict()
        register_model(fields, weights, build=network_for, folder=output / MODELS_NAME)
    record = {
        "schema": 1,
        "model": config.name,
        "sha256": entry.sha256,
        "steps": fitted.step,
        "stopped_early": fitted.stopped_early,
        "training_volumes": len(files.training),
        "validation_volumes": len(files.validation),
        "left_out": files.left_out,
        "loss": None if last is None else last.loss,
        "validation_dice": {} if last is None else last.dice,
        "samples_per_s": None if last is None else round(last.samples_per_s, 2),
        "seconds_of_this_run": round(seconds, 1),
        "trained_with": f"ICHSegmentation {__version__}, torch {torch.__version__}",
    }
    write_text(output / RECORD_NAME, json.dumps(record, indent=2) + "\n")
    return Trained(output / MODELS_NAME, entry, record)


def model_fields(config: TrainingConfig) -> dict[str, Any]:
    """Return the fields of the manifest entry, without those of the weights file and the metrics."""
    about = config.about.model_dump() | {"name": config.name}
    return about | {
        "system": config.system,
        "preset": config.preset,
        "network": config.network,
        "classes": config.classes,
        "crop_px": CROP_PX if get_system(config.system).input == "crops" else 0,
        **asdict(config.input),
    }


def _changed(saved: dict[str, Any], config: TrainingConfig) -> str:
    """Return the first differing setting that affects the weights, or an empty string; ``steps`` may differ."""
    now = config.model_dump(mode="json")
    with suppress(ValidationError):  # otherwise the difference is found below
        saved = TrainingConfig.model_validate(saved).model_dump(mode="json")  # adds the defaults of newer settings
    free = {"data": {name for name, field in DataSection.model_fields.items() if "Path" in str(field.annotation)}}
    free["optimisation"] = {"steps", "workers", "checkpoint_minutes", "epoch_steps", "patience", "keep", "precision"}
    sections = ("seed", "system", "preset", "network", "classes", "start_from", "input", "data", "optimisation")
    for section in (*sections, "augmentation", "boxes", "patches"):
        before, after = saved.get(section), now[section]
        if isinstance(after, dict) and isinstance(before, dict):
            names = [n for n in after if n not in free.get(section, set()) and before.get(n) != after[n]]
            if names:
                return f"{section}.{names[0]}"
        elif before != after:
            return section
    return ""


class _Log:
    """TensorBoard log of a run."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))
        self.last: Progress | None = None

    def write(self, state: Progress) -> None:
        self._writer.add_scalar("loss", state.loss, state.step)
        self._writer.add_scalar("learning_rate", state.learning_rate, state.step)
        self._writer.add_scalar("samples_per_s", state.samples_per_s, state.step)
        for name, value in state.dice.items():
            self._writer.add_scalar(f"validation/{name}", value, state.step)
        if state.epoch_ends:
            self.last = state

    def close(self) -> None:
        self._writer.close()
