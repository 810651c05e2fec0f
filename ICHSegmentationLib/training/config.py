# SPDX-License-Identifier: Apache-2.0
"""The training configuration, checked before any data is read."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.errors import InputError
from ICHSegmentationLib.preprocessing.input_spec import InputSpec


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSection(_Section):
    """Where the data lies and how much is simulated."""

    folder: Path
    phe_sich: Path
    anatomy: Path
    held_out: tuple[str, ...]
    excluded: dict[str, str]
    painted_per_case: int = Field(ge=0)
    procedural_heads: int = Field(ge=0)


class OptimisationSection(_Section):
    """How the network is fitted."""

    batch: int = Field(ge=1)
    crop_px: int = Field(ge=64, multiple_of=64)
    steps: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    warm_up: float = Field(gt=0, lt=1)
    ema_decay: float = Field(gt=0, lt=1)
    class_weights: tuple[float, ...]
    bleed_share: float = Field(ge=0, le=1)
    checkpoint_minutes: float = Field(gt=0)


class TrainingConfig(_Section):
    """Everything that decides a training run, seed included."""

    seed: int
    system: str
    preset: str
    input: InputSpec
    data: DataSection
    optimisation: OptimisationSection


def read_config(path: Path) -> TrainingConfig:
    """Read a YAML configuration.

    Raises
    ------
    InputError
        If the file cannot be read or a value is missing, unknown or out of range; names the first such value.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TrainingConfig.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{path.name}: {where or 'the file'}: {first['msg']}."
        raise InputError(message) from error
    except (OSError, yaml.YAMLError) as error:
        message = f"The configuration {path} cannot be read: {error}."
        raise InputError(message) from error
