# SPDX-License-Identifier: Apache-2.0
"""``ichseg cohort``: segment many scans, with a ledger of what was done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cli.commands.segment import check_output
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.cli.options import Preference
    from ICHSegmentationLib.cohort.engines import Engine
    from ICHSegmentationLib.cohort.jobs import Outcome, Plan
    from ICHSegmentationLib.cohort.ledger import Ledger
    from ICHSegmentationLib.cohort.limited_worker import WorkerSettings
    from ICHSegmentationLib.cohort.run import Pace
    from ICHSegmentationLib.core.options import SegmentOptions

_MEMORY_SHARE = 0.8
_MIB_PER_GIB = 1024


@dataclass(frozen=True, kw_only=True)
class CohortOptions:
    """How to segment a cohort; fields correspond to options of the command."""

    segment: SegmentOptions
    preference: Preference
    workers: int | None
    time_limit_s: float
    memory_limit_gib: float | None
    scheduler: str | None
    shard: str | None
    redo: bool
    retry_failed: bool
    review: bool
    deidentify: bool
    keys: Path | None

    @property
    def processes(self) -> int:
        """Number of scans at the same time on this computer."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.workers or max(1, cores // (self.segment.threads or 1))


def run(
    inputs: Sequence[Path],
    output: Path,
    options: CohortOptions,
    *,
    dry_run: bool,
    merge: bool,
    bids: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """List, segment or merge; see ``ichseg cohort --help``.

    Raises
    ------
    InputError
        If the inputs, the options or an earlier run in the folder do not fit.
    ICHSegmentationError
        If a scan failed, after all others were segmented and the tables were written.
    """
    check_output(output, overwrite=True)
    terminal = Terminal({"run": 1.0}, quiet=quiet, as_json=as_json)
    if merge:
        if inputs:
            raise InputError(message("cli.merge_without_inputs"))
        with terminal:
            _merge(output, terminal, bids=bids)
        return
    if not inputs:
        raise InputError(message("cli.cohort_inputs_missing"))
    from ICHSegmentationLib.cohort.inputs import make_plan
    from ICHSegmentationLib.cohort.series import Preference as Chosen

    plan = make_plan(inputs, Chosen(options.preference.value))
    if dry_run:
        _show_plan(plan, terminal)
        return
    with terminal:
        _segment(plan, output, options, terminal, bids=bids)


def _show_plan(plan: Plan, terminal: Terminal) -> None:
    from ICHSegmentationLib.cohort.tables import plan_rows

    names = ("use", "id", "path", "what", "reason")
    rows = [dict(zip(names, row, strict=True)) for row in plan_rows(plan)]
    lines = [f"{row['use']:<4}{row['id'] or '-'}  {row['path']}\n    {row['what']}: {row['reason']}" for row in rows]
    terminal.show(rows, "\n".join([*lines, f"{len(plan.cases)} scans, {len(plan.left_out)} left out"]))


def _segment(plan: Plan, output: Path, options: CohortOptions, terminal: Terminal, *, bids: bool) -> None:
    from ICHSegmentationLib.cohort.ledger import LEDGER_NAME, Ledger
    from ICHSegmentationLib.cohort.limited_worker import Limits, WorkerSettings
    from ICHSegmentationLib.cohort.run import prepare, run_jobs, settings_of
    from ICHSegmentationLib.cohort.shards import Shard
    from ICHSegmentationLib.cohort.tables import PLAN_NAME, write_plan

    shard = None if options.shard is None else Shard.parse(options.shard)
    keys = _keys(options)
    settings = settings_of(options.segment, keys)
    limits = Limits(options.time_limit_s, _memory_limit_mib(options))
    worker = WorkerSettings(options.segment, limits, review=options.review, keys=keys)
    name, cases = (LEDGER_NAME, plan.cases) if shard is None else (shard.ledger_name, shard.select(plan.cases))
    with Ledger(output / name) as ledger:
        ledger.add(cases)
        prepare(ledger, settings, redo=options.redo, retry_failed=options.retry_failed)
        with _engine(options, worker) as engine:
            run_jobs(ledger, engine, settings, _reporter(terminal))
        if shard is None:
            write_plan(plan, output / PLAN_NAME)
            _finish(ledger, output, terminal, bids=bids)
        else:
            _show_counts(ledger, terminal, [])


def _keys(options: CohortOptions) -> Path | None:
    """Return the file of the keys, which exists; None without a de-identification.

    Raises
    ------
    InputError
        If there are keys without a de-identification, or they are not valid.
    """
    if not options.deidentify:
        if options.keys is not None:
            raise InputError(message("cli.keys_without_deidentify"))
        return None
    from ICHSegmentationLib.export.deidentification.keys import keys_path, load_keys
    from ICHSegmentationLib.export.deidentification.profile import require_table

    require_table()
    path = keys_path(options.keys)
    load_keys(path)
    return path


def _memory_limit_mib(options: CohortOptions) -> float:
    if options.memory_limit_gib is not None:
        return options.memory_limit_gib * _MIB_PER_GIB
    import psutil

    return float(_MEMORY_SHARE * psutil.virtual_memory().total / 2**20 / options.processes)


def _engine(options: CohortOptions, worker: WorkerSettings) -> Engine:
    if options.scheduler is not None:
        from ICHSegmentationLib.cohort.dask_engine import DaskEngine

        return DaskEngine(options.scheduler, options.processes, worker)
    from ICHSegmentationLib.cohort.engines import LocalEngine

    return LocalEngine(options.processes, worker)


def _reporter(terminal: Terminal) -> Callable[[Outcome, Pace], None]:
    from ICHSegmentationLib.cohort.jobs import State

    progress = terminal.progress("run")

    def report(outcome: Outcome, pace: Pace) -> None:
        if outcome.state is State.FAILED:
            terminal.line(f"failed: {outcome.id}: {outcome.error}")
        left = "" if pace.seconds_left is None else f", {_duration(pace.seconds_left)} left"
        progress(f"{pace.ended} of {pace.total}, {pace.per_hour:.0f}/h{left}", pace.ended / max(1, pace.total))

    return report


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h" if minutes >= 60 else f"{minutes} min"


def _merge(output: Path, terminal: Terminal, *, bids: bool) -> None:
    from ICHSegmentationLib.cohort.ledger import Ledger
    from ICHSegmentationLib.cohort.shards import merge

    with Ledger(merge(output)) as ledger:
        _finish(ledger, output, terminal, bids=bids)


def _finish(ledger: Ledger, output: Path, terminal: Terminal, *, bids: bool) -> None:
    from ICHSegmentationLib.cohort.tables import write_tables

    written = write_tables(ledger, output)
    if bids:
        from ICHSegmentationLib.cohort.bids import write_derivatives

        written.append(write_derivatives(ledger, output))
    _show_counts(ledger, terminal, written)


def _show_counts(ledger: Ledger, terminal: Terminal, tables: Sequence[Path]) -> None:
    """Show what was done.

    Raises
    ------
    ICHSegmentationError
        If a scan failed or is not done.
    """
    from ICHSegmentationLib.cohort.jobs import State

    counts = {state.value: number for state, number in ledger.counts().items()}
    shown = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    terminal.show({"counts": counts, "tables": [str(path) for path in tables]}, shown or "nothing to do")
    open_jobs = counts[State.WAITING] + counts[State.RUNNING]
    if counts[State.FAILED] or open_jobs:
        raise ICHSegmentationError(
            message("cli.cohort_incomplete", failed=counts[State.FAILED], waiting=open_jobs, folder=ledger.path.parent)
        )
