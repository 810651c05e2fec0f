# SPDX-License-Identifier: Apache-2.0
"""qMRMLSegmentEditorWidget around the real vtkSlicerSegmentEditorLogic; effects have names and parameters only."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from slicer_harness.observers import OwnObservers
from slicer_harness.stand_ins.segment_editor_effects import EFFECTS, Effect
from slicer_harness.stand_ins.widgets import qMRMLWidget


class qMRMLSegmentEditorWidget(qMRMLWidget):
    """Segment editor without effects; tests change segments through :attr:`_logic`."""

    currentSegmentIDChanged = Signal(str)
    sourceVolumeNodeChanged = Signal(object)
    segmentationNodeChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._logic = slicer.vtkSlicerSegmentEditorLogic()
        self._observers = OwnObservers()
        self._seen: dict[str, str | None] = {}
        self._values: dict[str, Any] = {
            "segmentationNodeSelectorVisible": True,
            "sourceVolumeNodeSelectorVisible": True,
            "maskingSectionVisible": True,
            "specifyGeometryButtonVisible": True,
            "show3DButtonVisible": True,
            "addRemoveSegmentButtonsVisible": True,
            "autoShowSourceVolumeNode": True,
            "switchToSegmentationsButtonVisible": True,
            "undoEnabled": True,
            "readOnly": False,
            "effectColumnCount": 2,
            "unorderedEffectsVisible": True,
            "jumpToSelectedSegmentEnabled": False,
            "defaultTerminologyEntrySettingsKey": "",
            "defaultTerminologyEntry": "",
            "effectButtonStyle": Qt.ToolButtonStyle.ToolButtonTextUnderIcon,
        }
        self._order: list[str] = []
        self._shortcuts: QWidget | None = None
        self._logic.SetMaximumNumberOfUndoStates(10)
        self._effects = {name: Effect(name, self) for name in EFFECTS}
        self._build()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        self._grid = QGridLayout()
        self._buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        for name in EFFECTS:
            button = self._button(name, lambda name=name: self.setActiveEffectByName(name))
            button.setCheckable(True)
            group.addButton(button)
            self._buttons[name] = button
        self._undo, self._redo = self._button("Undo", self.undo), self._button("Redo", self.redo)
        row = QHBoxLayout()
        row.addWidget(self._undo)
        row.addWidget(self._redo)
        row.addStretch()
        layout.addLayout(self._grid)
        layout.addLayout(row)
        self.updateEffectList()
        self._update_undo()

    def _button(self, text: str, called: Any) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.clicked.connect(lambda _checked=False: called())
        return button

    def setMRMLScene(self, scene: Any) -> None:
        """Take a scene."""
        super().setMRMLScene(scene)
        self._logic.SetMRMLScene(scene)
        if scene is None:
            self.setMRMLSegmentEditorNode(None)
            return
        self._observers.add(scene, slicer.vtkMRMLScene.EndCloseEvent, self._scene_changed)

    def _scene_changed(self, *_event: Any) -> None:
        self.updateWidgetFromMRML()

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        """Work with this editor node."""
        self._logic.SetSegmentEditorNode(node)
        if node is not None:
            self._observers.add(node, "ModifiedEvent", self._scene_changed)
        self.updateWidgetFromMRML()

    def mrmlSegmentEditorNode(self) -> Any:
        """The editor node."""
        return self._logic.GetSegmentEditorNode()

    def updateWidgetFromMRML(self) -> None:
        """Update the widget from the editor node and emit the signals."""
        node = self.mrmlSegmentEditorNode()
        segmentation, volume, segment = self.segmentationNode(), self.sourceVolumeNode(), self.currentSegmentID()
        now = {
            "segmentation": segmentation.GetID() if segmentation is not None else None,
            "volume": volume.GetID() if volume is not None else None,
            "segment": segment,
        }
        before, self._seen = self._seen, now
        if now["segmentation"] != before.get("segmentation"):
            if segmentation is not None and not segment and segmentation.GetSegmentation().GetNumberOfSegments():
                self.setCurrentSegmentID(segmentation.GetSegmentation().GetNthSegmentID(0))
            self.segmentationNodeChanged.emit(segmentation)
        if now["volume"] != before.get("volume"):
            self.sourceVolumeNodeChanged.emit(volume)
        if self._seen is now and segment != (before.get("segment") or ""):
            self.currentSegmentIDChanged.emit(segment)
        active = node.GetActiveEffectName() if node is not None else None
        for name, button in self._buttons.items():
            button.setChecked(name == active)
        self._update_undo()

    def _update_undo(self) -> None:
        on = self._values["undoEnabled"] and self.segmentationNode() is not None
        self._undo.setEnabled(bool(on and self._logic.CanUndo()))
        self._redo.setEnabled(bool(on and self._logic.CanRedo()))

    def setSegmentationNode(self, node: Any) -> None:
        """Edit this segmentation."""
        if self.mrmlSegmentEditorNode() is None:
            message = "qMRMLSegmentEditorWidget needs setMRMLSegmentEditorNode() before a segmentation"
            raise RuntimeError(message)
        self._logic.SetSegmentationNode(node)
        self.updateWidgetFromMRML()

    def setSegmentationNodeID(self, node_id: str) -> None:
        """Edit this segmentation."""
        self.setSegmentationNode(slicer.mrmlScene.GetNodeByID(node_id) if node_id else None)

    def segmentationNode(self) -> Any:
        """Return the segmentation that is edited."""
        return self._logic.GetSegmentationNode() if self.mrmlSegmentEditorNode() is not None else None

    def segmentationNodeID(self) -> str:
        """Return the ID of the segmentation that is edited."""
        node = self.segmentationNode()
        return str(node.GetID()) if node is not None else ""

    def setSourceVolumeNode(self, node: Any) -> None:
        """Set the source volume."""
        if self.mrmlSegmentEditorNode() is None or self.segmentationNode() is None:
            message = "qMRMLSegmentEditorWidget takes a source volume only with an editor node and a segmentation"
            raise RuntimeError(message)
        self._logic.SetSourceVolumeNode(node)
        self.updateWidgetFromMRML()

    def setSourceVolumeNodeID(self, node_id: str) -> None:
        """Set the source volume."""
        self.setSourceVolumeNode(slicer.mrmlScene.GetNodeByID(node_id) if node_id else None)

    def sourceVolumeNode(self) -> Any:
        """Return the source volume."""
        return self._logic.GetSourceVolumeNode() if self.mrmlSegmentEditorNode() is not None else None

    def sourceVolumeNodeID(self) -> str:
        """ID of the volume."""
        node = self.sourceVolumeNode()
        return str(node.GetID()) if node is not None else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        """Edit this segment."""
        self._logic.SetCurrentSegmentID(segment_id)
        self.updateWidgetFromMRML()

    def currentSegmentID(self) -> str:
        """Segment that is edited."""
        return str(self._logic.GetCurrentSegmentID()) if self.mrmlSegmentEditorNode() is not None else ""

    def availableEffectNames(self) -> list[str]:
        """Names of all effects."""
        return list(EFFECTS)

    def effectByName(self, name: str) -> Effect | None:
        """An effect, or None."""
        return self._effects.get(name)

    def effectCount(self) -> int:
        """Return the number of effects."""
        return len(EFFECTS)

    def effectByIndex(self, index: int) -> Effect:
        """Return an effect by its index."""
        return self._effects[EFFECTS[index]]

    def activeEffect(self) -> Effect | None:
        """The effect in use."""
        node = self.mrmlSegmentEditorNode()
        return self._effects.get(node.GetActiveEffectName() or "") if node is not None else None

    def setActiveEffect(self, effect: Effect | None) -> None:
        """Activate an effect, or none."""
        self.setActiveEffectByName(effect.name if effect is not None else "")

    def setActiveEffectByName(self, name: str) -> None:
        """Activate an effect; an unknown name activates none."""
        if self.mrmlSegmentEditorNode() is None:
            return
        self.mrmlSegmentEditorNode().SetActiveEffectName(name if name in self._effects else "")
        self.updateWidgetFromMRML()

    def setEffectNameOrder(self, names: list[str]) -> None:
        """Show these effects first."""
        unknown = set(names) - set(EFFECTS)
        if unknown:
            message = f"Slicer has no effects called {sorted(unknown)}"
            raise ValueError(message)
        self._order = list(names)
        self.updateEffectList()

    def effectNameOrder(self) -> list[str]:
        """Return the effects that come first."""
        return list(self._order)

    def updateEffectList(self) -> None:
        """Arrange the effects' buttons."""
        rest = [name for name in EFFECTS if name not in self._order] if self._values["unorderedEffectsVisible"] else []
        shown = [*self._order, *rest]
        columns = self._values["effectColumnCount"] or 4
        for name, button in self._buttons.items():
            self._grid.removeWidget(button)
            button.setVisible(name in shown)
        for index, name in enumerate(shown):
            self._grid.addWidget(self._buttons[name], index // columns, index % columns)

    def toggleSourceVolumeIntensityMaskEnabled(self) -> None:
        """Switch the mask by intensity on or off, as the key I does."""
        self._logic.ToggleSourceVolumeIntensityMask()

    def saveStateForUndo(self) -> None:
        """Save the state of the segmentation for undo."""
        if self._values["undoEnabled"]:
            self._logic.SaveStateForUndo()
        self._update_undo()

    def undo(self) -> None:
        """Go one state back."""
        self._logic.Undo()
        self._update_undo()

    def redo(self) -> None:
        """Go one state forward."""
        self._logic.Redo()
        self._update_undo()

    def setupViewObservations(self) -> None:
        """Do nothing: there are no effects to observe the views."""

    def removeViewObservations(self) -> None:
        """Do nothing: there are no effects that observe the views."""

    def installKeyboardShortcuts(self, parent: QWidget | None = None) -> None:
        """Do nothing: there are no keyboard shortcuts."""
        self._shortcuts = parent or self

    def uninstallKeyboardShortcuts(self) -> None:
        """Do nothing: there are no keyboard shortcuts."""
        self._shortcuts = None

    def showSourceVolumeInSliceViewers(self, _force: bool = False, fit: bool = False) -> None:
        """Show the volume in the slice views."""
        slicer.util.setSliceViewerLayers(background=self.sourceVolumeNode(), fit=fit)

    def rotateSliceViewsToSegmentation(self) -> None:
        """Rotate the slices to the axes of the volume."""
        for logic in slicer.app.layoutManager().mrmlSliceLogics():
            logic.RotateSliceToLowestVolumeAxes()

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value
        if name in ("unorderedEffectsVisible", "effectColumnCount"):
            self.updateEffectList()
        if name == "undoEnabled":
            self._update_undo()

    def setMaximumNumberOfUndoStates(self, states: int) -> None:
        """Set the maximum number of undo states."""
        self._logic.SetMaximumNumberOfUndoStates(states)

    maximumNumberOfUndoStates = Property(
        int, lambda self: self._logic.GetMaximumNumberOfUndoStates(), setMaximumNumberOfUndoStates
    )


def _add_plain_properties() -> None:
    kinds = {
        bool: "segmentationNodeSelectorVisible sourceVolumeNodeSelectorVisible maskingSectionVisible"
        " specifyGeometryButtonVisible show3DButtonVisible addRemoveSegmentButtonsVisible autoShowSourceVolumeNode"
        " switchToSegmentationsButtonVisible undoEnabled readOnly unorderedEffectsVisible jumpToSelectedSegmentEnabled",
        int: "effectColumnCount",
        str: "defaultTerminologyEntrySettingsKey defaultTerminologyEntry",
        object: "effectButtonStyle",
    }
    for _kind, names in kinds.items():
        for name in names.split():
            read = lambda self, name=name: self._values[name]  # noqa: E731
            write = lambda self, value, name=name: self._set(name, value)  # noqa: E731
            setattr(qMRMLSegmentEditorWidget, name, property(read, write))
            slot = f"set{name[0].upper()}{name[1:]}"
            if any(each.startswith(slot + "(") for each in qMRMLSegmentEditorWidget.slot_names()):
                setattr(qMRMLSegmentEditorWidget, slot, write)


_add_plain_properties()
