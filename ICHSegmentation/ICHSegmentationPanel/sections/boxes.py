# SPDX-License-Identifier: Apache-2.0
"""Section Boxes: the lesions of a result, and their boxes to move and resize with the mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.process.box_changes import BoxChanges
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.boxes_table import BoxesTable, BoxRow
from ICHSegmentationPanel.widgets.labels import show_error, show_text, wrapped_label
from ICHSegmentationPanel.widgets.subtype_buttons import SubtypeButtons

if TYPE_CHECKING:
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.mrml import BoxLesion, ShownSlices, VolumeCheck
    from ICHSegmentationPanel.process import SegmentationProcess
    from ICHSegmentationPanel.sections.correct import CorrectSection
    from ICHSegmentationPanel.sections.model import ModelSection

_SETTLE_MS = 300
"""Delay of the list after the last edit, so that brush strokes are not slowed down."""


class BoxesSection(Section, VTKObservationMixin):
    """The section Boxes. Boxes are shown while it is open; only the chosen one can be moved.

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
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        models: ModelSection,
        corrections: CorrectSection,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
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
        self.changes = BoxChanges(process, models, check_of, corrections.save_state, self._changed)
        self.widgets = BoxesWidgets(ui.boxesPlace, self._choose, self._add, self._rename)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.connect("timeout()", self._list)
        ui.boxesSection.connect("contentsCollapsed(bool)", lambda _collapsed: self.update())
        self.widgets.shown.connect("toggled(bool)", self._show)
        self.widgets.shown_3d.connect("toggled(bool)", self._show_3d)
        self.widgets.delete_button.connect("clicked()", self._delete)
        self.widgets.undo_button.connect("clicked()", corrections.undo)

    def reset(self) -> None:
        """Forget the listed boxes and the message."""
        self._is_listed = False
        self.widgets.say("")

    def refresh(self) -> None:
        """Update the boxes after the acquisition transform was detached or reattached."""
        self._is_listed = False
        self.update()

    def update(self) -> None:
        """Show the current result; its boxes are created when the section is opened."""
        node = self._segmentation
        if node is not self._node:
            self._take(node)
        self._ui.boxesSection.enabled = node is not None
        if node is None:
            return
        _check(self.widgets.shown, self._parameters.show_boxes)
        _check(self.widgets.shown_3d, self._parameters.boxes_in_3d)
        self.widgets.show_model(self._models.box_entry.name)
        if self._ui.boxesSection.collapsed:
            self._is_listed = False
            mrml.choose_roi(node, None)
            mrml.show_rois(node, False)
        elif not self._is_listed:
            self._list()
        else:
            self._show_rois()

    def exit(self) -> None:
        """Lock all boxes when another module is shown."""
        self._timer.stop()
        if self._node is not None:
            self.widgets.table.choose(None)
            self._offer()

    def close(self) -> None:
        """Remove all observers."""
        self._take(None)

    @property
    def _chosen(self) -> BoxLesion | None:
        return self._lesions.get(self.widgets.table.chosen or "")

    def _take(self, node: vtkMRMLSegmentationNode | None) -> None:
        self._timer.stop()
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
        if not self._ui.boxesSection.collapsed:
            self._timer.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _node_went(self, _caller: Any, _event: str, node: Any) -> None:
        if node.IsA("vtkMRMLSegmentationNode") and not slicer.mrmlScene.IsClosing():
            mrml.remove_strays(slicer.mrmlScene, self._node)

    def _list(self) -> None:
        """List the current lesions and update their boxes, except those with a pending change."""
        self._timer.stop()
        node = self._node
        if node is None or node.GetScene() is None or self._parameters is None:
            return
        self._is_listed = True
        self._lesions = {lesion.key: lesion for lesion in mrml.box_lesions(node)}
        self._slices = mrml.shown_slices(node)
        if self._slices is not None:
            boxes = {key: lesion.box for key, lesion in self._lesions.items()}
            mrml.sync_rois(node, boxes, self._slices, leave=self.changes.keys)
        self._watch(mrml.rois_of(node))
        self.widgets.table.show([self._row(lesion) for lesion in self._lesions.values()])
        self.widgets.warn("" if self._slices is not None else _no_boxes_sentence())
        self._show_rois()
        self._offer()

    def _row(self, lesion: BoxLesion) -> BoxRow:
        subtype = lesion.box.subtype
        name, color = mrml.subtype_look(subtype)
        return BoxRow(lesion.key, subtype, name, color, lesion.volume_ml, lesion.confidence)

    def _watch(self, rois: dict[str, vtkMRMLMarkupsROINode]) -> None:
        """Observe the existing ROIs and no others."""
        event = slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent
        for roi in set(self._rois.values()) - set(rois.values()):
            self.removeObserver(roi, event, self._moved)
        for roi in set(rois.values()) - set(self._rois.values()):
            self.addObserver(roi, event, self._moved)
        self._rois = rois

    def _show_rois(self) -> None:
        shown = self._slices is not None and self._parameters.show_boxes and not self._ui.boxesSection.collapsed
        mrml.show_rois(self._node, shown, in_3d=self._parameters.boxes_in_3d)

    def _offer(self) -> None:
        """Show handles at the chosen box, and enable the possible actions."""
        chosen, fits = self._chosen, self._slices is not None
        mrml.choose_roi(self._node, chosen.key if chosen is not None and fits else None)
        self.widgets.allow(adding=fits, chosen=chosen.box.subtype if chosen is not None and fits else "")

    def _choose(self, key: str) -> None:
        self._offer()
        if key in self._rois and self._slices is not None:
            mrml.jump_to(self._node, mrml.middle_of_roi(self._rois[key]))

    def _moved(self, roi: vtkMRMLMarkupsROINode, _event: str) -> None:
        """Segment a box again after the mouse has moved it."""
        lesion = next((each for key, each in self._lesions.items() if self._rois.get(key) is roi), None)
        if lesion is None or self._slices is None:
            return
        after = mrml.box_of_roi(roi, self._slices, lesion.box)
        if after is not lesion.box or lesion.key in self.changes.keys:
            self._ask(lesion.key, after)

    def _add(self, subtype: str) -> None:
        self._ask(None, mrml.new_box(self._node, self._slices, mrml.looked_at(self._node), subtype))

    def _delete(self) -> None:
        if self._chosen is not None:
            self._ask(self._chosen.key, None)

    def _rename(self, subtype: str) -> None:
        if self._chosen is not None:
            self._ask(self._chosen.key, self._chosen.box.model_copy(update={"subtype": subtype}))

    def _ask(self, key: str | None, after: Any) -> None:
        self.widgets.say("")
        self.changes.ask(self._node, key, after)
        if self.changes.is_running:
            self.widgets.say(_("Segmenting the box..."))

    def _changed(self, key: str | None, sentence: str) -> None:
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
        "(section Correct) to see and change boxes."
    )


def _check(box: Any, checked: bool) -> None:
    """Set a check box without emitting its signals."""
    blocked = box.blockSignals(True)
    box.checked = checked
    box.blockSignals(blocked)


class BoxesWidgets:
    """Widgets of the section: table, buttons and messages.

    Parameters
    ----------
    place : QWidget
        Its layout gets the widgets.
    on_choose, on_add, on_rename : callable
        Called with the key of the chosen box, the subtype of a new box, and a new subtype for the chosen box.
    """

    def __init__(
        self,
        place: Any,
        on_choose: Callable[[str], None],
        on_add: Callable[[str], None],
        on_rename: Callable[[str], None],
    ) -> None:
        layout = place.layout()
        self.shown = qt.QCheckBox(_("Show boxes"))
        self.shown.toolTip = _("Show the boxes of all lesions on the slices.")
        self.shown_3d = qt.QCheckBox(_("in 3D too"))
        self.shown_3d.toolTip = _("Show the boxes in the 3D view too.")
        self.table = BoxesTable(on_choose)
        self._model = wrapped_label()
        self._warning = wrapped_label()
        self._message = wrapped_label()
        self.delete_button = qt.QPushButton(_("Delete box"))
        self.delete_button.toolTip = _("Delete the chosen box and its lesion.")
        self.undo_button = qt.QPushButton(_("Undo"))
        self.undo_button.toolTip = _("Undo the last change of a box or by the tools below.")
        add, rename = qt.QHBoxLayout(), qt.QHBoxLayout()
        self._add = SubtypeButtons(add, "add", on_add)
        self._rename = SubtypeButtons(rename, "rename", on_rename)
        for buttons in (self._add, self._rename):
            buttons.show(mrml.subtype_names())
        form = qt.QFormLayout()
        form.addRow(_("Add box:"), add)
        form.addRow(_("Change to:"), rename)
        layout.addLayout(_row(self.shown, self.shown_3d))
        layout.addWidget(self._warning)
        layout.addWidget(self.table.widget)
        layout.addLayout(form)
        layout.addLayout(_row(self.delete_button, self.undo_button))
        layout.addWidget(self._message)
        layout.addWidget(self._model)
        self.say("")
        self.warn("")

    def allow(self, *, adding: bool, chosen: str) -> None:
        """Enable the possible actions; ``chosen`` is the subtype of the chosen box, empty without one."""
        self._add.enable(adding)
        self._rename.enable(bool(chosen), except_for=chosen)
        self.delete_button.enabled = bool(chosen)

    def show_model(self, name: str) -> None:
        """Show which model segments boxes."""
        show_text(self._model, _("Boxes are segmented with the model {model}.").format(model=name))

    def warn(self, sentence: str) -> None:
        """Show why boxes cannot be changed; empty hides the warning."""
        show_text(self._warning, sentence)

    @property
    def message(self) -> str:
        """Message below the buttons, as rich text."""
        return str(self._message.text) if self._message.visible else ""

    def say(self, sentence: str) -> None:
        """Show a message below the buttons; empty hides it."""
        show_error(self._message, sentence)


def _row(*widgets: Any) -> Any:
    row = qt.QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row
