# SPDX-License-Identifier: Apache-2.0
"""``ichseg prepare``: a public data set into nnU-Net's folder layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ICHSegmentationLib.cli.terminal import Terminal

_MOST_WARNINGS = 5


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
    """Convert, and say what was written; see ``ichseg prepare --help``."""
    from ICHSegmentationLib.export.nnunet_layout import SOURCES_NAME
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
        warnings = [f"{case} was left out: {reason}" for case, reason in sources["left_out"].items()]
        warnings += [f"{count} scan(s): {text}" for text, count in sources["warnings"].items()]
        terminal.warn(warnings[:_MOST_WARNINGS])
        if len(warnings) > _MOST_WARNINGS:
            terminal.warn([f"{len(warnings) - _MOST_WARNINGS} more warnings are listed in {output / SOURCES_NAME}."])
    terminal.show(sources, _summary(sources, output))


def _summary(sources: dict[str, Any], output: Path) -> str:
    lines = [sources["title"], f"{sources['cases']} cases of {sources['patients']} patients in {output}"]
    lines += [f"  {count:>5} with {name}" for name, count in sources["cases_with"].items()]
    lines += [f"  {count:>5} {name.replace('_', ' ')}" for name, count in sources["counts"].items() if count]
    return "\n".join([*lines, *sources["notes"], f"Licence: {sources['licence']}"])
