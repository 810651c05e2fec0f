# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate --config`` over several models: each one's results in a folder, all of them in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

ALL_MODELS = "all"


def run(
    config: Path,
    models: Sequence[str],
    options: RunOptions,
    output: Path,
    costs: Path | None,
    *,
    workers: int,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Evaluate each model whose results are not there yet, and write and show the table.

    ``models`` are names, or ``all``; ``options`` says where they run. See ``ichseg evaluate --help``.
    """
    from ICHSegmentationLib.cli.commands.research.evaluate_model import evaluate_model, held_out_settings
    from ICHSegmentationLib.cli.commands.segment import check_output
    from ICHSegmentationLib.models import get_model, load_manifest
    from ICHSegmentationLib.research.evaluation.models.costs import read_costs
    from ICHSegmentationLib.research.evaluation.models.head_to_head import (
        PAGE_NAME,
        TABLE_NAME,
        is_evaluated,
        write_head_to_head,
    )
    from ICHSegmentationLib.research.evaluation.models.required_models import require_models
    from ICHSegmentationLib.research.training.held_out import make_held_out
    from ICHSegmentationLib.systems import available_models

    check_output(output, overwrite=overwrite, names=())  # the table is made anew from each model's results
    settings = held_out_settings(config)
    chosen = available_models(load_manifest()) if ALL_MODELS in models else [get_model(name) for name in models]
    entries = list({entry.name: entry for entry in chosen}.values())
    if len(entries) < 2:
        raise InputError(message("cli.only_one_model", model=entries[0].name))
    for entry in entries:
        require_models(entry, postprocessed=options.postprocessing)
    measured = None if costs is None else read_costs(costs)
    missing = [
        entry
        for entry in entries
        if overwrite or not is_evaluated(output / entry.name, entry, postprocessed=options.postprocessing)
    ]
    parts = {"make": 0.3, **{entry.name: 0.7 / len(missing) for entry in missing}}
    terminal = Terminal(parts, quiet=quiet, as_json=as_json)
    with terminal:
        if missing:
            files = make_held_out(settings, workers=workers, progress=terminal.progress("make"))
        for entry in entries:
            if entry not in missing:
                terminal.line(f"{entry.name}: results of an earlier call are taken as they are.")
                continue
            named = replace(options, model=entry.name)
            evaluate_model(named, files, settings, output / entry.name, terminal.progress(entry.name))
            terminal.line(f"{entry.name}: evaluated.")
        rows = write_head_to_head(output, entries, measured)
    page = output / PAGE_NAME
    content = {"schema": 1, "models": rows, "outputs": {PAGE_NAME: str(page), TABLE_NAME: str(output / TABLE_NAME)}}
    terminal.show(content, f"{page.read_text(encoding='utf-8')}\nEach model's own results: {output}/NAME")
