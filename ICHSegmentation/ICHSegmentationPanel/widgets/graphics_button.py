# SPDX-License-Identifier: Apache-2.0
"""Button that installs torch for a graphics card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ICHSegmentationPanel.install import GraphicsSupport

if TYPE_CHECKING:
    from ICHSegmentationLib.models import Device
    from ICHSegmentationPanel.widgets.message_area import MessageArea


class GraphicsButton:
    """Button below the devices; visible if there is a graphics card but no torch.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    messages : MessageArea
        Shows the outcome.
    support : GraphicsSupport, optional
        Installs torch.
    """

    def __init__(self, ui: Any, messages: MessageArea, support: GraphicsSupport | None = None) -> None:
        self._ui = ui
        self._messages = messages
        self._support = support or GraphicsSupport()
        ui.graphicsButton.visible = False
        ui.graphicsButton.connect("clicked()", self._install)

    def set_devices(self, devices: Iterable[Device]) -> None:
        """Set the devices that the worker found."""
        has_idle_card = any(device.problem for device in devices)
        self._ui.graphicsButton.visible = has_idle_card and self._support.state != "installed"

    def _install(self) -> None:
        problem = self._support.install()
        if problem:
            self._messages.complain(problem)
            return
        self._ui.graphicsButton.visible = False
        self._messages.say(_("Restart Slicer; then the graphics card can be chosen."))
