# SPDX-License-Identifier: Apache-2.0
"""ctkComboBox."""

from __future__ import annotations

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import QComboBox

from slicer_harness.stand_ins.base import StandIn


class ctkComboBox(StandIn, QComboBox):
    """Combo box with a default text, which may be elided."""

    returnRelease = Signal()
    _default_text = ""
    _forced = False
    _elide = Qt.TextElideMode.ElideNone

    def setCurrentUserDataAsString(self, data: str) -> None:
        """Choose the item with this data."""
        self.setCurrentIndex(next((i for i in range(self.count) if str(self.itemData(i)) == data), -1))

    defaultText = Property(
        str, lambda self: self._default_text, lambda self, value: setattr(self, "_default_text", value)
    )
    forceDefault = Property(bool, lambda self: self._forced, lambda self, value: setattr(self, "_forced", value))
    elideMode = Property(object, lambda self: self._elide, lambda self, value: setattr(self, "_elide", value))
    currentUserDataAsString = Property(str, lambda self: str(self.currentData), setCurrentUserDataAsString)
