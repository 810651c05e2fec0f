# SPDX-License-Identifier: Apache-2.0
"""Sliders and spin boxes for decimal numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from slicer_harness.stand_ins.base import StandIn


class ctkDoubleSpinBox(StandIn, QWidget):
    """Spin box inside a container widget."""

    valueChanged = Signal((float,), (str,))
    editingFinished = Signal()
    decimalsChanged = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QDoubleSpinBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.valueChanged.connect(self._tell)
        self._box.editingFinished.connect(self.editingFinished)

    def _tell(self, value: float) -> None:
        self.valueChanged[float].emit(value)
        self.valueChanged[str].emit(self._box.text)

    def setValue(self, value: float) -> None:
        """Set the value."""
        self._box.setValue(value)

    def setDecimals(self, decimals: int) -> None:
        """Set the number of decimals."""
        self._box.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    def setReadOnly(self, read_only: bool) -> None:
        """Make the number read-only."""
        self._box.setReadOnly(read_only)

    value = Property(float, lambda self: self._box.value, setValue, notify=valueChanged)
    decimals = Property(int, lambda self: self._box.decimals, setDecimals)
    readOnly = Property(bool, lambda self: self._box.readOnly, setReadOnly)
    minimum = Property(float, lambda self: self._box.minimum, lambda self, v: self._box.setMinimum(v))
    maximum = Property(float, lambda self: self._box.maximum, lambda self, v: self._box.setMaximum(v))
    singleStep = Property(float, lambda self: self._box.singleStep, lambda self, v: self._box.setSingleStep(v))
    prefix = Property(str, lambda self: self._box.prefix, lambda self, v: self._box.setPrefix(v))
    suffix = Property(str, lambda self: self._box.suffix, lambda self, v: self._box.setSuffix(v))


class ctkDoubleSlider(StandIn, QWidget):
    """Slider for decimal numbers."""

    valueChanged = Signal(float)
    sliderMoved = Signal(float)
    sliderPressed = Signal()
    sliderReleased = Signal()
    rangeChanged = Signal(float, float)

    def __init__(self, *arguments: Any) -> None:
        parent = next((each for each in arguments if isinstance(each, QWidget)), None)
        super().__init__(parent)
        self._slider = QSlider(
            next((each for each in arguments if isinstance(each, Qt.Orientation)), Qt.Orientation.Vertical)
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        self._value, self._minimum, self._maximum, self._step, self._page = 0.0, 0.0, 99.0, 1.0, 10.0
        self._slider.valueChanged.connect(self._moved)
        self._slider.sliderPressed.connect(self.sliderPressed)
        self._slider.sliderReleased.connect(self.sliderReleased)
        self._slider.sliderMoved.connect(lambda steps: self.sliderMoved.emit(self._minimum + steps * self._step))

    def _moved(self, steps: int) -> None:
        self.setValue(self._minimum + steps * self._step)

    def _lay_out(self) -> None:
        blocker = QSignalBlocker(self._slider)
        self._slider.setRange(0, round((self._maximum - self._minimum) / self._step))
        self._slider.setPageStep(max(1, round(self._page / self._step)))
        self._slider.setValue(round((self._value - self._minimum) / self._step))
        blocker.unblock()

    def setValue(self, value: float) -> None:
        """Set the value, clipped to the range."""
        kept = min(max(float(value), self._minimum), self._maximum)
        changed = kept != self._value
        self._value = kept
        self._lay_out()
        if changed:
            self.valueChanged.emit(kept)

    def setOrientation(self, orientation: Qt.Orientation) -> None:
        """Set the orientation."""
        self._slider.setOrientation(orientation)

    def _set(self, name: str, value: float) -> None:
        setattr(self, name, float(value))
        self.setValue(self._value)
        if name in ("_minimum", "_maximum"):
            self.rangeChanged.emit(self._minimum, self._maximum)

    value = Property(float, lambda self: self._value, setValue, notify=valueChanged)
    sliderPosition = Property(float, lambda self: self._value, setValue)
    minimum = Property(float, lambda self: self._minimum, lambda self, v: self._set("_minimum", v))
    maximum = Property(float, lambda self: self._maximum, lambda self, v: self._set("_maximum", v))
    singleStep = Property(float, lambda self: self._step, lambda self, v: self._set("_step", v))
    pageStep = Property(float, lambda self: self._page, lambda self, v: self._set("_page", v))
    orientation = Property(object, lambda self: self._slider.orientation, setOrientation)
    tracking = Property(bool, lambda self: self._slider.tracking, lambda self, v: self._slider.setTracking(v))


class ctkSliderWidget(StandIn, QWidget):
    """Slider with a spin box for the same value."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)
    decimalsChanged = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = ctkDoubleSlider(Qt.Orientation.Horizontal)
        self._box = QDoubleSpinBox()
        self._box.setRange(0.0, 99.0)
        self._tracking = True
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._box)
        self._slider.valueChanged.connect(self._from_slider)
        self._slider.sliderReleased.connect(lambda: self._tell(self._slider.value))
        self._box.valueChanged.connect(self._slider.setValue)

    def _from_slider(self, value: float) -> None:
        blocker = QSignalBlocker(self._box)
        self._box.setValue(value)
        blocker.unblock()
        if not self._tracking and self._slider._slider.isSliderDown():
            self.valueIsChanging.emit(value)
        else:
            self._tell(value)

    def _tell(self, value: float) -> None:
        self.valueChanged.emit(value)

    def setValue(self, value: float) -> None:
        """Set the value, clipped to the range."""
        self._slider.setValue(value)

    def setDecimals(self, decimals: int) -> None:
        """Set the number of decimals."""
        self._box.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    def setSpinBoxVisible(self, shown: bool) -> None:
        """Show or hide the spin box."""
        self._box.setVisible(shown)

    def reset(self) -> None:
        """Reset to zero, or to the nearest value in the range."""
        self.setValue(0.0)

    def _set(self, name: str, value: float) -> None:
        setattr(self._box, name, value)
        setattr(self._slider, name, value)

    value = Property(float, lambda self: self._slider.value, setValue)
    minimum = Property(float, lambda self: self._slider.minimum, lambda self, v: self._set("minimum", v))
    maximum = Property(float, lambda self: self._slider.maximum, lambda self, v: self._set("maximum", v))
    singleStep = Property(float, lambda self: self._slider.singleStep, lambda self, v: self._set("singleStep", v))
    pageStep = Property(float, lambda self: self._slider.pageStep, lambda self, v: setattr(self._slider, "pageStep", v))
    decimals = Property(int, lambda self: self._box.decimals, setDecimals)
    prefix = Property(str, lambda self: self._box.prefix, lambda self, v: self._box.setPrefix(v))
    suffix = Property(str, lambda self: self._box.suffix, lambda self, v: self._box.setSuffix(v))
    spinBoxVisible = Property(bool, lambda self: not self._box.isHidden(), setSpinBoxVisible)
    tracking = Property(bool, lambda self: self._tracking, lambda self, v: setattr(self, "_tracking", v))
