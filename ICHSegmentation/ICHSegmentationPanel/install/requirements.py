# SPDX-License-Identifier: Apache-2.0
"""What the module needs beside Slicer's own Python packages."""

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
# What the panel imports into Slicer itself; the worker imports the rest in a process of its own.
_IMPORTED_BY_PANEL = "pydantic"
_LOG = logging.getLogger(__name__)


class Requirements:
    """The packages of ``Resources/requirements.txt``, with floor and ceiling each.

    Nothing is installed but by `install` and `install_from_folder`, which a user's click calls. Neither raises for what
    Slicer has shown already; `problem` tells how it went.

    Parameters
    ----------
    path : Path, optional
        Another file of requirements.
    """

    def __init__(self, path: Path = REQUIREMENTS_FILE) -> None:
        self._path = path
        self._failure: str | None = None

    def missing(self) -> tuple[str, ...]:
        """Return what is not installed, or not in a version between floor and ceiling, as ``name>=floor,<ceiling``."""
        return tuple(str(requirement) for requirement in self._unmet())

    @property
    def problem(self) -> str | None:
        """Why the module cannot run although nothing is missing, or what became of an installation that failed."""
        return too_old() or (_intel_mac() if self.missing() else None) or self._failure or self._import_problem()

    @property
    def notice(self) -> str | None:
        """What the user should know although the module runs."""
        return too_new()

    def install(self) -> None:
        """Ask the user, then install what is missing from PyPI, with Slicer's own dialogs."""

        def ensure(constraints: Path) -> None:
            _packaging().pip_ensure(self._all(), constraints=constraints, requester=REQUESTER)

        self._run(ensure)

    def install_from_folder(self, folder: str | Path) -> None:
        """Install what is missing from a folder of wheels; the network is not used."""
        folder = Path(folder)
        unmet = self._unmet()
        self._failure = missing_from_folder(folder, [requirement.name for requirement in unmet])
        if self._failure or not unmet:
            return
        # A list of arguments, each of which may hold spaces.
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
        already_imported = [requirement.name for requirement in unmet if requirement.name in sys.modules]
        try:
            with constraints_file() as constraints:
                install(constraints)
        except subprocess.CalledProcessError as error:
            # Slicer has shown pip's words by now.
            _LOG.warning("pip failed", exc_info=error)
            self._failure = _(
                "The packages could not be installed (pip ended with code {code}); the Python console has the details."
            ).format(code=error.returncode)
            return
        except RuntimeError as error:
            # Of pip_ensure: the user declined. It is a RuntimeError as well if Slicer's Python is not there.
            _LOG.info("nothing was installed: %s", error)
            self._failure = None if "declined" in str(error) else str(error)
            return
        if self._unmet():
            return  # With --testing Slicer installs nothing.
        importlib.invalidate_caches()
        if already_imported:
            self._failure = _("Restart Slicer, so that it takes the new version of: {names}.").format(
                names=", ".join(already_imported)
            )
            return
        self._failure = import_errors([requirement.name for requirement in self._all()])

    def _import_problem(self) -> str | None:
        """Import what the panel needs; a package can be there and still not work, as with a missing system library."""
        if self.missing():
            return None
        try:
            importlib.import_module(_IMPORTED_BY_PANEL)
        except Exception as error:
            # Broken packages raise what they like, and the user is helped only by their own words.
            return _("The package {name} is installed but cannot be used: {error}").format(
                name=_IMPORTED_BY_PANEL, error=f"{type(error).__name__}: {error}"
            )
        return None


def _packaging() -> Any:
    """Return slicer.packaging; not imported at file scope, so that an older Slicer can say that it is too old."""
    from slicer import packaging

    return packaging


def _intel_mac() -> str | None:
    """Return a sentence on Macs for which there is no OpenVINO that goes with Slicer's numpy."""
    if sys.platform != "darwin" or platform.machine() != "x86_64":
        return None
    return _(
        "There is no package of OpenVINO for Macs with an Intel processor that fits Slicer's numpy, so that this "
        "module cannot segment here. On a Mac with Apple silicon, use Slicer's download for that."
    )
