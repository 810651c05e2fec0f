# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate``: predicted labels against reference labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.research.evaluation.evaluate import Evaluation

PARTS = {"compare": 0.9, "write": 0.1}
_MAX_WARNINGS = 5


def run(
    predictions: Path,
    references: Path,
    output: Path,
    compare: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Evaluate, write and show the metrics; see ``ichseg evaluate --help``."""
    from ICHSegmentationLib.research.evaluation.evaluate import evaluate
    from ICHSegmentationLib.research.evaluation.report.outputs import PAGE_NAME, RECORD_NAME, write_evaluation

    if output.exists() and not output.is_dir():
        raise InputError(message("cli.output_is_file", path=output))
    if not overwrite and (output / RECORD_NAME).exists():
        raise InputError(message("cli.evaluation_exists", folder=output))
    terminal = Terminal(PARTS, quiet=quiet, as_json=as_json)
    with terminal:
        evaluation = evaluate(predictions, references, compare=compare, progress=terminal.progress("compare"))
        terminal.warn(_shortened(evaluation.warnings, output / PAGE_NAME))
        terminal.progress("write")
        written = write_evaluation(evaluation, output)
    content = evaluation.model_dump(mode="json")
    content["outputs"] = {name: str(path) for name, path in written.items()}
    terminal.show(content, f"{_metrics(evaluation)}\n\nTables and plots: {written[PAGE_NAME]}")


def _shortened(warnings: tuple[str, ...], page: Path) -> tuple[str, ...]:
    """Return the first warnings; hundreds of files may have the same one."""
    left = len(warnings) - _MAX_WARNINGS
    return warnings if left <= 0 else (*warnings[:_MAX_WARNINGS], message("cli.more_warnings", count=left, path=page))


def _metrics(evaluation: Evaluation) -> str:
    """Return one line per class."""
    model = evaluation.model
    lines = [f"{len(model.cases)} cases; Dice and HD95: medians of the cases with the class", ""]
    lines.append(f"{'':<5}{'with':>5}{'Dice':>7}{'pooled':>8}{'HD95 mm':>9}{'ICC(2,1)':>10}{'bias mL':>9}")
    for name, summary in model.classes.items():
        dice, distance = (summary.per_case[figure] for figure in ("dice_with_class", "hd95_mm"))
        numbers = (
            (dice.median if dice else None, 7, 3),
            (summary.pooled.dice, 8, 3),
            (distance.median if distance else None, 9, 1),
            (summary.icc.value if summary.icc else None, 10, 3),
            (summary.bland_altman.bias if summary.bland_altman else None, 9, 2),
        )
        cells = (
            "-".rjust(width) if value is None else f"{value:>{width}.{digits}f}" for value, width, digits in numbers
        )
        lines.append(f"{name:<5}{summary.with_reference:>5}{''.join(cells)}")
    return "\n".join(lines)
