# SPDX-License-Identifier: Apache-2.0
"""Choosing the CT, and what is known of it before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.section import Section

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.mrml import VolumeCheck


_SETTLE_MS = 200
"""The volume is looked at when its last change is this long ago: dragging a transform sends one event after another."""


class InputSection(Section, VTKObservationMixin):
    """The volume list and the line below it: the scan's geometry, or why it is refused.

    Parameters
    ----------
    ui : object
        The panel's widgets by name.
    on_change : callable
        Called when another volume was chosen or the chosen one changed.
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
        self._timer.connect("timeout()", self._look)
        ui.inputSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose)

    def update(self) -> None:
        """Show what the parameters say."""
        volume = self._parameters.volume if self._parameters else None
        if self._ui.inputSelector.currentNode() != volume:
            self._ui.inputSelector.setCurrentNode(volume)
        self._observe(volume)

    def settle(self) -> None:
        """Look at the volume now, if it has changed since."""
        if self._timer.active:
            self._look()

    def read(self) -> CTVolume:
        """Return the chosen scan on its true slices."""
        return mrml.volume_input(self.volume, check=self.check)

    def close(self) -> None:
        """Remove all observers."""
        self.removeObservers()
        self._timer.stop()
        self.volume = None

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
        self._look()

    def _volume_changed(self, _caller: Any, _event: str) -> None:
        self._timer.start()

    def _look(self) -> None:
        self._timer.stop()
        self.check = mrml.check_volume(self.volume) if self.volume is not None else None
        self._ui.geometryLabel.visible = self.check is not None
        if self.check is not None:
            self._ui.geometryLabel.text = _describe(self.check)
        self._on_change()


def _describe(check: VolumeCheck) -> str:
    if not check.ok:
        return f'<span style="color: #c0392b">{_plain(check.reason)}</span>'
    return "<br>".join(map(_plain, (check.geometry_line, *check.warnings)))


def _plain(text: str) -> str:
    """Return text for a label that takes rich text: names of volumes may hold what looks like a tag."""
    return escape(text, quote=False)
