# SPDX-License-Identifier: Apache-2.0
"""``ichseg prepare``: a public data set into nnU-Net's folder layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.messages import message

_MAX_WARNINGS = 5


def run(
    dataset: str,
    source: Path,
    output: Path,
    anatomy: Path | None,
    *,
    folds: int,
    seed: int,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Convert, and show what was written; see ``ichseg prepare --help``."""
    from ICHSegmentationLib.export.training_case.nnunet_layout import SOURCES_NAME
    from ICHSegmentationLib.research.training.datasets.prepare import open_set, prepare_set

    terminal = Terminal({"convert": 1.0}, quiet=quiet, as_json=as_json)
    with terminal:
        sources = prepare_set(
            open_set(dataset, source, anatomy=anatomy),
            output,
            folds=folds,
            seed=seed,
            overwrite=overwrite,
            progress=terminal.progress("convert"),
        )
        left_out, counted = sources["left_out"].items(), sources["warnings"].items()
        warnings = [message("cli.case_left_out", case=case, reason=reason) for case, reason in left_out]
        warnings += [message("cli.warning_of_scans", count=count, text=text) for text, count in counted]
        terminal.warn(warnings[:_MAX_WARNINGS])
        if len(warnings) > _MAX_WARNINGS:
            left = len(warnings) - _MAX_WARNINGS
            terminal.warn([message("cli.more_warnings", count=left, path=output / SOURCES_NAME)])
    terminal.show(sources, _summary(sources, output))


def _summary(sources: dict[str, Any], output: Path) -> str:
    lines = [sources["title"], f"{sources['cases']} cases of {sources['patients']} patients in {output}"]
    lines += [f"  {count:>5} with {name}" for name, count in sources["cases_with"].items()]
    lines += [f"  {count:>5} {name.replace('_', ' ')}" for name, count in sources["counts"].items() if count]
    return "\n".join([*lines, *sources["notes"], f"Licence: {sources['licence']}"])
