# SPDX-License-Identifier: Apache-2.0
"""Panel's client of the worker process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import slicer

from ICHSegmentationPanel.process.diagnostics import Diagnostics
from ICHSegmentationPanel.process.failures import Failure, make_failure
from ICHSegmentationPanel.process.qt_loop import QtLoop
from ICHSegmentationPanel.process.slicer_python import python_slicer, temporary_folder, worker_variables

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
    from ICHSegmentationLib.core.options import SegmentOptions
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.job import ExportJob
    from ICHSegmentationLib.measurement.user_items import Proposals
    from ICHSegmentationLib.models import Device, Manifest
    from ICHSegmentationLib.worker.client.event_client import EventClient
    from ICHSegmentationLib.worker.client.outcome import WorkerResult

Failed = Callable[[Failure], None]
_LOG = logging.getLogger(__name__)


class SegmentationProcess:
    """Segments in a separate process, which keeps the model and the scan loaded; nothing here blocks the main thread.

    Callbacks come from the event loop on the main thread, after the requesting call has returned. Unless it is
    abandoned, each request calls either ``finished`` or ``failed``, once. The worker ends with Slicer.
    """

    def __init__(self) -> None:
        self._loop = QtLoop()
        self._diagnostics = Diagnostics()
        self._client: EventClient | None = None
        # Kept, to disconnect the same object again.
        self._on_quit = self.close

    @property
    def busy(self) -> bool:
        """Whether a segmentation, an export, a comparison or a measurement is running; only one may run."""
        return self._client is not None and self._client.is_busy

    def prepare(self) -> None:
        """Start the worker, so that the first segmentation is quicker; that request reports failures."""
        self._ask("prepare", lambda _: None, lambda client, _: client.prepare())

    def segment(
        self,
        volume: CTVolume,
        *,
        progress: Progress,
        finished: Callable[[WorkerResult], None],
        failed: Failed,
        **options: Any,
    ) -> None:
        """Segment a volume.

        Parameters
        ----------
        volume, progress, finished
            See `EventClient.segment`; titles of the stages are those of `stage_title`.
        failed : callable
            Called with the `Failure`; of kind "cancelled" after `cancel`.
        **options
            Fields of :class:`ICHSegmentationLib.core.options.SegmentOptions`: model, device, force and the like.

        Raises
        ------
        RuntimeError
            If `busy`.
        """
        slices, rows, columns = volume.hu.shape

        def finish(result: WorkerResult) -> None:
            info = result.segmentation.runtime
            self._diagnostics.note(f"segmented on {info.device} with {info.backend}")
            finished(result)

        self._ask(
            f"segment {columns} x {rows} x {slices}, {_listed(options)}",
            failed,
            lambda client, fail: client.segment(
                volume, _options(options), progress=progress, finished=finish, failed=fail
            ),
        )

    def export(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        job: ExportJob,
        model_label_map: LabelMap | None = None,
        growth_picture: bytes | None = None,
        *,
        failed: Failed,
        **callbacks: Any,
    ) -> None:
        """Write files of a volume and its labels.

        See `EventClient.export`, also for the other callbacks, ``progress`` and ``finished``; for ``failed`` see
        `segment`.
        """
        self._ask(
            f"export {', '.join(map(str, job.formats))}",
            failed,
            lambda client, fail: client.export(
                volume,
                label_map,
                job,
                model_label_map=model_label_map,
                growth_picture=growth_picture,
                failed=fail,
                **callbacks,
            ),
        )

    def resegment_lesion(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        edit: BoxEdit,
        *,
        finished: Callable[[LabelMap], None],
        failed: Failed,
        **options: Any,
    ) -> None:
        """Segment one lesion again after its box was changed; takes a fraction of a second with a loaded model.

        See `EventClient.resegment_lesion`; for ``failed`` and ``options`` see `segment`.
        """
        self._ask(
            f"segment a box, {_listed(options)}",
            failed,
            lambda client, fail: client.resegment_lesion(
                volume, label_map, edit, _options(options), finished=finished, failed=fail
            ),
        )

    def propose(
        self, volume: CTVolume, label_map: LabelMap, *, finished: Callable[[Proposals], None], failed: Failed
    ) -> None:
        """Propose score items from the labels of a volume; takes about a second. For ``failed`` see `segment`."""
        self._ask(
            "propose",
            failed,
            lambda client, fail: client.propose(volume, label_map, finished=finished, failed=fail),
        )

    def compare(
        self,
        baseline: tuple[CTVolume, LabelMap],
        followup: tuple[CTVolume, LabelMap],
        warnings: tuple[str, ...],
        assessed: tuple[bool, bool],
        *,
        failed: Failed,
        **callbacks: Any,
    ) -> None:
        """Register two scans of a patient, compare their labels and draw both.

        See `EventClient.compare`, also for the other callbacks, ``progress`` and ``finished``; for ``failed`` see
        `segment`.
        """
        self._ask(
            "compare",
            failed,
            lambda client, fail: client.compare(baseline, followup, warnings, assessed, failed=fail, **callbacks),
        )

    def save_training_case(
        self,
        folder: Path,
        volume: CTVolume,
        label_map: LabelMap,
        boxes: tuple[LesionBox, ...],
        *,
        keep_face: bool,
        finished: Callable[[str], None],
        failed: Failed,
    ) -> None:
        """Add a scan to a folder of training data, also while the worker is busy.

        Parameters
        ----------
        folder, volume, label_map, boxes, keep_face
            See :func:`ICHSegmentationLib.export.training_case.save_case.save_case`; must not be changed until the work
            has ended.
        finished : callable
            Called with the name of the case.
        failed : callable
            As for `segment`.
        """
        self._diagnostics.note("save a training case")

        def save() -> str:
            from ICHSegmentationLib.export.training_case.save_case import save_case

            return save_case(folder, volume, label_map, boxes, keep_face=keep_face)

        def tell(name: str, error: Exception | None) -> None:
            if error is not None:
                self._fail(failed, error)
            else:
                finished(name)

        # In a thread instead of the worker, so that it also runs while the worker is busy.
        self._loop.run_in_background(save, tell)

    def list_models(self, finished: Callable[[Manifest], None], failed: Failed) -> None:
        """List the installed models."""
        self._ask("list the models", failed, lambda client, fail: client.models(finished, fail))

    def list_devices(self, finished: Callable[[tuple[Device, ...]], None], failed: Failed) -> None:
        """List the processor and the graphics cards, each with the reason if it cannot be used.

        Takes seconds if there is a card: the worker imports torch to check whether it can use the card.
        """
        self._ask("list the devices", failed, lambda client, fail: client.devices(finished, fail))

    def cancel(self) -> None:
        """Cancel the work; ``failed`` is called within half a second. An export stops at its next file."""
        if self._client is not None:
            self._diagnostics.note("cancel")
            self._client.cancel()

    def abandon(self) -> None:
        """Stop the work at once without calling back. An export continues."""
        if self._client is not None:
            self._diagnostics.note("abandon")
            self._client.abandon()

    def close(self) -> None:
        """End the worker, wait until process and files are gone, and drop all callbacks."""
        client, self._client = self._client, None
        if client is not None:
            slicer.app.disconnect("aboutToQuit()", self._on_quit)
            client.close()
            self._diagnostics.keep(client.log)
        self._loop.close()

    def diagnostics(self) -> str:
        """Return the text for "Copy diagnostics"; see `Diagnostics`."""
        if self._client is not None:
            self._diagnostics.keep(self._client.log)
        return self._diagnostics.text()

    def _ask(self, note: str, failed: Failed, ask: Callable[[EventClient, Callable[[Exception], None]], None]) -> None:
        """Make the client if need be, and let ``ask`` call it with what to call with an exception."""
        self._diagnostics.note(note)
        if self._client is None:
            try:
                self._client = self._make_client()
            except ImportError as error:
                self._loop.call_later(0, partial(failed, self._explain("requirements", str(error))))
                return
            # Slicer does not always call the module's cleanup when it exits.
            slicer.app.connect("aboutToQuit()", self._on_quit)
        ask(self._client, partial(self._fail, failed))

    def _make_client(self) -> EventClient:
        from ICHSegmentationLib.worker.client.event_client import EventClient

        return EventClient(self._loop, python_slicer, worker_variables, temporary_folder)

    def _fail(self, failed: Failed, error: Any) -> None:
        from ICHSegmentationLib.core.errors import ICHSegmentationError
        from ICHSegmentationLib.mrml.quiet_log import log_error
        from ICHSegmentationLib.worker.protocol.failures import describe

        if not isinstance(error, ICHSegmentationError):
            log_error(_LOG, "The worker could not be used.", error)
        kind, sentence = ("crashed", f"{error}.") if isinstance(error, FileNotFoundError) else describe(error)
        failed(self._explain(str(kind), sentence))

    def _explain(self, kind: str, sentence: str) -> Failure:
        self._diagnostics.note(f"{kind}: {sentence}")
        return make_failure(kind, sentence)


def _listed(options: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items()) or "default options"


def _options(options: dict[str, Any]) -> SegmentOptions:
    from ICHSegmentationLib.core.options import SegmentOptions

    return SegmentOptions(**options)
