# SPDX-License-Identifier: Apache-2.0
"""Two scans in two linked slice views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

_VIEWS = ("Red", "Yellow")


class SideBySide:
    """Layout with the later scan in the red view and the earlier one in the yellow view, both axial and linked."""

    def __init__(self) -> None:
        self._layout: int | None = None
        self._views: list[tuple[Any, Any, str | None, str, bool]] = []

    def show(self, followup: vtkMRMLScalarVolumeNode, baseline: vtkMRMLScalarVolumeNode) -> None:
        """Switch the views."""
        self.close()
        manager = slicer.app.layoutManager()
        self._layout = manager.layout
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
        for view, volume in zip(_VIEWS, (followup, baseline), strict=True):
            widget = manager.sliceWidget(view)
            shown, node = widget.mrmlSliceCompositeNode(), widget.mrmlSliceNode()
            self._views.append(
                (shown, node, shown.GetBackgroundVolumeID(), node.GetOrientation(), bool(shown.GetLinkedControl()))
            )
            shown.SetLinkedControl(False)
            shown.SetBackgroundVolumeID(volume.GetID())
            node.SetOrientation("Axial")
            widget.sliceLogic().FitSliceToBackground()
        # Linked last, or the second volume would replace the first. Hot: while the user still drags, too.
        first, second = (each[1] for each in self._views)
        second.GetSliceToRAS().DeepCopy(first.GetSliceToRAS())
        second.UpdateMatrices()
        for shown, *_others in self._views:
            shown.SetHotLinkedControl(True)
            shown.SetLinkedControl(True)

    def close(self) -> None:
        """Restore the views as they were."""
        if self._layout is None:
            return
        # A scene that closes has taken its views along.
        self._views = [each for each in self._views if each[0].GetScene() is not None]
        for shown, *_others in self._views:
            shown.SetLinkedControl(False)
        for shown, node, volume_id, orientation, linked in self._views:
            known = volume_id is not None and slicer.mrmlScene.GetNodeByID(volume_id) is not None
            shown.SetBackgroundVolumeID(volume_id if known else None)
            node.SetOrientation(orientation)
            shown.SetLinkedControl(linked)
        slicer.app.layoutManager().setLayout(self._layout)
        self._layout, self._views = None, []
