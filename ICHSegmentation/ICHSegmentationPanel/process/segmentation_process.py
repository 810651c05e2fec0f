# SPDX-License-Identifier: Apache-2.0
"""The worker process as the panel uses it."""

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
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.export.job import ExportJob
    from ICHSegmentationLib.measurement.user_items import Proposals
    from ICHSegmentationLib.models import Device, Manifest
    from ICHSegmentationLib.worker.client.event_client import EventClient
    from ICHSegmentationLib.worker.client.outcome import WorkerComparison, WorkerResult

Failed = Callable[[Failure], None]
_LOG = logging.getLogger(__name__)


class SegmentationProcess:
    """Segments in a separate process, which keeps the model and the scan loaded; nothing here blocks the main thread.

    Every callback comes from the event loop on the main thread, after the call that asked has returned, and exactly one
    of ``finished`` and ``failed`` for each request, unless it is abandoned. The worker ends with Slicer.
    """

    def __init__(self) -> None:
        self._loop = QtLoop()
        self._diagnostics = Diagnostics()
        self._client: EventClient | None = None
        # One object, by which it is disconnected again.
        self._on_quit = self.close

    @property
    def busy(self) -> bool:
        """Whether a segmentation, an export, a comparison or a measurement is under way; one at a time may be."""
        return self._client is not None and self._client.is_busy

    def prepare(self) -> None:
        """Start the worker, so that the first segmentation is quicker; what fails shows at that."""
        self._ask(lambda client: client.prepare(), lambda _: None)

    def segment(
        self,
        volume: CTVolume,
        *,
        progress: Callable[[str, float], None],
        finished: Callable[[WorkerResult], None],
        failed: Failed,
        **options: Any,
    ) -> None:
        """Segment a volume.

        Parameters
        ----------
        volume : CTVolume
            The scan; must not be changed until the end.
        progress : callable
            Called with the stage (see `stage_title`) and the fraction of all work that is done, which never falls.
        finished : callable
            Called with the segmentation and its measurements.
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
        asked = ", ".join(f"{name} {value}" for name, value in options.items())
        self._diagnostics.note(f"segment {columns} x {rows} x {slices}, {asked or 'default options'}")

        def finish(result: WorkerResult) -> None:
            info = result.segmentation.runtime
            self._diagnostics.note(f"segmented on {info.device} with {info.backend}")
            finished(result)

        self._ask(
            lambda client: client.segment(
                volume,
                _options(options),
                progress=progress,
                finished=finish,
                failed=partial(self._fail, failed),
            ),
            failed,
        )

    def export(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        job: ExportJob,
        model_label_map: LabelMap | None = None,
        growth_picture: bytes | None = None,
        *,
        progress: Callable[[str, float], None],
        finished: Callable[[tuple[Path, ...]], None],
        failed: Failed,
    ) -> None:
        """Write files of a volume and its labels.

        Parameters
        ----------
        volume, label_map, model_label_map
            The scan, its labels, and the labels of the model before corrections, if known.
        job : ExportJob
            Which files, and where to.
        growth_picture : bytes, optional
            PNG of the growth in the job.
        progress, finished, failed : callable
            As for `segment`; ``finished`` gets the files.

        Raises
        ------
        RuntimeError
            If `busy`.
        """
        self._diagnostics.note(f"export {', '.join(map(str, job.formats))}")
        self._ask(
            lambda client: client.export(
                volume,
                label_map,
                job,
                model_label_map=model_label_map,
                growth_picture=growth_picture,
                progress=progress,
                finished=finished,
                failed=partial(self._fail, failed),
            ),
            failed,
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
        """Segment one lesion again after its box was changed; a fraction of a second once the model is loaded.

        Parameters
        ----------
        volume, label_map : CTVolume, LabelMap
            The scan and its labels; must not be changed until the end.
        edit
            See :func:`ICHSegmentationLib.resegment_lesion`.
        finished : callable
            Called with the new labels.
        failed, **options
            As for `segment`.

        Raises
        ------
        RuntimeError
            If `busy`.
        """
        asked = ", ".join(f"{name} {value}" for name, value in options.items())
        self._diagnostics.note(f"segment a box, {asked or 'default options'}")
        self._ask(
            lambda client: client.resegment_lesion(
                volume, label_map, edit, _options(options), finished=finished, failed=partial(self._fail, failed)
            ),
            failed,
        )

    def propose(
        self, volume: CTVolume, label_map: LabelMap, *, finished: Callable[[Proposals], None], failed: Failed
    ) -> None:
        """Measure the labels of a volume for the scores; a second or so.

        Raises
        ------
        RuntimeError
            If `busy`.
        """
        self._diagnostics.note("propose")
        self._ask(
            lambda client: client.propose(volume, label_map, finished=finished, failed=partial(self._fail, failed)),
            failed,
        )

    def compare(
        self,
        baseline: tuple[CTVolume, LabelMap],
        followup: tuple[CTVolume, LabelMap],
        warnings: tuple[str, ...],
        *,
        progress: Callable[[str, float], None],
        finished: Callable[[WorkerComparison], None],
        failed: Failed,
    ) -> None:
        """Register two scans of a patient, compare their labels and draw both.

        Parameters
        ----------
        baseline, followup : tuple of CTVolume and LabelMap
            The earlier and the later scan with its labels.
        warnings : tuple of str
            Warnings of reading them.
        progress, finished, failed : callable
            As for `segment`; ``finished`` gets the comparison and its picture.

        Raises
        ------
        RuntimeError
            If `busy`.
        """
        self._diagnostics.note("compare")
        self._ask(
            lambda client: client.compare(
                baseline,
                followup,
                warnings,
                progress=progress,
                finished=finished,
                failed=partial(self._fail, failed),
            ),
            failed,
        )

    def save_training_case(
        self,
        folder: Path,
        volume: CTVolume,
        label_map: LabelMap,
        boxes: tuple[LesionBox, ...],
        *,
        finished: Callable[[str], None],
        failed: Failed,
    ) -> None:
        """Add a scan to a folder of training data, beside whatever the worker does.

        Parameters
        ----------
        folder, volume, label_map, boxes
            See :func:`ICHSegmentationLib.export.save_case.save_case`; must not be changed until the end.
        finished : callable
            Called with the name of the case.
        failed : callable
            As for `segment`.
        """
        self._diagnostics.note("save a training case")

        def save() -> str:
            from ICHSegmentationLib.export.save_case import save_case

            return save_case(folder, volume, label_map, boxes)

        def tell(name: str, error: Exception | None) -> None:
            if error is not None:
                self._fail(failed, error)
            else:
                finished(name)

        # In a thread, not by the worker: it is file work only.
        self._loop.run_in_background(save, tell)

    def list_models(self, finished: Callable[[Manifest], None], failed: Failed) -> None:
        """List the installed models."""
        self._ask(lambda client: client.models(finished, partial(self._fail, failed)), failed)

    def list_devices(self, finished: Callable[[tuple[Device, ...]], None], failed: Failed) -> None:
        """List the processor and the graphics cards, each with the reason if it cannot be used.

        Takes seconds where there is a card: torch has to be imported in the worker to see whether it can use it.
        """
        self._ask(lambda client: client.devices(finished, partial(self._fail, failed)), failed)

    def cancel(self) -> None:
        """Stop the work; ``failed`` is called within half a second. An export stops at its next file."""
        if self._client is not None:
            self._diagnostics.note("cancel")
            self._client.cancel()

    def abandon(self) -> None:
        """Stop the work at once; none of its callbacks is called any more. An export goes on."""
        if self._client is not None:
            self._diagnostics.note("abandon")
            self._client.abandon()

    def close(self) -> None:
        """End the worker, wait until it is gone with its files, and call nobody back any more."""
        client, self._client = self._client, None
        if client is not None:
            slicer.app.disconnect("aboutToQuit()", self._on_quit)
            client.close()
            self._diagnostics.keep(client.log)
        self._loop.close()

    def diagnostics(self) -> str:
        """Return what a user can send to the developers; see `Diagnostics`."""
        if self._client is not None:
            self._diagnostics.keep(self._client.log)
        return self._diagnostics.text()

    def _ask(self, ask: Callable[[EventClient], None], failed: Failed) -> None:
        if self._client is None:
            try:
                self._client = self._make_client()
            except ImportError as error:
                self._loop.call_later(0, partial(failed, self._explain("requirements", str(error))))
                return
            # The module's cleanup is not called whenever Slicer exits.
            slicer.app.connect("aboutToQuit()", self._on_quit)
        ask(self._client)

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


def _options(options: dict[str, Any]) -> SegmentOptions:
    from ICHSegmentationLib.core.options import SegmentOptions

    return SegmentOptions(**options)
