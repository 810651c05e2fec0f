# SPDX-License-Identifier: Apache-2.0
"""Python packages that the module needs besides those of Slicer."""

from __future__ import annotations

import importlib
import logging
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ICHSegmentationPanel.install.package_check import import_errors
from ICHSegmentationPanel.install.slicer_packages import constraints_file
from ICHSegmentationPanel.install.slicer_version import too_new, too_old
from ICHSegmentationPanel.install.wheel_folder import missing_from_folder

if TYPE_CHECKING:
    from packaging.requirements import Requirement

REQUESTER = "ICHSegmentation"
REQUIREMENTS_FILE = Path(__file__).resolve().parents[2] / "Resources" / "requirements.txt"
# Imported by the panel inside Slicer; the worker process imports the rest.
_IMPORTED_BY_PANEL = "pydantic"
_MODULE_NAMES = {"pynrrd": "nrrd"}
"""Modules that have another name than the package that installs them."""
_LOG = logging.getLogger(__name__)


class Requirements:
    """Packages of ``Resources/requirements.txt``, each with a minimum and a maximum version.

    Only `install` and `install_from_folder`, called by the user's click, install packages. They do not raise errors
    that Slicer has shown already; see `problem`.

    Parameters
    ----------
    path : Path, optional
        Path of another requirements file.
    """

    def __init__(self, path: Path = REQUIREMENTS_FILE) -> None:
        self._path = path
        self._failure: str | None = None

    def missing(self) -> tuple[str, ...]:
        """Return the packages that are missing or have another version, as ``name>=minimum,<maximum``."""
        return tuple(str(requirement) for requirement in self._unmet())

    @property
    def problem(self) -> str | None:
        """Why the module cannot run although nothing is missing, or why an installation failed."""
        return too_old() or (_intel_mac() if self.missing() else None) or self._failure or self._import_problem()

    @property
    def notice(self) -> str | None:
        """Warning to show although the module can run."""
        return too_new()

    def install(self) -> None:
        """Install missing packages from PyPI, after Slicer's dialog has asked the user."""

        def ensure(constraints: Path) -> None:
            _packaging().pip_ensure(self._all(), constraints=constraints, requester=REQUESTER)

        self._run(ensure)

    def install_from_folder(self, folder: str | Path) -> None:
        """Install missing packages from a folder of wheels, without network."""
        folder = Path(folder)
        unmet = self._unmet()
        self._failure = missing_from_folder(folder, [requirement.name for requirement in unmet])
        if self._failure or not unmet:
            return
        # A list, as arguments may contain spaces.
        arguments = ["--no-index", f"--find-links={folder}", "--only-binary=:all:", *map(str, unmet)]

        def install(constraints: Path) -> None:
            _packaging().pip_install(arguments, constraints=constraints, requester=REQUESTER)

        self._run(install)

    def _all(self) -> list[Requirement]:
        return _packaging().load_requirements(self._path)

    def _unmet(self) -> list[Requirement]:
        if too_old():
            return []
        return [requirement for requirement in self._all() if not _packaging().pip_check(requirement)]

    def _run(self, install: Callable[[Path], None]) -> None:
        self._failure = None
        unmet = self._unmet()
        if not unmet:
            return
        already_imported = [requirement.name for requirement in unmet if _module_name(requirement.name) in sys.modules]
        try:
            with constraints_file() as constraints:
                install(constraints)
        except subprocess.CalledProcessError as error:
            # Slicer has already shown pip's output.
            _LOG.warning("pip failed", exc_info=error)
            self._failure = _(
                "The packages could not be installed (pip ended with code {code}); the Python console has the details."
            ).format(code=error.returncode)
            return
        except RuntimeError as error:
            # From pip_ensure: the user declined, or Slicer's Python was not found.
            _LOG.info("nothing was installed: %s", error)
            self._failure = None if "declined" in str(error) else str(error)
            return
        if self._unmet():
            return  # With --testing Slicer installs nothing.
        importlib.invalidate_caches()
        if already_imported:
            self._failure = _("Restart Slicer to use the new version of: {names}.").format(
                names=", ".join(already_imported)
            )
            return
        self._failure = import_errors([_module_name(requirement.name) for requirement in self._all()])

    def _import_problem(self) -> str | None:
        """Import the panel's package and return an error, as with a missing system library; None if it works."""
        if self.missing():
            return None
        try:
            importlib.import_module(_IMPORTED_BY_PANEL)
        except Exception as error:
            # Broken packages may raise anything, and their message is the most helpful one.
            return _("The package {name} is installed but cannot be used: {error}").format(
                name=_IMPORTED_BY_PANEL, error=f"{type(error).__name__}: {error}"
            )
        return None


def _packaging() -> Any:
    """Return slicer.packaging; imported late, so that an older Slicer can report that it is too old."""
    from slicer import packaging

    return packaging


def _intel_mac() -> str | None:
    """Return a message on Intel Macs, for which no OpenVINO fits Slicer's numpy; else None."""
    if sys.platform != "darwin" or platform.machine() != "x86_64":
        return None
    return _(
        "This module cannot segment on Macs with an Intel processor: no OpenVINO package fits Slicer's numpy. On a Mac "
        "with Apple silicon, install the Slicer version for it."
    )


def _module_name(package: str) -> str:
    """Return the name by which a package is imported."""
    return _MODULE_NAMES.get(package, package)
