# SPDX-License-Identifier: Apache-2.0
"""Queue of changes of boxes: the worker segments each box again, then the result is updated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.process import failure_of

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.models import ModelEntry
    from ICHSegmentationLib.mrml import RequestedEdit, VolumeCheck
    from ICHSegmentationPanel.process import Failure, SegmentationProcess

_NEW = "new-{number}"


class BoxModels(Protocol):
    """Choice of the model and the device that segment boxes; see `ICHSegmentationPanel.sections.model.ModelSection`."""

    @property
    def box_entry(self) -> ModelEntry:
        """Model that segments boxes."""

    @property
    def device(self) -> str:
        """Device that it runs on."""

    def is_agreed(self, entry: ModelEntry | None = None) -> bool:
        """Return whether the user agrees to the licence of a model."""


class BoxChanges:
    """Queue of changed boxes; a box that is changed again in the meantime is segmented once more in its last state.

    Parameters
    ----------
    process : SegmentationProcess
        Process that segments.
    models : BoxModels
        Choice of the model that segments in boxes.
    check_of : callable
        Returns the check of a volume if there is one, else None.
    save_state : callable
        Called right before the result is changed.
    on_end : callable
        Called after each change with the key of the box (None if it was deleted or the change failed) and a message
        (empty on success).
    """

    def __init__(
        self,
        process: SegmentationProcess,
        models: BoxModels,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
        save_state: Callable[[], None],
        on_end: Callable[[str | None, str], None],
    ) -> None:
        self._process = process
        self._models = models
        self._check_of = check_of
        self._save_state = save_state
        self._on_end = on_end
        self._node: vtkMRMLSegmentationNode | None = None
        self._waiting: dict[str, LesionBox | None] = {}
        self._running: RequestedEdit | None = None
        self._model = ""
        self._new = 0

    @property
    def keys(self) -> set[str]:
        """Keys of the boxes with a pending change."""
        running = {self._running.key} if self._running is not None and self._running.key is not None else set()
        return running | set(self._waiting)

    @property
    def is_running(self) -> bool:
        """Whether the worker segments a box."""
        return self._running is not None

    def ask(self, node: vtkMRMLSegmentationNode, key: str | None, after: LesionBox | None) -> None:
        """Add a change of a box to the queue.

        Parameters
        ----------
        node : vtkMRMLSegmentationNode
            The result.
        key : str or None
            Key of the box; None for a new one.
        after : LesionBox or None
            The box after the change; None deletes it.
        """
        if node is not self._node:
            self.give_up()
            self._node = node
        if key is None:
            self._new += 1
            key = _NEW.format(number=self._new)
        self._waiting[key] = after
        self._go_on()

    def give_up(self) -> None:
        """Drop all pending changes, since another result was chosen or the scene is closing."""
        self._waiting.clear()
        self._node = None
        if self._running is not None:
            self._running = None
            self._process.abandon()

    def _go_on(self) -> None:
        while self._waiting and self._running is None:
            key = next(iter(self._waiting))
            after = self._waiting.pop(key)
            try:
                self._start(None if key.startswith(_NEW.format(number="")) else key, after)
            except Exception as error:
                self._end(None, failure_of(error, "A box could not be changed.").in_one_sentence)

    def _start(self, key: str | None, after: LesionBox | None) -> None:
        from ICHSegmentationLib.segmentation.boxes.segmentation import edit_without_segmenter

        request = mrml.request_edit(self._node, key, after)
        known = edit_without_segmenter(request.label_map, request.edit)
        if known is not None:
            self._write(request, known)
            return
        assert after is not None
        after.voxels(request.label_map.grid)  # raises an error for a box outside the scan
        if self._process.busy:
            self._end(None, _("Other work is under way; change boxes when it is done."))
            return
        volume_node, entry = mrml.source_volume(self._node), self._models.box_entry
        if volume_node is None:
            self._end(None, _("The CT of this result is not in the scene any more."))
            return
        if not self._models.is_agreed(entry):
            self._end(None, "")
            return
        volume = mrml.volume_input(volume_node, check=self._check_of(volume_node))
        self._running, self._model = request, entry.name
        self._process.resegment_lesion(
            volume,
            request.label_map,
            request.edit,
            model=entry.name,
            device=self._models.device,
            finished=self._finish,
            failed=self._fail,
        )

    def _finish(self, labels: LabelMap) -> None:
        request, self._running = self._running, None
        if request is None or self._node is None or self._node.GetScene() is None:
            return
        try:
            self._write(request, labels)
            mrml.note_box_model(self._node, self._model)
        except Exception as error:
            self._end(None, failure_of(error, "A box could not be changed.").in_one_sentence)
        self._go_on()

    def _write(self, request: RequestedEdit, labels: LabelMap) -> None:
        key = mrml.apply_edit(self._node, request, labels, save_state=self._save_state)
        if request.key is not None and key != request.key:
            later = self._waiting.pop(request.key, None)
            if key is not None:
                mrml.rename_roi(self._node, request.key, key)
                if later is not None:
                    self._waiting[key] = later
        self._end(key, "")

    def _fail(self, failure: Failure) -> None:
        self._running = None
        self._end(None, failure.in_one_sentence)
        self._go_on()

    def _end(self, key: str | None, sentence: str) -> None:
        self._on_end(key, sentence)
