# SPDX-License-Identifier: Apache-2.0
"""Section Correct: correct a result by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.editor import Editor
from ICHSegmentationPanel.widgets.subtype_buttons import SubtypeButtons

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode


_SETTLE_MS = 300
"""Delay of the list after the last edit, so that brush strokes are not slowed down."""


class CorrectSection(Section):
    """List of lesions with buttons to relabel and restore them, and the Segment Editor.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    on_moved : callable
        Called after the acquisition transform was detached or reattached.
    """

    def __init__(self, ui: Any, on_moved: Callable[[], None]) -> None:
        self._ui = ui
        self._on_moved = on_moved
        self._editor: Editor | None = None
        self._listed: vtkMRMLSegmentationNode | None = None
        self._lesions: list[mrml.SceneLesion] = []
        self._erased: list[mrml.SceneLesion] = []
        self._move_buttons = SubtypeButtons(ui.moveButtons.layout(), "move", self._move_lesion)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.connect("timeout()", self._list_lesions)
        ui.correctSection.connect("contentsCollapsed(bool)", self._fold)
        ui.lesionSelector.connect("activated(int)", self._go_to_lesion)
        ui.lesionSelector.connect("currentIndexChanged(int)", self._enable_actions)
        ui.restoreLesionButton.connect("clicked()", self._restore_lesion)
        ui.restoreAllButton.connect("clicked()", self._restore_all)
        ui.maskCheckBox.connect("toggled(bool)", self._set_masked)
        ui.detachButton.connect("toggled(bool)", self._set_detached)

    def reset(self) -> None:
        """Release a scene that closes."""
        if self._parameters is None and self._editor is not None:
            self._editor.forget_scene()

    def enter(self) -> None:
        """Enable the editor's keyboard shortcuts when the module is shown."""
        if self._editor is not None and not self._ui.correctSection.collapsed:
            self._editor.enter()
        self.update()

    def exit(self) -> None:
        """Stop the tools when another module is shown."""
        self._timer.stop()
        if self._editor is not None:
            self._editor.exit()

    def close(self) -> None:
        """Stop the tools and remove all observers."""
        self._timer.stop()
        if self._editor is not None:
            self._editor.close()

    def update(self) -> None:
        """Show the current result; the editor is created when the section is first opened."""
        node = self._segmentation
        self._ui.correctSection.enabled = node is not None
        if node is None or self._ui.correctSection.collapsed:
            return
        if self._editor is None:
            self._ready_editor().enter()
        self._show_detached(node)
        self._ready_editor()
        self._show_mask()
        segmentation = node.GetSegmentation()
        self._move_buttons.show({key: segmentation.GetSegment(key).GetName() for key in segmentation.GetSegmentIDs()})
        if node is not self._listed:
            self.refresh()

    def reattach_acquisition_transform(self) -> None:
        """Reattach the acquisition transform if it was detached for editing."""
        self._set_detached(detached=False)

    def refresh(self) -> None:
        """Update the list of lesions shortly after the last edit."""
        if self._segmentation is not None and not self._ui.correctSection.collapsed:
            self._timer.start()

    def save_state(self) -> None:
        """Save the state for Undo, even if the section was never opened."""
        self._ready_editor().save_state()

    def undo(self) -> None:
        """Undo the last correction."""
        self._ready_editor().undo()

    def _ready_editor(self) -> Editor:
        """Return the editor with the current result; it is created when first needed."""
        if self._editor is None:
            self._editor = Editor(self._ui.editorFrame, self._show_mask)
        node = self._segmentation
        self._editor.edit(node, mrml.source_volume(node))
        return self._editor

    @property
    def _lesion(self) -> mrml.SceneLesion | None:
        if self._segmentation is not self._listed:
            return None  # the list still shows another result
        index = self._ui.lesionSelector.currentIndex
        listed = self._lesions + self._erased
        return listed[index] if 0 <= index < len(listed) else None

    def _list_lesions(self) -> None:
        node = self._segmentation
        if node is None:
            return
        chosen = self._lesion if node is self._listed else None
        self._listed = node
        self._lesions, self._erased = mrml.lesions(node), mrml.erased_lesions(node)
        self._ui.lesionSelector.clear()
        for lesion in self._lesions:
            self._ui.lesionSelector.addItem(f"{lesion.subtype}, {lesion.volume_ml:.2f} mL")
        for lesion in self._erased:
            text = _("{subtype}, erased ({volume:.2f} mL)").format(subtype=lesion.subtype, volume=lesion.volume_ml)
            self._ui.lesionSelector.addItem(text)
        listed = self._lesions + self._erased
        if chosen is not None and listed:
            nearest = min(range(len(listed)), key=lambda index: _distance(listed[index], chosen))
            self._ui.lesionSelector.currentIndex = nearest
        self._enable_actions()

    def _enable_actions(self, _index: int = 0) -> None:
        """Enable restoring the chosen lesion, and relabelling it unless it was erased."""
        lesion = self._lesion
        self._ui.lesionSelector.enabled = self._ui.restoreLesionButton.enabled = lesion is not None
        self._ui.moveButtons.enabled = lesion in self._lesions

    def _fold(self, collapsed: bool) -> None:
        if collapsed:
            self.exit()
            self.reattach_acquisition_transform()
        else:
            self.enter()

    def _go_to_lesion(self, _index: int) -> None:
        if self._lesion is not None:
            mrml.jump_to(self._segmentation, self._lesion.ras_mm)

    def _move_lesion(self, subtype: str) -> None:
        lesion = self._lesion
        if lesion is not None and lesion.subtype != subtype:
            self._edit(mrml.move_lesion, lesion.ras_mm, subtype)

    def _restore_lesion(self) -> None:
        if self._lesion is not None:
            self._edit(mrml.restore_lesion, self._lesion.ras_mm)

    def _restore_all(self) -> None:
        self._edit(mrml.restore_all)

    def _edit(self, change: Callable[..., object], *arguments: Any) -> None:
        """Change the segmentation as one undo step of the editor."""
        with slicer.util.tryWithErrorDisplay(_("The correction failed."), waitCursor=True):
            change(self._segmentation, *arguments, save_state=self._editor.save_state)
        self._timer.stop()
        self._list_lesions()

    def _set_masked(self, masked: bool) -> None:
        if self._editor is not None:
            self._editor.masked = masked

    def _show_mask(self) -> None:
        """Show the mask of the editor, which other controls of Slicer can change."""
        if self._editor is not None:
            low, high = self._editor.mask_hu
            self._ui.maskCheckBox.text = _("Edit only where the CT is between {low:.0f} and {high:.0f} HU").format(
                low=low, high=high
            )
            self._ui.maskCheckBox.checked = self._editor.masked

    def _set_detached(self, detached: bool) -> None:
        node = self._segmentation
        if node is not None and detached != mrml.acquisition_transform_is_detached(node):
            if self._timer.active:
                self._timer.stop()
                self._list_lesions()
            (mrml.detach_acquisition_transform if detached else mrml.reattach_acquisition_transform)(node)
            if node is self._listed:
                # The same lesions at new positions.
                self._lesions, self._erased = mrml.lesions(node), mrml.erased_lesions(node)
            self._on_moved()
            self.update()

    def _show_detached(self, node: vtkMRMLSegmentationNode) -> None:
        """Offer to detach the acquisition transform if Slicer's tools cannot work under it."""
        detached, displaced = mrml.acquisition_transform_is_detached(node), mrml.edits_are_displaced(node)
        self._ui.detachFrame.visible = detached or displaced
        self._ui.detachButton.checked = detached
        self._ui.editorFrame.enabled = not displaced


def _distance(one: mrml.SceneLesion, other: mrml.SceneLesion) -> float:
    return sum((a - b) ** 2 for a, b in zip(one.ras_mm, other.ras_mm, strict=True))
