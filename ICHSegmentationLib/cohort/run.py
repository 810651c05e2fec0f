# SPDX-License-Identifier: Apache-2.0
"""Run the jobs of a ledger."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from ICHSegmentationLib.cohort.jobs import Job, Kind, Outcome, State
from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.models import get_model

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.cohort.engines import Engine
    from ICHSegmentationLib.cohort.ledger import Entry, Ledger
    from ICHSegmentationLib.core.options import SegmentOptions

DEIDENTIFY = "--deidentify"
"""Setting of runs whose results hold no identity, "True" or "False"."""
_MEASUREMENTS, _COMPARISON = "measurements.json", "comparison.json"


@dataclass(frozen=True)
class Pace:
    """Progress of a run: jobs that are done or failed in it, of all that it has to do, and seconds."""

    ended: int
    total: int
    seconds: float

    @property
    def per_hour(self) -> float:
        """Jobs per hour; 0 before the first has ended."""
        return 3600 * self.ended / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Expected remaining time; None before the first job has ended."""
        return self.seconds / self.ended * (self.total - self.ended) if self.ended else None


def settings_of(options: SegmentOptions, keys: Path | None = None) -> dict[str, str]:
    """Return what decides a result beside the scan: model with checksum, its companions, runtime, version.

    Parameters
    ----------
    options : SegmentOptions
        Options of the segmentation.
    keys : Path or None
        Keys of a de-identification.

    Raises
    ------
    ICHSegmentationError
        If the model is not installed.
    """
    entry = get_model(options.model)
    companions = [get_model(name) for name in (entry.detector, entry.verifier) if name]
    return {
        "model": entry.name,
        "checksum": entry.sha256,
        "companion models": ", ".join(f"{model.name} {model.sha256}" for model in companions),
        "runtime": options.runtime,
        "--force": str(options.force),
        DEIDENTIFY: str(keys is not None),
        "version": __version__,
    }


def recover(ledger: Ledger) -> None:
    """Let jobs wait again that ran when an earlier run was killed, and remove what they left."""
    for job in ledger.recover():
        for path in ledger.job(ledger.entry(job)).remains():
            shutil.rmtree(path, ignore_errors=True)


def prepare(ledger: Ledger, settings: dict[str, str], *, redo: bool, retry_failed: bool) -> None:
    """Bring a ledger into the state from which a run goes on.

    Jobs that ran when an earlier run was killed, and those whose results are gone, wait again.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    settings : dict of str to str
        See `settings_of`.
    redo : bool
        Do jobs again that were done with other settings.
    retry_failed : bool
        Do failed jobs again.

    Raises
    ------
    InputError
        If jobs were done with other settings and ``redo`` is False.
    """
    recover(ledger)
    again, differing = [], set()
    for entry in ledger.entries():
        if entry.outcome.state not in (State.DONE, State.FAILED):
            continue
        differences = {name for name, value in settings.items() if entry.settings.get(name) != value}
        differing |= differences
        is_lost = entry.outcome.state is State.DONE and not _is_complete(ledger, entry)
        if differences or is_lost or (retry_failed and entry.outcome.state is State.FAILED):
            again.append(entry.case.id)
    if differing and not redo:
        names = ", ".join(name for name in settings if name in differing)
        raise InputError(message("cohort.settings_changed", folder=ledger.path.parent, names=names))
    ids = set(again)
    pairs = [entry.case.id for entry in ledger.entries(Kind.PAIR) if ids & {entry.baseline, entry.followup}]
    ledger.again(dict.fromkeys((*again, *pairs)))


def run_jobs(
    ledger: Ledger,
    engine: Engine,
    settings: dict[str, str],
    report: Callable[[Outcome, Pace], None],
) -> None:
    """Do all waiting jobs, scans before comparisons.

    Parameters
    ----------
    ledger : Ledger
        Prepared ledger.
    engine : Engine
        What does the jobs; started.
    settings : dict of str to str
        See `settings_of`.
    report : callable
        Called with each outcome and the pace.

    Raises
    ------
    ICHSegmentationError
        If a cause outside the scans stopped the run, such as a full disk; what ran is waiting again.
    """
    started, ended = time.monotonic(), 0
    total = ledger.counts()[State.WAITING]
    for kind in Kind:
        failed = _fail_incomplete_pairs(ledger, settings) if kind is Kind.PAIR else iter(())
        for outcome in chain(failed, _do(_waiting(kind, ledger), ledger, engine, settings)):
            ended += 1
            report(outcome, Pace(ended, total, time.monotonic() - started))


def _do(jobs: Iterator[Job], ledger: Ledger, engine: Engine, settings: dict[str, str]) -> Iterator[Outcome]:
    """Keep every process busy with one job; yield the outcomes."""
    running: dict[Future[Outcome], Job] = {}
    try:
        while True:
            for job in islice(jobs, engine.slots - len(running)):
                ledger.start(job.id)
                running[engine.submit(job)] = job
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                outcome = _outcome(running[future], future)
                if outcome.state is State.WAITING:
                    raise ICHSegmentationError(message("cohort.stopped", id=outcome.id, reason=outcome.error))
                ledger.finish(outcome, settings)
                del running[future]
                yield outcome
    finally:
        if running:
            # What ended meanwhile counts; what did not is done in the next run.
            engine.stop()
            for future in wait(running).done:
                outcome = _outcome(running[future], future)
                if outcome.state is State.WAITING:
                    ledger.again([outcome.id])
                else:
                    ledger.finish(outcome, settings)


def _waiting(kind: Kind, ledger: Ledger) -> Iterator[Job]:
    """Yield the jobs that wait when the first is asked for."""
    for job in ledger.ids(kind, State.WAITING):
        yield ledger.job(ledger.entry(job))


def _fail_incomplete_pairs(ledger: Ledger, settings: dict[str, str]) -> Iterator[Outcome]:
    """Fail the comparisons that lack a segmented scan."""
    for pair in ledger.ids(Kind.PAIR, State.WAITING):
        entry = ledger.entry(pair)
        for name in (entry.baseline, entry.followup):
            if name is not None and ledger.entry(name).outcome.state is not State.DONE:
                sentence = message("cohort.baseline_failed", id=name)
                outcome = Outcome(pair, State.FAILED, sentence, sentence.code)
                ledger.finish(outcome, settings)
                yield outcome
                break


def _outcome(job: Job, future: Future[Outcome]) -> Outcome:
    """Return the outcome of a job; an engine that lost it, such as a Dask worker that died, costs that job only."""
    try:
        return future.result()
    except Exception as error:
        sentence = message("worker.unexpected", error=type(error).__name__)
        return Outcome(job.id, State.FAILED, sentence, sentence.code)


def _is_complete(ledger: Ledger, entry: Entry) -> bool:
    name = _MEASUREMENTS if entry.kind is Kind.CASE else _COMPARISON
    return (ledger.job(entry).folder / name).is_file()
