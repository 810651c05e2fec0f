# SPDX-License-Identifier: Apache-2.0
"""Choice of the CT, and its check before a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.labels import show_error, show_text

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.mrml import VolumeCheck


_SETTLE_MS = 200
"""Delay of the check after the last change; dragging a transform sends many events."""


class InputSection(Section, VTKObservationMixin):
    """List of volumes, and the line below with the geometry of the scan or the reason of a refusal.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    on_change : callable
        Called after another volume was chosen or the chosen one has changed.
    """

    def __init__(self, ui: Any, on_change: Callable[[], None]) -> None:
        super().__init__()
        self._ui = ui
        self._on_change = on_change
        self.volume: vtkMRMLScalarVolumeNode | None = None
        self.check: VolumeCheck | None = None
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.connect("timeout()", self._check_volume)
        self._loaded: vtkMRMLScalarVolumeNode | None = None
        self._load_timer = qt.QTimer()
        self._load_timer.setSingleShot(True)
        self._load_timer.setInterval(_SETTLE_MS)
        self._load_timer.connect("timeout()", self._choose_loaded)
        self._scene_tag: int | None = None
        ui.inputSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose)

    def update(self) -> None:
        """Show the chosen volume."""
        volume = self._parameters.volume if self._parameters else None
        if self._ui.inputSelector.currentNode() != volume:
            self._ui.inputSelector.setCurrentNode(volume)
        self._observe(volume)

    def enter(self) -> None:
        """Choose a CT that is loaded while the module is shown."""
        if self._scene_tag is None:
            self._scene_tag = slicer.mrmlScene.AddObserver(slicer.mrmlScene.NodeAddedEvent, self._node_added)

    def exit(self) -> None:
        """Leave the choice as it is while another module is shown."""
        self._load_timer.stop()
        if self._scene_tag is not None:
            slicer.mrmlScene.RemoveObserver(self._scene_tag)
            self._scene_tag = None

    def settle(self) -> None:
        """Check the volume now if a check is pending."""
        if self._timer.active:
            self._check_volume()

    def read(self) -> CTVolume:
        """Return the chosen volume on its true slices."""
        return mrml.volume_input(self.volume, check=self.check)

    def close(self) -> None:
        """Remove all observers."""
        self.exit()
        self.removeObservers()
        self._timer.stop()
        self.volume = None

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _node_added(self, _caller: Any, _event: str, node: Any) -> None:
        # Scenes bring their own choice, and a volume gets its voxels only after it was added.
        if node.GetClassName() == "vtkMRMLScalarVolumeNode" and not slicer.mrmlScene.IsBatchProcessing():
            self._loaded = node
            self._load_timer.start()

    def _choose_loaded(self) -> None:
        """Choose the volume that was loaded last if it can be segmented."""
        volume, self._loaded = self._loaded, None
        known = volume is not None and volume.GetScene() is not None and volume.GetImageData() is not None
        if self._parameters is not None and known and not volume.GetHideFromEditors() and mrml.check_volume(volume).ok:
            self._parameters.volume = volume

    def _choose(self, volume: vtkMRMLScalarVolumeNode | None) -> None:
        if self._parameters is not None and self._parameters.volume != volume:
            self._parameters.volume = volume
        self._observe(volume)

    def _observe(self, volume: vtkMRMLScalarVolumeNode | None) -> None:
        if volume == self.volume:
            return
        self.removeObservers()
        self.volume = volume
        if volume is not None:
            for event in (volume.ImageDataModifiedEvent, slicer.vtkMRMLTransformableNode.TransformModifiedEvent):
                self.addObserver(volume, event, self._volume_changed)
        self._check_volume()

    def _volume_changed(self, _caller: Any, _event: str) -> None:
        self._timer.start()

    def _check_volume(self) -> None:
        self._timer.stop()
        self.check = mrml.check_volume(self.volume) if self.volume is not None else None
        self._describe()
        self._on_change()

    def _describe(self) -> None:
        """Show the geometry, or why the volume is refused: in bold, as a color may be hard to read on a dark style."""
        label, check = self._ui.geometryLabel, self.check
        if check is None:
            show_text(label, "")
        elif check.ok:
            show_text(label, "\n".join((check.geometry_line, *check.warnings)))
        else:
            show_error(label, check.reason)
