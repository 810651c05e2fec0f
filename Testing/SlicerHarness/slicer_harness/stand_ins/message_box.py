# SPDX-License-Identifier: Apache-2.0
"""ctkMessageBox, in which slicer.util shows its messages."""

from __future__ import annotations

from PySide6.QtCore import Property
from PySide6.QtWidgets import QMessageBox

from slicer_harness.stand_ins.base import StandIn


class ctkMessageBox(StandIn, QMessageBox):
    """Message box with an optional "do not show again"."""

    _key = ""
    _visible = False
    _again = False

    def setDontShowAgain(self, off: bool) -> None:
        """Set whether the message is suppressed from now on."""
        self._again = off

    dontShowAgain = Property(bool, lambda self: self._again, setDontShowAgain)
    dontShowAgainSettingsKey = Property(str, lambda self: self._key, lambda self, value: setattr(self, "_key", value))
    dontShowAgainVisible = Property(
        bool, lambda self: self._visible, lambda self, value: setattr(self, "_visible", value)
    )
