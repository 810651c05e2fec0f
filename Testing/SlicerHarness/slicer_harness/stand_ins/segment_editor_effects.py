# SPDX-License-Identifier: Apache-2.0
"""The editor's effects: their names and parameters."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

EFFECTS = (
    "Threshold",
    "Paint",
    "Draw",
    "Erase",
    "Level tracing",
    "Grow from seeds",
    "Fill between slices",
    "Margin",
    "Hollow",
    "Smoothing",
    "Scissors",
    "Islands",
    "Logical operators",
    "Mask volume",
)


class Effect(QObject):
    """Name and parameters of an effect; as in Slicer, the editor node stores them."""

    def __init__(self, name: str, editor: Any) -> None:
        super().__init__(editor)
        self._name = name
        self._editor = editor

    @property
    def name(self) -> str:
        """Name of the effect."""
        return self._name

    def setParameter(self, name: str, value: Any) -> None:
        """Set a parameter of this effect."""
        self._editor.mrmlSegmentEditorNode().SetAttribute(f"{self._name}.{name}", str(value))

    def setCommonParameter(self, name: str, value: Any) -> None:
        """Set a parameter that effects share."""
        self._editor.mrmlSegmentEditorNode().SetAttribute(name, str(value))

    def parameter(self, name: str) -> str:
        """Return the value of a parameter; empty if it was never set."""
        return self._editor.mrmlSegmentEditorNode().GetAttribute(f"{self._name}.{name}") or ""

    def integerParameter(self, name: str) -> int:
        """Return the value of a parameter as a number."""
        return int(self.parameter(name))

    def doubleParameter(self, name: str) -> float:
        """Return the value of a parameter as a number."""
        return float(self.parameter(name))
