# SPDX-License-Identifier: Apache-2.0
"""qMRMLNodeComboBox over a real scene."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from slicer_harness.observers import OwnObservers
from slicer_harness.stand_ins.base import StandIn


class qMRMLNodeComboBox(StandIn, QWidget):
    """Selector of a node of certain classes."""

    currentNodeChanged = Signal((object,), (bool,))
    currentNodeIDChanged = Signal(str)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    nodeAboutToBeRemoved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._observers = OwnObservers()
        self._attributes: list[tuple[str, str, Any]] = []
        self._labels: dict[str, str] = {}
        self._current: str | None = None
        self._values: dict[str, Any] = {
            "nodeTypes": [],
            "hideChildNodeTypes": [],
            "showHidden": False,
            "showChildNodeTypes": True,
            "noneEnabled": False,
            "addEnabled": True,
            "removeEnabled": True,
            "editEnabled": False,
            "renameEnabled": False,
            "baseName": "",
            "selectNodeUponCreation": True,
            "noneDisplay": "None",
            "interactionNodeSingletonTag": "",
        }
        self._combo = QComboBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self._combo.activated.connect(self._chosen)

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """List the nodes of this scene; without "none", select the first."""
        self._observers.remove_all()
        self._scene = scene
        if scene is not None:
            kinds = slicer.vtkMRMLScene
            for event in (kinds.NodeAddedEvent, kinds.NodeRemovedEvent):
                self._observers.add(scene, event, self._node_list_changed)
            for event in (kinds.EndBatchProcessEvent, kinds.EndCloseEvent, kinds.EndImportEvent):
                self._observers.add(scene, event, self._node_list_changed)
        self._node_list_changed()

    def _node_list_changed(self, *_event: Any) -> None:
        # Slicer's widget waits until the end of a batch (close, import, restore) too.
        if self._scene is not None and self._scene.IsBatchProcessing():
            return
        before = {self._combo.itemData(i) for i in range(self._combo.count)}
        self._fill()
        nodes = self._nodes()
        new = [node for node in nodes if node.GetID() not in before]
        for node in new:
            self.nodeAdded.emit(node)
        gone = self._current is not None and self._current not in [node.GetID() for node in nodes]
        if gone or (self._current is None and nodes and not self._values["noneEnabled"]):
            self._make_current(None if self._values["noneEnabled"] or not nodes else nodes[0])

    def _fill(self) -> None:
        blocker = QSignalBlocker(self._combo)
        self._combo.clear()
        if self._values["noneEnabled"]:
            self._combo.addItem(self._values["noneDisplay"], None)
        for node in self._nodes():
            self._combo.addItem(node.GetName(), node.GetID())
        self._show_current()
        blocker.unblock()

    def _show_current(self) -> None:
        ids = [self._combo.itemData(i) for i in range(self._combo.count)]
        self._combo.setCurrentIndex(ids.index(self._current) if self._current in ids else -1)

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        nodes = [self._scene.GetNthNode(i) for i in range(self._scene.GetNumberOfNodes())]
        return [node for node in nodes if self._is_listed(node)]

    def _is_listed(self, node: Any) -> bool:
        kinds = self._values["nodeTypes"]
        exact = node.GetClassName() in kinds
        derived = any(node.IsA(kind) for kind in kinds) and self._values["showChildNodeTypes"]
        if not (exact or derived) or any(node.IsA(kind) for kind in self._values["hideChildNodeTypes"]):
            return False
        if node.GetHideFromEditors() and not self._values["showHidden"]:
            return False
        wanted = [(name, value) for kind, name, value in self._attributes if node.IsA(kind)]
        return all(self._has_attribute(node, name, value) for name, value in wanted)

    @staticmethod
    def _has_attribute(node: Any, name: str, value: Any) -> bool:
        found = node.GetAttribute(name)
        return found is not None and value in (None, found)

    def _make_current(self, node: Any) -> None:
        node_id = node.GetID() if node is not None else None
        if node_id == self._current:
            return
        self._current = node_id
        self._show_current()
        self.currentNodeChanged[object].emit(node)
        self.currentNodeChanged[bool].emit(node is not None)
        self.currentNodeIDChanged.emit(node_id or "")

    def _chosen(self, index: int) -> None:
        node_id = self._combo.itemData(index)
        node = self._scene.GetNodeByID(node_id) if node_id else None
        self._make_current(node)
        self.nodeActivated.emit(node)

    def currentNode(self) -> Any:
        """The chosen node."""
        return self._scene.GetNodeByID(self._current) if self._scene is not None and self._current else None

    def setCurrentNode(self, node: Any) -> None:
        """Select a node, by object or ID; select none if it is not listed."""
        node_id = node if isinstance(node, str | None) else node.GetID()
        self._make_current(next((each for each in self._nodes() if each.GetID() == node_id), None))

    def setCurrentNodeID(self, node_id: str | None) -> None:
        """Choose by ID."""
        self.setCurrentNode(node_id)

    def setCurrentNodeIndex(self, index: int) -> None:
        """Select by index in the list, not counting "none"."""
        self.setCurrentNode(self.nodeFromIndex(index))

    def nodeCount(self) -> int:
        """Number of nodes in the list."""
        return len(self._nodes())

    def nodeFromIndex(self, index: int) -> Any:
        """Return the node at an index of the list."""
        nodes = self._nodes()
        return nodes[index] if 0 <= index < len(nodes) else None

    def addAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        """List only nodes with this attribute."""
        self._attributes.append((node_type, name, value))
        self._node_list_changed()

    def removeAttribute(self, node_type: str, name: str) -> None:
        """Undo :meth:`addAttribute`."""
        self._attributes = [each for each in self._attributes if each[:2] != (node_type, name)]
        self._node_list_changed()

    def setNodeTypeLabel(self, label: str, node_type: str) -> None:
        """Name of a class in the menu."""
        self._labels[node_type] = label

    def nodeTypeLabel(self, node_type: str) -> str:
        """Name of a class in the menu."""
        return self._labels.get(node_type, node_type.removeprefix("vtkMRML").removesuffix("Node"))

    def addNode(self, node_type: str | None = None) -> Any:
        """Create a node, as the menu does."""
        kind = node_type or self._values["nodeTypes"][0]
        node = self._scene.AddNewNodeByClass(
            kind, self._scene.GenerateUniqueName(self._values["baseName"] or self.nodeTypeLabel(kind))
        )
        if self._values["selectNodeUponCreation"]:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self) -> None:
        """Remove the chosen node from the scene."""
        node = self.currentNode()
        if node is not None:
            self.nodeAboutToBeRemoved.emit(node)
            self._scene.RemoveNode(node)

    @property
    def sizeAdjustPolicy(self) -> Any:
        """Whether the width follows the names of the nodes."""
        return self._combo.sizeAdjustPolicy

    @sizeAdjustPolicy.setter
    def sizeAdjustPolicy(self, policy: Any) -> None:
        self._combo.sizeAdjustPolicy = policy

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = list(value) if isinstance(value, tuple) else value
        self._node_list_changed()

    currentNodeID = Property(str, lambda self: self._current or "", setCurrentNodeID, notify=currentNodeIDChanged)
    nodeTypes = Property(list, lambda self: self._values["nodeTypes"], lambda self, v: self._set("nodeTypes", v))
    hideChildNodeTypes = Property(
        list, lambda self: self._values["hideChildNodeTypes"], lambda self, v: self._set("hideChildNodeTypes", v)
    )
    showHidden = Property(bool, lambda self: self._values["showHidden"], lambda self, v: self._set("showHidden", v))
    showChildNodeTypes = Property(
        bool, lambda self: self._values["showChildNodeTypes"], lambda self, v: self._set("showChildNodeTypes", v)
    )
    noneEnabled = Property(bool, lambda self: self._values["noneEnabled"], lambda self, v: self._set("noneEnabled", v))
    addEnabled = Property(bool, lambda self: self._values["addEnabled"], lambda self, v: self._set("addEnabled", v))
    removeEnabled = Property(
        bool, lambda self: self._values["removeEnabled"], lambda self, v: self._set("removeEnabled", v)
    )
    editEnabled = Property(bool, lambda self: self._values["editEnabled"], lambda self, v: self._set("editEnabled", v))
    renameEnabled = Property(
        bool, lambda self: self._values["renameEnabled"], lambda self, v: self._set("renameEnabled", v)
    )
    selectNodeUponCreation = Property(
        bool,
        lambda self: self._values["selectNodeUponCreation"],
        lambda self, v: self._set("selectNodeUponCreation", v),
    )
    noneDisplay = Property(str, lambda self: self._values["noneDisplay"], lambda self, v: self._set("noneDisplay", v))
    baseName = Property(str, lambda self: self._values["baseName"], lambda self, v: self._set("baseName", v))
