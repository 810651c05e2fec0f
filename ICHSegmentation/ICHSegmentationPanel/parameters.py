# SPDX-License-Identifier: Apache-2.0
"""Parameters of the panel, stored in the module's parameter node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slicer import vtkMRMLNode, vtkMRMLScalarVolumeNode, vtkMRMLScriptedModuleNode, vtkMRMLSegmentationNode

_VOLUME = "InputVolume"
_SEGMENTATION = "Segmentation"
_COMPARED = "ComparedSegmentation"


class Parameters:
    """The user's choices, which are saved with the scene.

    Parameters
    ----------
    node : vtkMRMLScriptedModuleNode
        The module's parameter node.
    """

    def __init__(self, node: vtkMRMLScriptedModuleNode) -> None:
        self.node = node

    @property
    def volume(self) -> vtkMRMLScalarVolumeNode | None:
        """The CT to segment."""
        return self.node.GetNodeReference(_VOLUME)

    @volume.setter
    def volume(self, node: vtkMRMLScalarVolumeNode | None) -> None:
        self._refer(_VOLUME, node)

    @property
    def segmentation(self) -> vtkMRMLSegmentationNode | None:
        """The result that is shown and corrected."""
        return self.node.GetNodeReference(_SEGMENTATION)

    @segmentation.setter
    def segmentation(self, node: vtkMRMLSegmentationNode | None) -> None:
        self._refer(_SEGMENTATION, node)

    @property
    def compared(self) -> vtkMRMLSegmentationNode | None:
        """The result to compare with."""
        return self.node.GetNodeReference(_COMPARED)

    @compared.setter
    def compared(self, node: vtkMRMLSegmentationNode | None) -> None:
        self._refer(_COMPARED, node)

    @property
    def model(self) -> str:
        """Name of the model; "default" until the user chooses one."""
        return self.node.GetParameter("Model") or "default"

    @model.setter
    def model(self, name: str) -> None:
        self.node.SetParameter("Model", name)

    @property
    def device(self) -> str:
        """Device of the model: "auto", "cpu" or "cuda:N"."""
        return self.node.GetParameter("Device") or "auto"

    @device.setter
    def device(self, name: str) -> None:
        self.node.SetParameter("Device", name)

    @property
    def show_3d(self) -> bool:
        """Whether the lesions are shown as surfaces."""
        return self.node.GetParameter("Show3D") == "true"

    @show_3d.setter
    def show_3d(self, shown: bool) -> None:
        self.node.SetParameter("Show3D", _text(shown))

    @property
    def show_skull(self) -> bool:
        """Whether the skull is shown in the 3D view."""
        return self.node.GetParameter("ShowSkull") == "true"

    @show_skull.setter
    def show_skull(self, shown: bool) -> None:
        self.node.SetParameter("ShowSkull", _text(shown))

    @property
    def opacity(self) -> float:
        """Opacity of the lesions, 0 to 1."""
        return float(self.node.GetParameter("Opacity") or 1.0)

    @opacity.setter
    def opacity(self, opacity: float) -> None:
        self.node.SetParameter("Opacity", f"{opacity:.3f}")

    @property
    def show_boxes(self) -> bool:
        """Whether the boxes of all lesions are shown, not only that of the chosen one."""
        return self.node.GetParameter("ShowBoxes") == "true"

    @show_boxes.setter
    def show_boxes(self, shown: bool) -> None:
        self.node.SetParameter("ShowBoxes", _text(shown))

    @property
    def boxes_in_3d(self) -> bool:
        """Whether the boxes are shown in the 3D view too."""
        return self.node.GetParameter("BoxesIn3D") == "true"

    @boxes_in_3d.setter
    def boxes_in_3d(self, shown: bool) -> None:
        self.node.SetParameter("BoxesIn3D", _text(shown))

    def _refer(self, role: str, node: vtkMRMLNode | None) -> None:
        self.node.SetNodeReferenceID(role, node.GetID() if node else None)


def _text(flag: bool) -> str:
    return "true" if flag else "false"
