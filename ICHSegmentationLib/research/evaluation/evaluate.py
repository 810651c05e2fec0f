# SPDX-License-Identifier: Apache-2.0
"""Compare files of predicted labels with files of reference labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.research.evaluation.common_grid import read_pair
from ICHSegmentationLib.research.evaluation.metrics.case import CaseMetrics, evaluate_case
from ICHSegmentationLib.research.evaluation.metrics.paired_tests import PairedTest, paired_tests
from ICHSegmentationLib.research.evaluation.pairs import Pair, find_pairs
from ICHSegmentationLib.research.evaluation.requirements import require_evaluation_packages
from ICHSegmentationLib.research.evaluation.summary import ModelResult


class Evaluation(BaseModel):
    """Metrics of a model, and optionally of a second model with tests of the difference."""

    model_config = ConfigDict(frozen=True)

    model: ModelResult
    compared: ModelResult | None
    tests: tuple[PairedTest, ...]
    warnings: tuple[str, ...]


def evaluate(
    predictions: Path,
    references: Path,
    *,
    compare: Path | None = None,
    progress: Callable[[str, float], None] = lambda _stage, _done: None,
) -> Evaluation:
    """Compare the label files of two folders by name, or two files.

    Parameters
    ----------
    predictions, references : Path
        As for :func:`ICHSegmentationLib.research.evaluation.pairs.find_pairs`.
    compare : Path, optional
        Predictions of a second model for the same references.
    progress : callable, optional
        Called with the name of the current case and the fraction done.

    Raises
    ------
    ICHSegmentationError
        If MONAI or Matplotlib is not installed.
    InputError
        If a file is missing, cannot be read, or does not lie on the slices of its reference.
    """
    require_evaluation_packages()
    first, warnings = find_pairs(predictions, references)
    second, more = find_pairs(compare, references) if compare is not None else ([], ())
    pairs = [*first, *second]
    results: list[CaseMetrics] = []
    all_warnings = dict.fromkeys((*warnings, *more))
    for index, pair in enumerate(pairs):
        progress(pair.case, index / len(pairs))
        result, new = _evaluate_pair(pair)
        results.append(result)
        all_warnings.update(dict.fromkeys(new))
    cases, compared = results[: len(first)], results[len(first) :]
    return Evaluation(
        model=ModelResult.of(cases),
        compared=ModelResult.of(compared) if compared else None,
        tests=paired_tests(cases, compared) if compared else (),
        warnings=tuple(all_warnings),
    )


def _evaluate_pair(pair: Pair) -> tuple[CaseMetrics, tuple[str, ...]]:
    predicted, reference, warnings = read_pair(pair)
    return evaluate_case(pair.case, predicted, reference), warnings
