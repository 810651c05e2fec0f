# SPDX-License-Identifier: Apache-2.0
"""ctkMessageBox, which slicer.util shows its messages with."""

from __future__ import annotations

from PySide6.QtCore import Property
from PySide6.QtWidgets import QMessageBox

from slicer_harness.stand_ins.base import StandIn


class ctkMessageBox(StandIn, QMessageBox):
    """A message that may offer not to come again."""

    _key = ""
    _visible = False
    _again = False

    def setDontShowAgain(self, off: bool) -> None:
        """Do not show it again."""
        self._again = off

    dontShowAgain = Property(bool, lambda self: self._again, setDontShowAgain)
    dontShowAgainSettingsKey = Property(str, lambda self: self._key, lambda self, value: setattr(self, "_key", value))
    dontShowAgainVisible = Property(
        bool, lambda self: self._visible, lambda self, value: setattr(self, "_visible", value)
    )
