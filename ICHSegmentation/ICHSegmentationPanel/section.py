# SPDX-License-Identifier: Apache-2.0
"""What every section of the panel has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode

    from ICHSegmentationPanel.parameters import Parameters


class Section:
    """Base of the sections; the panel calls these methods on each, and a section overrides those that it needs."""

    _parameters: Parameters | None = None

    def set_parameters(self, parameters: Parameters | None) -> None:
        """Set the parameters of the scene; None while a scene closes."""
        self._parameters = parameters
        self.reset()
        self.update()

    def reset(self) -> None:
        """Forget what belonged to the parameters before."""

    def update(self) -> None:
        """Update the widgets after a parameter has changed."""

    def enter(self) -> None:
        """Prepare tools and shortcuts when the module is shown."""

    def exit(self) -> None:
        """Stop tools when another module is shown."""

    def close(self) -> None:
        """Remove observers and stop timers when the panel is deleted; the parameters are None by then."""

    @property
    def _segmentation(self) -> vtkMRMLSegmentationNode | None:
        """The result that is shown and corrected."""
        return self._parameters.segmentation if self._parameters is not None else None
