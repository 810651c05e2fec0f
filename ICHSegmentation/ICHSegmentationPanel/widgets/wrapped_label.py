# SPDX-License-Identifier: Apache-2.0
"""Sentences in a narrow panel."""

from __future__ import annotations

from typing import Any

import qt


def wrapped_label() -> Any:
    """Return a label that breaks its text to the panel's width, and never makes the panel wider."""
    label = qt.QLabel()
    # A collapsible section is at least as wide as what is in it would like to be.
    label.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
    label.wordWrap = True
    return label
