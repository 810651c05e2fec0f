# SPDX-License-Identifier: Apache-2.0
"""Exchange of client and worker for each kind of work, the same for the blocking and the event-driven client.

A conversation is a generator that yields the steps that take time and receives their outcome: `Work` reads or writes
files, `Ask` is a request that the worker answers. `blocking_client` runs the steps one after the other; `event_client`
runs them in the background and continues when a message arrives. An error of a step is thrown into the generator. A
conversation opens the scans that the worker does not have, and always removes its files.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ICHSegmentationLib.export.job import ScanFiles
from ICHSegmentationLib.models import Device, Manifest
from ICHSegmentationLib.worker.client.outcome import WorkerComparison, WorkerResult, read_comparison, read_result
from ICHSegmentationLib.worker.client.steps import Ask, Work
from ICHSegmentationLib.worker.protocol.exchange import (
    BASELINE_LABELS_NAME,
    FOLLOWUP_LABELS_NAME,
    LABELS_NAME,
    MODEL_LABELS_NAME,
    read_labels,
    scan_key,
    write_files,
    write_volume,
)
from ICHSegmentationLib.worker.protocol.failures import UnknownScanError
from ICHSegmentationLib.worker.protocol.messages import (
    CaseMessage,
    CaseRequest,
    ComparedMessage,
    CompareRequest,
    DevicesMessage,
    DevicesRequest,
    ExportedMessage,
    ExportRequest,
    LesionMessage,
    LesionRequest,
    ModelsMessage,
    ModelsRequest,
    OpenedMessage,
    OpenRequest,
    PairMessage,
    PairRequest,
    PingRequest,
    PongMessage,
    ProposedMessage,
    ProposeRequest,
    ResultMessage,
    SegmentRequest,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
    from ICHSegmentationLib.core.options import SegmentOptions
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.job import ExportJob
    from ICHSegmentationLib.measurement.user_items import Proposals
    from ICHSegmentationLib.worker.client.session import WorkerSession

EXPORT_GRACE_S = 10.0
"""An export checks for cancellation at each file. Killed earlier, it would leave partial files in the user's folder."""

T = TypeVar("T")


Steps: TypeAlias = Generator[Work | Ask, Any, T]
Conversation: TypeAlias = Callable[["WorkerSession"], Steps[T]]


def segment(
    volume: CTVolume,
    options: SegmentOptions,
    progress: Progress | None = None,
    boxes: tuple[LesionBox, ...] | None = None,
) -> Conversation[WorkerResult]:
    """Segment a volume, or inside boxes of it only."""

    def ask(number: int, folder: Path, scans: Sequence[str]) -> Ask:
        request = SegmentRequest(id=number, scan=scans[0], folder=folder, options=options, boxes=boxes)
        return Ask(request, ResultMessage, progress)

    return partial(_about_scans, (volume,), ask, partial(read_result, volume=volume), {}, None)


def resegment_lesion(
    volume: CTVolume, label_map: LabelMap, edit: BoxEdit, options: SegmentOptions
) -> Conversation[LabelMap]:
    """Segment one lesion again."""

    def ask(number: int, folder: Path, scans: Sequence[str]) -> Ask:
        request = LesionRequest(id=number, scan=scans[0], folder=folder, edit=edit, options=options)
        return Ask(request, LesionMessage)

    def read(answer: LesionMessage) -> LabelMap:
        return read_labels(answer.labels, volume.grid)

    return partial(_about_scans, (volume,), ask, read, {LABELS_NAME: label_map}, None)


def export(
    volume: CTVolume,
    label_map: LabelMap,
    job: ExportJob,
    model_label_map: LabelMap | None = None,
    growth_picture: bytes | None = None,
    progress: Progress | None = None,
) -> Conversation[tuple[Path, ...]]:
    """Write files of a volume and its labels."""

    def ask(number: int, folder: Path, scans: Sequence[str]) -> Ask:
        request = ExportRequest(id=number, scan=scans[0], folder=folder, job=job)
        return Ask(request, ExportedMessage, progress, EXPORT_GRACE_S)

    def read(answer: ExportedMessage) -> tuple[Path, ...]:
        return answer.files

    label_maps = {LABELS_NAME: label_map}
    if model_label_map is not None:
        label_maps[MODEL_LABELS_NAME] = model_label_map
    return partial(_about_scans, (volume,), ask, read, label_maps, growth_picture)


def propose(volume: CTVolume, label_map: LabelMap) -> Conversation[Proposals]:
    """Measure the labels of a volume for the scores."""

    def ask(number: int, folder: Path, scans: Sequence[str]) -> Ask:
        return Ask(ProposeRequest(id=number, scan=scans[0], folder=folder), ProposedMessage)

    def read(answer: ProposedMessage) -> Proposals:
        return answer.proposals

    return partial(_about_scans, (volume,), ask, read, {LABELS_NAME: label_map}, None)


def compare(
    baseline: tuple[CTVolume, LabelMap],
    followup: tuple[CTVolume, LabelMap],
    warnings: tuple[str, ...] = (),
    assessed: tuple[bool, bool] = (True, True),
    progress: Progress | None = None,
) -> Conversation[WorkerComparison]:
    """Register two scans of a patient and compare their labels."""

    def ask(number: int, folder: Path, scans: Sequence[str]) -> Ask:
        request = CompareRequest(
            id=number,
            baseline_scan=scans[0],
            followup_scan=scans[1],
            folder=folder,
            baseline=ScanFiles.of(baseline[0].source),
            followup=ScanFiles.of(followup[0].source),
            assessed=assessed,
            warnings=warnings,
        )
        return Ask(request, ComparedMessage, progress)

    label_maps = {BASELINE_LABELS_NAME: baseline[1], FOLLOWUP_LABELS_NAME: followup[1]}
    return partial(_about_scans, (baseline[0], followup[0]), ask, read_comparison, label_maps, None)


def models(session: WorkerSession) -> Steps[Manifest]:
    """List the models that the worker finds."""
    answer = yield Ask(ModelsRequest(id=session.next_number()), ModelsMessage)
    return Manifest(default=answer.default, models=answer.models)


def devices(session: WorkerSession) -> Steps[tuple[Device, ...]]:
    """List the devices of the worker's computer."""
    answer = yield Ask(DevicesRequest(id=session.next_number()), DevicesMessage)
    return answer.devices


def case(request: CaseRequest, progress: Progress | None, session: WorkerSession) -> Steps[CaseMessage]:
    """Read, segment and write a scan; the number of the request is set here."""
    numbered = request.model_copy(update={"id": session.next_number()})
    return (yield Ask(numbered, CaseMessage, progress))


def pair(request: PairRequest, progress: Progress | None, session: WorkerSession) -> Steps[PairMessage]:
    """Compare two segmented scans; the number of the request is set here."""
    numbered = request.model_copy(update={"id": session.next_number()})
    return (yield Ask(numbered, PairMessage, progress))


def ping(session: WorkerSession) -> Steps[None]:
    """Wait until the worker answers."""
    yield Ask(PingRequest(id=session.next_number()), PongMessage)


def _about_scans(
    volumes: Sequence[CTVolume],
    ask: Callable[[int, Path, Sequence[str]], Ask],
    read: Callable[[Any], T],
    label_maps: Mapping[str, LabelMap],
    growth_picture: bytes | None,
    session: WorkerSession,
) -> Steps[T]:
    """Write the files of a request, open the scans that the worker does not have, send it, and read the answer."""
    number = session.next_number()
    folder = session.folder / f"request-{number}"

    def write() -> _Scans:
        write_files(folder, label_maps, growth_picture)
        return _write_scans(session, folder, volumes)

    try:
        scans = yield Work(write)
        yield from _open(session, scans)
        try:
            answer = yield ask(number, folder, scans.keys)
        except UnknownScanError:
            session.scans.difference_update(scans.keys)
            scans = yield Work(partial(_write_scans, session, folder, volumes))
            yield from _open(session, scans)
            answer = yield ask(session.next_number(), folder, scans.keys)
        return (yield Work(partial(read, answer)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Scans:
    """Keys of the scans of a request, and the folders of those that have to be opened."""

    keys: tuple[str, ...]
    folders: Mapping[str, Path]


def _write_scans(session: WorkerSession, folder: Path, volumes: Sequence[CTVolume]) -> _Scans:
    """Write the scans that the worker does not have."""
    by_key = [(scan_key(volume), volume) for volume in volumes]
    missing = {key: volume for key, volume in by_key if key not in session.scans}
    folders = {key: folder / f"scan-{session.next_number()}" for key in missing}
    for key, volume in missing.items():
        write_volume(folders[key], volume)
    return _Scans(tuple(key for key, _ in by_key), folders)


def _open(session: WorkerSession, scans: _Scans) -> Steps[None]:
    for key, folder in scans.folders.items():
        yield Ask(OpenRequest(id=session.next_number(), scan=key, folder=folder), OpenedMessage)
        session.scans.add(key)
