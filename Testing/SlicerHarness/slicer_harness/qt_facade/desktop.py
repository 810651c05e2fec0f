# SPDX-License-Identifier: Apache-2.0
"""``qt.QDesktopServices``; a test opens no browser."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QUrl


class QDesktopServices:
    """Keeps what would have been opened."""

    opened: ClassVar[list[str]] = []

    @staticmethod
    def openUrl(url: QUrl) -> bool:
        """Keep the address."""
        QDesktopServices.opened.append(url.toString())
        return True
