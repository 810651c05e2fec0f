# SPDX-License-Identifier: Apache-2.0
"""Computing cost of each model per scan, as measured by ``Testing/Benchmarks/bench_models.py``."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message


class Cost(BaseModel):
    """Cost of segmenting one generated head; None where it cannot be measured.

    Attributes
    ----------
    fingerprint : str
        :attr:`ICHSegmentationLib.models.ModelEntry.fingerprint` of the measured model.
    gflop : float or None
        Floating point operations (1e9) of all networks for the whole scan, a multiply-add counted as two; None without
        a network.
    seconds : float
        Wall-clock time of the segmentation with the model loaded, without reading and writing.
    peak_mib : float or None
        Peak resident memory of the process in MiB; None on Windows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    gflop: float | None
    seconds: float
    peak_mib: float | None


class Costs(BaseModel):
    """Costs of several models by name, with the number of threads and the slices of the head."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int = Field(ge=1)
    slices: int = Field(ge=1)
    models: dict[str, Cost]


def read_costs(path: Path) -> Costs:
    """Read the file of the benchmark.

    Raises
    ------
    InputError
        If the file cannot be read or is not such a file.
    """
    try:
        return Costs.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(message("research.costs_unreadable", path=path)) from error
    except ValidationError as error:
        raise InputError(message("research.not_a_costs_file", path=path)) from error
