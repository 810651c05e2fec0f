# SPDX-License-Identifier: Apache-2.0
"""Section Lesions: the lesions of a result, to look at, to change and to add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.lesions.keys import LesionKeys
from ICHSegmentationPanel.lesions.places import place_text
from ICHSegmentationPanel.lesions.placing import BOX, POINT, Placing
from ICHSegmentationPanel.lesions.table import LesionRow
from ICHSegmentationPanel.lesions.widgets import LesionsWidgets
from ICHSegmentationPanel.process import failure_of
from ICHSegmentationPanel.process.box_changes import BoxChanges
from ICHSegmentationPanel.section import Section

if TYPE_CHECKING:
    from slicer import (
        vtkMRMLMarkupsFiducialNode,
        vtkMRMLMarkupsROINode,
        vtkMRMLScalarVolumeNode,
        vtkMRMLSegmentationNode,
    )

    from ICHSegmentationLib.mrml import BoxLesion, ShownSlices, VolumeCheck
    from ICHSegmentationPanel.process import SegmentationProcess
    from ICHSegmentationPanel.sections.correct import CorrectSection
    from ICHSegmentationPanel.sections.model import ModelSection

_SETTLE_MS = 300
"""Delay of the list after the last edit, so that brush strokes are not slowed down."""


class LesionsSection(Section, VTKObservationMixin):
    """Table of lesions, and what can be done with them. The box of the chosen one is shown and can be moved.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    process : SegmentationProcess
        Client of the worker, which segments a box again after the mouse has moved it.
    models : ModelSection
        Provides the model that segments boxes.
    corrections : CorrectSection
        Owner of the Segment Editor, whose Undo also undoes changes of boxes.
    check_of : callable
        Returns the check of a volume if there is one, else None.
    on_listed : callable
        Called with the lesions after each change.
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        models: ModelSection,
        corrections: CorrectSection,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
        on_listed: Callable[[Sequence[BoxLesion]], None],
    ) -> None:
        super().__init__()
        self._ui = ui
        self._models = models
        self._corrections = corrections
        self._node: vtkMRMLSegmentationNode | None = None
        self._lesions: dict[str, BoxLesion] = {}
        self._slices: ShownSlices | None = None
        self._rois: dict[str, vtkMRMLMarkupsROINode] = {}
        self._is_listed = False
        self._told = self._wanted = ""
        self._check_of = check_of
        self._on_listed = on_listed
        self.changes = BoxChanges(process, models, check_of, corrections.save_state, self._changed)
        self.widgets = LesionsWidgets(
            ui.lesionsPlace, self._choose, self._rename, self._click_missed, self._draw_missed
        )
        self._placing = Placing(self._placing_ended)
        self._keys = LesionKeys(self.widgets.table.step)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.connect("timeout()", self._list)
        ui.lesionsSection.connect("contentsCollapsed(bool)", lambda _collapsed: self.update())
        self.widgets.shown.connect("toggled(bool)", self._show)
        self.widgets.shown_3d.connect("toggled(bool)", self._show_3d)
        self.widgets.previous_button.connect("clicked()", lambda: self.widgets.table.step(-1))
        self.widgets.next_button.connect("clicked()", lambda: self.widgets.table.step(1))
        self.widgets.undo_button.connect("clicked()", corrections.undo)
        self.widgets.delete_button.connect("clicked()", self._delete)
        self.widgets.redraw_button.connect("clicked()", self._redraw)
        self.widgets.restore_button.connect("clicked()", self._restore)
        self.widgets.restore_all_button.connect("clicked()", self._restore_all)

    def reset(self) -> None:
        """Forget the listed boxes and the message."""
        self._is_listed = False
        self.widgets.say("")

    def refresh(self) -> None:
        """Update the boxes after the acquisition transform was detached or reattached."""
        self._is_listed = False
        self.update()

    def update(self) -> None:
        """Show the current result; boxes are drawn while the section is open."""
        node = self._segmentation
        if node is not self._node:
            self._take(node)
        self._ui.lesionsSection.enabled = node is not None
        if node is None:
            return
        _check(self.widgets.shown, self._parameters.show_boxes)
        _check(self.widgets.shown_3d, self._parameters.boxes_in_3d)
        self.widgets.show_model(self._models.box_entry.name)
        if self._is_listed:
            self._draw()
        else:
            self._list()

    def enter(self) -> None:
        """Enable the keys when the module is shown."""
        self._keys.install()

    def exit(self) -> None:
        """Lock all boxes and disable the keys when another module is shown."""
        self._keys.remove()
        self._placing.cancel()
        self._timer.stop()
        if self._node is not None:
            self.widgets.table.choose(None)
            self._offer()

    def close(self) -> None:
        """Remove keys and observers."""
        self._keys.remove()
        self._take(None)

    @property
    def _chosen(self) -> BoxLesion | None:
        return self._lesions.get(self.widgets.table.chosen or "")

    def _take(self, node: vtkMRMLSegmentationNode | None) -> None:
        self._timer.stop()
        self._placing.cancel()
        self.changes.give_up()
        self.removeObservers()
        self._node, self._lesions, self._rois, self._is_listed = node, {}, {}, False
        self.widgets.say("")
        self.widgets.table.show(())
        if not slicer.mrmlScene.IsClosing():
            mrml.remove_strays(slicer.mrmlScene, node)
        if node is not None:
            for event in (
                slicer.vtkSegmentation.SourceRepresentationModified,
                slicer.vtkSegmentation.SegmentModified,
                slicer.vtkSegmentation.SegmentAdded,
                slicer.vtkSegmentation.SegmentRemoved,
            ):
                self.addObserver(node, event, self._edited)
            self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self._node_went)

    def _edited(self, _caller: Any, _event: str) -> None:
        self._timer.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _node_went(self, _caller: Any, _event: str, node: Any) -> None:
        if node.IsA("vtkMRMLSegmentationNode") and not slicer.mrmlScene.IsClosing():
            mrml.remove_strays(slicer.mrmlScene, self._node)

    def _list(self) -> None:
        """List the current lesions."""
        self._timer.stop()
        node = self._node
        if node is None or node.GetScene() is None or self._parameters is None:
            return
        self._is_listed = True
        self._lesions = {lesion.key: lesion for lesion in mrml.box_lesions(node)}
        self._slices = mrml.shown_slices(node)
        self.widgets.table.show([_row(lesion) for lesion in self._lesions.values()])
        self.widgets.warn("" if self._slices is not None else _no_boxes_sentence())
        self._draw()
        self._on_listed(list(self._lesions.values()))

    def _draw(self) -> None:
        """Draw the boxes, except those with a pending change, or none while the section is folded."""
        if self._ui.lesionsSection.collapsed:
            self._placing.cancel()
            mrml.choose_roi(self._node, None)
            mrml.show_rois(self._node, False)
            return
        if self._slices is not None:
            boxes = {key: lesion.box for key, lesion in self._lesions.items()}
            mrml.sync_rois(self._node, boxes, self._slices, leave=self.changes.keys)
        self._watch(mrml.rois_of(self._node))
        self._offer()

    def _watch(self, rois: dict[str, vtkMRMLMarkupsROINode]) -> None:
        """Observe the existing ROIs and no others."""
        event = slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent
        for roi in set(self._rois.values()) - set(rois.values()):
            self.removeObserver(roi, event, self._moved)
        for roi in set(rois.values()) - set(self._rois.values()):
            self.addObserver(roi, event, self._moved)
        self._rois = rois

    def _show_rois(self) -> None:
        shown = self._slices is not None and not self._ui.lesionsSection.collapsed
        only = None if self._parameters.show_boxes else (self.widgets.table.chosen or "")
        mrml.show_rois(self._node, shown, in_3d=self._parameters.boxes_in_3d, only=only)

    def _offer(self) -> None:
        """Show the chosen box with handles, and enable the possible actions."""
        chosen, fits = self._chosen, self._slices is not None
        mrml.choose_roi(self._node, chosen.key if chosen is not None and fits else None)
        if self._parameters is not None:
            self._show_rois()
        self.widgets.allow(
            adding=fits, chosen=chosen is not None, restoring=chosen is not None and chosen.ras_mm is not None
        )

    def _choose(self, key: str) -> None:
        self._offer()
        lesion = self._lesions[key]
        if lesion.ras_mm is not None:
            mrml.jump_to(self._node, lesion.ras_mm)
        elif key in self._rois and self._slices is not None:
            mrml.jump_to(self._node, mrml.middle_of_roi(self._rois[key]))

    def _moved(self, roi: vtkMRMLMarkupsROINode, _event: str) -> None:
        """Segment a box again after the mouse has moved it."""
        lesion = next((each for key, each in self._lesions.items() if self._rois.get(key) is roi), None)
        if lesion is None or self._slices is None:
            return
        after = mrml.box_of_roi(roi, self._slices, lesion.box)
        if after is not lesion.box or lesion.key in self.changes.keys:
            self._ask(lesion.key, after)

    def _click_missed(self, subtype: str) -> None:
        """Let the user click on a lesion that the model missed."""
        self._place(
            POINT,
            partial(self._add_at, subtype),
            _("Click on the missed {subtype} in a slice view.").format(subtype=subtype),
        )

    def _draw_missed(self, subtype: str) -> None:
        """Let the user draw a box around a lesion that the model missed."""
        self._place(BOX, partial(self._add_box, None, subtype), _two_corners())

    def _redraw(self) -> None:
        """Let the user draw another box for the chosen lesion."""
        if self._chosen is not None:
            self._place(BOX, partial(self._add_box, self._chosen.key, self._chosen.box.subtype), _two_corners())

    def _place(self, kind: str, on_placed: Callable[[Any], None], sentence: str) -> None:
        if self._placing.kind == kind and self._wanted == sentence:
            self._placing.cancel()
            return
        transform_id = self._slices.transform_id if kind == BOX else None
        self._placing.start(kind, transform_id, on_placed)
        self._wanted = sentence
        self.widgets.say(f"{sentence} {_('Press the button again to stop.')}")

    def _placing_ended(self) -> None:
        if not self.changes.is_running:
            self.widgets.say(self._told)
        self._told = ""

    def _add_at(self, subtype: str, point: vtkMRMLMarkupsFiducialNode) -> None:
        """Segment what is bright at a point; where nothing is, a box of default size around it."""
        place = [0.0, 0.0, 0.0]
        point.GetNthControlPointPositionWorld(0, place)
        volume = mrml.source_volume(self._node)
        if volume is None:
            self._told = _("The CT of this result is not in the scene any more.")
            return
        try:
            scan = mrml.volume_input(volume, check=self._check_of(volume))
            box = mrml.bright_box(self._node, scan, (place[0], place[1], place[2]), subtype)
        except Exception as error:
            self._told = failure_of(error, "A lesion could not be added.").in_one_sentence
            return
        self._ask(None, box or mrml.new_box(self._node, self._slices, place, subtype))

    def _add_box(self, key: str | None, subtype: str, roi: vtkMRMLMarkupsROINode) -> None:
        """Segment a lesion, or a new one, in a drawn box."""
        self._ask(key, mrml.drawn_box(roi, self._slices, subtype))

    def _delete(self) -> None:
        if self._chosen is not None:
            self._ask(self._chosen.key, None)

    def _rename(self, key: str, subtype: str) -> None:
        box = self._lesions[key].box
        if box.subtype != subtype:
            self._ask(key, box.model_copy(update={"subtype": subtype}))

    def _restore(self) -> None:
        if self._chosen is not None and self._chosen.ras_mm is not None:
            self._correct(mrml.restore_box, self._chosen.ras_mm)

    def _restore_all(self) -> None:
        self._correct(mrml.restore_boxes)

    def _correct(self, change: Callable[..., object], *arguments: Any) -> None:
        """Change the labels as one undo step."""
        with slicer.util.tryWithErrorDisplay(_("The correction failed."), waitCursor=True):
            change(self._node, *arguments, save_state=self._corrections.save_state)
        self._list()

    def _ask(self, key: str | None, after: Any) -> None:
        self.widgets.say("")
        self.changes.ask(self._node, key, after)
        if self.changes.is_running:
            self.widgets.say(_("Segmenting the box..."))

    def _changed(self, key: str | None, sentence: str) -> None:
        self._told = sentence
        chosen = self.widgets.table.chosen
        self._list()
        self.widgets.say(sentence)
        if key is not None and key != chosen:
            self.widgets.table.choose(key)
            self._offer()

    def _show(self, shown: bool) -> None:
        if self._node is not None:
            self._parameters.show_boxes = shown
            self._show_rois()

    def _show_3d(self, shown: bool) -> None:
        if self._node is not None:
            self._parameters.boxes_in_3d = shown
            self._show_rois()


def _no_boxes_sentence() -> str:
    return _(
        "The slices are tilted or unevenly spaced, but shown as a straight, even stack: reattach their transform "
        "(section Correct) to see, add and change lesions."
    )


def _two_corners() -> str:
    return _("Click on two opposite corners of the box in a slice view.")


def _row(lesion: BoxLesion) -> LesionRow:
    return LesionRow(
        key=lesion.key,
        subtype=lesion.box.subtype,
        volume_ml=lesion.volume_ml,
        place=place_text(lesion.location),
        longest_mm=lesion.longest_mm,
        confidence=lesion.confidence,
        changed=lesion.changed,
    )


def _check(box: Any, checked: bool) -> None:
    """Set a check box without emitting its signals."""
    blocked = box.blockSignals(True)
    box.checked = checked
    box.blockSignals(blocked)
