# SPDX-License-Identifier: Apache-2.0
"""Read and write through the real storage nodes, so that the functions of slicer.util work unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_NODES = {
    "SegmentationFile": "vtkMRMLSegmentationNode",
    "ModelFile": "vtkMRMLModelNode",
    "TransformFile": "vtkMRMLTransformNode",
    "TableFile": "vtkMRMLTableNode",
    "TextFile": "vtkMRMLTextNode",
}
_SUFFIXES = {
    ".seg.nrrd": "SegmentationFile",
    ".mrb": "SceneFile",
    ".mrml": "SceneFile",
    ".nrrd": "VolumeFile",
    ".nhdr": "VolumeFile",
    ".nii": "VolumeFile",
    ".nii.gz": "VolumeFile",
    ".mha": "VolumeFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
    ".csv": "TableFile",
    ".tsv": "TableFile",
    ".stl": "ModelFile",
    ".vtk": "ModelFile",
    ".txt": "TextFile",
}


class IOManager:
    """The methods of qSlicerCoreIOManager that slicer.util calls."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def fileType(self, path: str) -> str:
        """Return the file type by the file's name."""
        name = str(path).lower()
        return next((kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix)), "NoFile")

    def fileWriterFileType(self, node: Any, _extension: str = "") -> str:
        """Return the file type in which a node is written."""
        if node.IsA("vtkMRMLVolumeNode"):
            return "VolumeFile"
        return next((kind for kind, name in _NODES.items() if node.IsA(name)), "NoFile")

    def loadNodes(self, kind: str, properties: dict[str, Any], loaded: Any, messages: Any) -> bool:
        """Read a file into the scene."""
        path = str(properties["fileName"])
        if not Path(path).is_file():
            messages.AddMessage(16384, f"No such file: {path}")  # vtkCommand::ErrorEvent's own list starts elsewhere
            return False
        if kind == "SceneFile":
            return self.loadScene(path, bool(properties.get("clear", False)))
        node = self._read_volume(path, properties) if kind == "VolumeFile" else self._read(kind, path)
        if node is None:
            messages.AddMessage(16384, f"{path} could not be read")
            return False
        if properties.get("name"):
            node.SetName(str(properties["name"]))
        loaded.AddItem(node)
        return True

    def _read_volume(self, path: str, properties: dict[str, Any]) -> Any:
        logic = self._session.logics["volumes"]
        name = Path(path).name.partition(".")[0]
        options = (1 if properties.get("labelmap") else 0) | (2 if properties.get("center") else 0)
        node = logic.AddArchetypeVolume(path, name, options)
        if node is not None and properties.get("show", True):
            selection = self._session.application_logic.GetSelectionNode()
            selection.SetActiveVolumeID(node.GetID())
            self._session.application_logic.PropagateVolumeSelection()
        return node

    def _read(self, kind: str, path: str) -> Any:
        node = self._session.scene.CreateNodeByClass(_NODES[kind])
        node.UnRegister(None)
        node.SetName(Path(path).name.partition(".")[0])
        node = self._session.scene.AddNode(node)
        storage = self._storage_of(node)
        storage.SetFileName(path)
        if not storage.ReadData(node):
            self._session.scene.RemoveNode(node)
            return None
        if node.IsA("vtkMRMLDisplayableNode") and node.GetDisplayNode() is None:
            node.CreateDefaultDisplayNodes()
        return node

    @staticmethod
    def _storage_of(node: Any) -> Any:
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode()
        return node.GetStorageNode()

    def saveNodes(self, kind: str, properties: dict[str, Any], _messages: Any) -> bool:
        """Write one node, or the scene."""
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return self.saveScene(path)
        node = self._session.scene.GetNodeByID(properties["nodeID"])
        storage = self._storage_of(node)
        storage.SetFileName(path)
        if "useCompression" in properties:
            storage.SetUseCompression(int(properties["useCompression"]))
        return bool(storage.WriteData(node))

    def saveScene(self, path: str, *_picture: Any) -> bool:
        """Write a scene as a bundle with all data (.mrb), or the .mrml file alone."""
        scene = self._session.scene
        self.addDefaultStorageNodes()
        if path.lower().endswith(".mrb"):
            return bool(scene.WriteToMRB(path))
        scene.SetURL(path)
        return bool(scene.Commit(path))

    def loadScene(self, path: str, clear: bool = True, *_messages: Any) -> bool:
        """Read a scene into the current one."""
        scene = self._session.scene
        if path.lower().endswith(".mrb"):
            return bool(scene.ReadFromMRB(path, clear))
        scene.SetURL(path)
        if clear:
            return bool(scene.Connect())
        return bool(scene.Import())

    def addDefaultStorageNodes(self) -> None:
        """Add a storage node to each storable node that lacks one."""
        scene = self._session.scene
        nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
        for node in nodes:
            if node.IsA("vtkMRMLStorableNode") and node.GetSaveWithScene() and node.GetStorageNode() is None:
                node.AddDefaultStorageNode()
