# SPDX-License-Identifier: Apache-2.0
"""Section Correct: correct a result by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.editor import Editor
from ICHSegmentationPanel.widgets.full_editor import FullEditor

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode


class CorrectSection(Section):
    """The Segment Editor's tools, their mask, and the acquisition transform set aside for them.

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
        self._full_editor = FullEditor()
        ui.correctSection.connect("contentsCollapsed(bool)", self._fold)
        ui.maskCheckBox.connect("toggled(bool)", self._set_masked)
        ui.detachButton.connect("toggled(bool)", self._set_detached)
        ui.segmentEditorButton.connect("clicked()", self._open_full_editor)

    def reset(self) -> None:
        """Release a scene that closes."""
        if self._parameters is None and self._editor is not None:
            self._editor.forget_scene()

    def enter(self) -> None:
        """Enable the editor's keyboard shortcuts when the module is shown, also from the module Segment Editor."""
        if self._editor is not None and self._parameters is not None:
            self._full_editor.come_back(self._editor.settings)
        if self._editor is not None and not self._ui.correctSection.collapsed:
            self._editor.enter()
        self.update()

    def exit(self) -> None:
        """Stop the tools when another module is shown."""
        if self._editor is not None:
            self._editor.exit()

    def close(self) -> None:
        """Stop the tools and remove all observers."""
        self._full_editor.close()
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

    def reattach_acquisition_transform(self) -> None:
        """Reattach the acquisition transform if it was detached for editing."""
        self._set_detached(detached=False)

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

    def _fold(self, collapsed: bool) -> None:
        if collapsed:
            self.exit()
            self.reattach_acquisition_transform()
        else:
            self.enter()

    def _open_full_editor(self) -> None:
        """Show the module Segment Editor on the same result with the same mask."""
        node, editor = self._segmentation, self._ready_editor()
        segment_id = editor.widget.currentSegmentID() or ""
        with slicer.util.tryWithErrorDisplay(_("The module Segment Editor could not be opened.")):
            self._full_editor.open(node, mrml.source_volume(node), segment_id, editor.settings)

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
            (mrml.detach_acquisition_transform if detached else mrml.reattach_acquisition_transform)(node)
            self._on_moved()
            self.update()

    def _show_detached(self, node: vtkMRMLSegmentationNode) -> None:
        """Offer to detach the acquisition transform if Slicer's tools cannot work under it."""
        detached, displaced = mrml.acquisition_transform_is_detached(node), mrml.edits_are_displaced(node)
        self._ui.detachFrame.visible = detached or displaced
        self._ui.detachButton.checked = detached
        self._ui.editorFrame.enabled = self._ui.segmentEditorButton.enabled = not displaced
