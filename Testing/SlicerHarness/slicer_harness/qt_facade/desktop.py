# SPDX-License-Identifier: Apache-2.0
"""``qt.QDesktopServices`` that opens no browser."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QUrl


class QDesktopServices:
    """Record of the addresses that would have been opened."""

    opened: ClassVar[list[str]] = []

    @staticmethod
    def openUrl(url: QUrl) -> bool:
        """Record the address."""
        QDesktopServices.opened.append(url.toString())
        return True
