# SPDX-License-Identifier: Apache-2.0
"""Installation of missing Python packages at the user's request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.labels import show_text

if TYPE_CHECKING:
    from ICHSegmentationPanel.install import Requirements


class SetupSection:
    """Frame that lists missing packages; hidden if there are none.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    requirements : Requirements
        The required packages.
    on_ready : callable
        Called when all packages are installed.
    choose_folder : callable, optional
        Asks the user for a folder of wheels; returns an empty string on cancel.
    """

    def __init__(
        self,
        ui: Any,
        requirements: Requirements,
        on_ready: Callable[[], None],
        choose_folder: Callable[[], str] | None = None,
    ) -> None:
        self._ui = ui
        self._requirements = requirements
        self._on_ready = on_ready
        self._choose_folder = choose_folder or _choose_folder
        self.is_ready = False
        ui.installButton.connect("clicked()", self._install)
        ui.installFolderButton.connect("clicked()", self._install_from_folder)
        self.check()

    def check(self) -> None:
        """Check for missing packages, and show them."""
        missing = self._requirements.missing()
        problem = self._requirements.problem
        self.is_ready = not missing and not problem
        notice = self._requirements.notice
        self._ui.setupFrame.visible = not self.is_ready or bool(notice)
        self._ui.installButton.visible = self._ui.installFolderButton.visible = not self.is_ready
        lines = [notice] if notice else []
        if missing:
            names = ", ".join(missing)
            lines.append(_("Segmenting needs Python packages that are not installed: {names}.").format(names=names))
        if problem:
            lines.append(problem)
        show_text(self._ui.setupLabel, "\n".join(lines))

    def _install(self) -> None:
        self._requirements.install()
        self._end()

    def _install_from_folder(self) -> None:
        folder = self._choose_folder()
        if folder:
            self._requirements.install_from_folder(folder)
            self._end()

    def _end(self) -> None:
        self.check()
        if self.is_ready:
            self._on_ready()


def _choose_folder() -> str:
    return qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder with wheel files"))
