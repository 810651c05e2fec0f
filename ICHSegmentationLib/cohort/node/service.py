# SPDX-License-Identifier: Apache-2.0
"""The node: what was received is queued in the ledger, segmented, sent, and deleted."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ICHSegmentationLib.cohort.engines import LocalEngine
from ICHSegmentationLib.cohort.jobs import Case, Kind, Outcome, State
from ICHSegmentationLib.cohort.ledger import LEDGER_NAME, Entry, Ledger
from ICHSegmentationLib.cohort.limited_worker import Limits, WorkerSettings
from ICHSegmentationLib.cohort.node.inbox import Inbox, Study
from ICHSegmentationLib.cohort.run import recover, run_jobs, settings_of
from ICHSegmentationLib.cohort.series import Preference, Series, choose, find_series
from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.io.dicom.enhanced import find_value
from ICHSegmentationLib.io.dicom.files import value_of
from ICHSegmentationLib.sending import send_files

if TYPE_CHECKING:
    from ICHSegmentationLib.cohort.engines import Engine
    from ICHSegmentationLib.cohort.node.config import NodeConfig, Rule

_LOG = logging.getLogger(__name__)
_RETRY_S = 60.0
_DAY_S = 86_400.0
_LAST_ERRORS = 20
_SENT = (ExportFormat.dicom_seg.file_name, ExportFormat.dicom_sr.file_name)
INBOX_FOLDER, RESULTS_FOLDER = "inbox", "results"


@dataclass(frozen=True)
class Health:
    """State of the node; no patient data."""

    counts: dict[str, int]
    unsent: int
    errors: tuple[str, ...]


class Node:
    """A node that is not yet receiving; `step` does all the other work, in one thread.

    Parameters
    ----------
    config : NodeConfig
        Settings.
    make_engine : callable, optional
        Makes the engine; by default worker processes on this computer.

    Raises
    ------
    ICHSegmentationError
        If the folder is in use by another node, or the model is not installed.
    """

    def __init__(self, config: NodeConfig, make_engine: Callable[[], Engine] | None = None) -> None:
        self._config = config
        self._settings = settings_of(config.options)
        config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config.folder.chmod(0o700)
        # First the ledger, whose lock keeps a second node out.
        self.ledger = Ledger(config.folder / RESULTS_FOLDER / LEDGER_NAME)
        self.inbox = Inbox(config.folder / INBOX_FOLDER)
        self._make_engine = make_engine or self._local_engine
        self._engine = self._make_engine()
        self._errors: deque[str] = deque(maxlen=_LAST_ERRORS)
        self._send_again_at: dict[str, float] = {}
        recover(self.ledger)

    def close(self) -> None:
        """End the worker processes and close the ledger."""
        self._engine.__exit__(None, None, None)
        self.ledger.close()

    def run(self, stop: threading.Event, show: Callable[[Health], None], pause_s: float = 1.0) -> None:
        """Work until the event is set."""
        while not stop.is_set():
            try:
                self.step()
            except ICHSegmentationError as error:
                self._note(str(error))
                # An engine that was stopped takes no further jobs.
                self._engine.__exit__(None, None, None)
                self._engine = self._make_engine()
            show(self.health())
            stop.wait(pause_s)

    def step(self) -> None:
        """Queue quiet studies, segment what waits, send what is done, delete what is no longer needed.

        Raises
        ------
        ICHSegmentationError
            If a cause outside the scans stopped the work, such as a full disk.
        """
        self._queue()
        run_jobs(self.ledger, self._engine, self._settings, lambda outcome, _pace: self._after(outcome))
        for job in self.ledger.unsent():
            self._send(job)
        self._delete()

    def health(self) -> Health:
        """Return the state."""
        counts = {state.value: number for state, number in self.ledger.counts().items()}
        unsent = 0 if self._config.archive is None else len(self.ledger.unsent())
        return Health(counts, unsent, tuple(self._errors))

    def _local_engine(self) -> Engine:
        config = self._config
        limits = Limits(config.time_limit_s, config.memory_limit_mib)
        return LocalEngine(config.workers, WorkerSettings(config.options, limits))

    def _queue(self) -> None:
        for study in list(self.inbox.studies()):
            if study.quiet_s < self._config.quiet_s or self._entry(study) is not None:
                continue
            case, problem = self._case(study)
            if problem is None:
                self.ledger.add([case])
            else:
                outcome = Outcome(case.id, State.FAILED, problem, problem.code)
                self.ledger.insert(Entry(Kind.CASE, case, outcome, settings=self._settings))
                self._note(f"{case.id}: {problem}")

    def _case(self, study: Study) -> tuple[Case, Message | None]:
        found, _ = find_series(study.files)
        chosen, left_out = choose([series for series in found if self._allows(series)], Preference.thick)
        case = Case(study.case_id, study.files)
        if study.deleted:
            return case, message("cohort.study_incomplete", count=study.deleted)
        if not chosen:
            reasons = " ".join(dict.fromkeys(item.reason for item in left_out))
            return case, message("cohort.study_without_series", reasons=reasons or message("cohort.no_rule"))
        return replace(case, paths=tuple(chosen[0].files), series=chosen[0].uid), None

    def _allows(self, series: Series) -> bool:
        rules = self._config.rules
        return not rules or any(_matches(rule, series) for rule in rules)

    def _after(self, outcome: Outcome) -> None:
        if outcome.state is State.FAILED:
            self._note(f"{outcome.id}: {outcome.error}")
        else:
            self._send(outcome.id)

    def _entry(self, study: Study) -> Entry | None:
        """Return the row of a study in this revision, or None if it was not queued yet."""
        try:
            return self.ledger.entry(study.case_id)
        except KeyError:
            return None

    def _send(self, job: str) -> None:
        """Send the DICOM results; the same ones again after a kill, which an archive recognizes by their UIDs."""
        archive = self._config.archive
        if archive is None or time.monotonic() < self._send_again_at.get(job, 0.0):
            return
        entry = self.ledger.entry(job)
        folder = self.ledger.job(entry).folder
        try:
            files = [folder / name for name in _SENT if (folder / name).is_file()]
            if files:
                send_files(files, archive)
        except ICHSegmentationError as error:
            self._note(f"{job}: {error}")
            self._send_again_at[job] = time.monotonic() + _RETRY_S
            return
        self.ledger.mark_sent(job)

    def _delete(self) -> None:
        for study in list(self.inbox.studies()):
            entry = self._entry(study)
            if entry is None or entry.outcome.state in (State.WAITING, State.RUNNING):
                continue
            if entry.sent or study.quiet_s > self._config.keep_days * _DAY_S:
                self.inbox.delete(study)

    def _note(self, text: str) -> None:
        _LOG.warning("%s", text)
        self._errors.append(text)


def _matches(rule: Rule, series: Series) -> bool:
    values = {
        "body_part": find_value(series.header, "BodyPartExamined"),
        "kernel": find_value(series.header, "ConvolutionKernel"),
        "description": str(value_of(series.header, "SeriesDescription") or ""),
    }
    return all(re.search(getattr(rule, name), value, re.IGNORECASE) for name, value in values.items())
