# SPDX-License-Identifier: Apache-2.0
"""Display of a result in the views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.section import Section

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode


_FILL_FRACTION = 0.5
"""Opacity on the slices as a fraction of the chosen one, so that the CT stays visible."""
_SURFACES_MS = 50
"""Delay of the surfaces after another result was chosen, so that the slices show it first."""
_WINDOWS = ("brain", "subdural", "bone")


class ViewsSection(Section):
    """Buttons for window, 3D view and largest lesion, and the opacity slider.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._rendered: vtkMRMLScalarVolumeNode | None = None
        self._turned: vtkMRMLScalarVolumeNode | None = None
        self._orientations: list[tuple[Any, str]] = []
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

    def reset(self) -> None:
        """Release a scene that closes."""
        if self._parameters is None:
            self._rendered = self._turned = None
            self._orientations = []
            self._timer.stop()

    def update(self) -> None:
        """Show the parameters in the buttons; the views themselves are restored with the scene."""
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
        """Show the CT of a new result in the brain window at the largest lesion."""
        volume = self._volume
        with_views = slicer.app.layoutManager() is not None
        transform = volume.GetParentTransformNode()
        # Slicer cannot rotate slice views to a volume under an acquisition transform.
        straight = transform is None or transform.IsTransformToWorldLinear()
        turns = with_views and bool(straight)
        if self._turned is None:
            nodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
            self._orientations = [(node, node.GetOrientation()) for node in nodes]
        slicer.util.setSliceViewerLayers(background=volume, fit=with_views, rotateToVolumePlane=turns)
        self._turned = volume if turns else None
        mrml.set_window(volume, "brain")
        self.go_to_largest()

    def enter(self) -> None:
        """Turn the slice views to the scan's planes again."""
        if self._turned is not None and self._turned.GetScene() is not None:
            for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
                node.RotateToVolumePlane(self._turned)

    def exit(self) -> None:
        """Turn the slice views back for the other modules."""
        if self._turned is not None:
            for node, orientation in self._orientations:
                if node.GetScene() is not None:
                    node.SetOrientation(orientation)

    def apply(self) -> None:
        """Show another result as the buttons say; its surfaces follow shortly after."""
        if self._segmentation is not None:
            self.update()
            self._timer.start()
            self._apply_opacity()
            self._render(self._parameters.show_skull)

    def go_to_largest(self) -> None:
        """Move the slice views to the largest lesion, if there is one."""
        lesion = mrml.largest_lesion(self._segmentation)
        if lesion is not None:
            mrml.jump_to(self._segmentation, lesion.ras_mm)

    @property
    def _volume(self) -> vtkMRMLScalarVolumeNode | None:
        """The CT of the result; without a result, the chosen CT."""
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
        """Show or hide the skull of the result's scan, and hide all others."""
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
        mrml.set_opacity(self._segmentation, opacity_3d=opacity, opacity_2d=_FILL_FRACTION * opacity)

    @staticmethod
    def _set(button: Any, *, checked: bool) -> None:
        """Set a button's state without emitting its signals."""
        blocked = button.blockSignals(True)
        button.checked = checked
        button.blockSignals(blocked)
