# SPDX-License-Identifier: Apache-2.0
"""How the views show a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.section import Section

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from ICHSegmentationPanel.parameters import Parameters

_FILL_SHARE = 0.5
"""On the slices the color stays translucent, so that the blood itself is seen."""
_SURFACES_MS = 50
"""Surfaces of another result are built this much later, when the slices show it."""
_WINDOWS = ("brain", "subdural", "bone")


class ViewsSection(Section):
    """Buttons for the gray window, the 3D view and the largest lesion, and the opacity slider.

    Parameters
    ----------
    ui : object
        The panel's widgets by name.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._rendered: vtkMRMLScalarVolumeNode | None = None
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SURFACES_MS)
        self._timer.connect("timeout()", self._apply_3d)
        for window in _WINDOWS:
            button = getattr(ui, f"{window}Button")
            button.connect("clicked()", lambda window=window: self._set_window(window))
        ui.largestButton.connect("clicked()", self.go_to_largest)
        ui.show3DButton.connect("toggled(bool)", self._show_3d)
        ui.skullButton.connect("toggled(bool)", self._show_skull)
        ui.opacitySlider.connect("valueChanged(double)", self._set_opacity)

    def set_parameters(self, parameters: Parameters | None) -> None:
        """Take up a scene's parameters, or None while a scene closes."""
        self._parameters = parameters
        if parameters is None:
            self._rendered = None
            self._timer.stop()
        self.update()

    def update(self) -> None:
        """Show what the parameters say; what they mean for the views was saved with the scene."""
        parameters = self._parameters
        ui = self._ui
        ui.show3DButton.enabled = ui.largestButton.enabled = self._segmentation is not None
        ui.opacitySlider.enabled = self._segmentation is not None
        for window in _WINDOWS:
            getattr(ui, f"{window}Button").enabled = self._volume is not None
        ui.skullButton.enabled = self._volume is not None
        self._set(ui.show3DButton, checked=parameters is not None and parameters.show_3d)
        self._set(ui.skullButton, checked=parameters is not None and parameters.show_skull)
        blocked = ui.opacitySlider.blockSignals(True)
        ui.opacitySlider.value = parameters.opacity if parameters is not None else 1.0
        ui.opacitySlider.blockSignals(blocked)

    def show_result(self) -> None:
        """Bring a fresh result before the user: its CT in the brain window, at the largest lesion."""
        volume = self._volume
        with_views = slicer.app.layoutManager() is not None
        transform = volume.GetParentTransformNode()
        # Slicer cannot turn its slices to a volume that an acquisition transform bends.
        straight = transform is None or transform.IsTransformToWorldLinear()
        slicer.util.setSliceViewerLayers(
            background=volume, fit=with_views, rotateToVolumePlane=with_views and bool(straight)
        )
        mrml.set_window(volume, "brain")
        self.go_to_largest()

    def apply(self) -> None:
        """Make the views show another result as the buttons say; its surfaces come a moment later."""
        if self._segmentation is not None:
            self.update()
            self._timer.start()
            self._apply_opacity()
            self._render(self._parameters.show_skull)

    def go_to_largest(self) -> None:
        """Move the slice views to the largest lesion; they stay where they are if there is none."""
        lesion = mrml.largest_lesion(self._segmentation)
        if lesion is not None:
            mrml.jump_to(self._segmentation, lesion.ras_mm)

    @property
    def _volume(self) -> vtkMRMLScalarVolumeNode | None:
        """The CT of the result; without a result the chosen one."""
        if self._segmentation is not None:
            return mrml.source_volume(self._segmentation)
        return self._parameters.volume if self._parameters is not None else None

    def _set_window(self, window: str) -> None:
        mrml.set_window(self._volume, window)

    def _show_3d(self, shown: bool) -> None:
        self._parameters.show_3d = shown
        self._apply_3d()

    def _apply_3d(self) -> None:
        self._timer.stop()
        if self._segmentation is not None:
            with slicer.util.tryWithErrorDisplay(waitCursor=True):
                mrml.show_3d(self._segmentation, self._parameters.show_3d)

    def _show_skull(self, shown: bool) -> None:
        self._parameters.show_skull = shown
        with slicer.util.tryWithErrorDisplay(waitCursor=True):
            self._render(shown)

    def _render(self, shown: bool) -> None:
        """Show the skull of the result's scan, and of no other that the panel showed."""
        volume = self._volume if shown else None
        for earlier in (self._rendered, self._volume):
            if earlier is not None and earlier is not volume and earlier.GetScene() is not None:
                mrml.show_skull(earlier, False)
        if volume is not None and not mrml.skull_is_shown(volume):
            mrml.show_skull(volume, True)
        self._rendered = volume

    def _set_opacity(self, opacity: float) -> None:
        self._parameters.opacity = opacity
        if self._segmentation is not None:
            self._apply_opacity()

    def _apply_opacity(self) -> None:
        opacity = self._parameters.opacity
        mrml.set_opacity(self._segmentation, opacity_3d=opacity, opacity_2d=_FILL_SHARE * opacity)

    @staticmethod
    def _set(button: Any, *, checked: bool) -> None:
        """Set a button's state without doing what a click on it does."""
        blocked = button.blockSignals(True)
        button.checked = checked
        button.blockSignals(blocked)
