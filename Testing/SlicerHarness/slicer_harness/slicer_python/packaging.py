# SPDX-License-Identifier: Apache-2.0
"""``slicer.packaging`` (Slicer 5.11 and later) with the same signatures and errors; records calls, installs nothing."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer
from packaging.requirements import Requirement


@dataclass
class Calls:
    """Record of the calls, and the results that pip shall simulate."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    installed: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    error: Exception | None = None
    on_install: Callable[[list[str]], None] | None = None

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]


calls = Calls()
_OPTIONS_WITH_VALUE = {
    "--find-links",
    "-f",
    "--index-url",
    "-i",
    "--extra-index-url",
    "--constraint",
    "-c",
    "--target",
    "-t",
}
Requirements = str | Requirement | list[str | Requirement]


def load_requirements(path: str | Path) -> list[Requirement]:
    """Return the requirements of a file, one per line, without comments and lines of pip options."""
    lines = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pip_check(req: Requirements) -> bool:
    """Whether all requirements are met; packages in ``calls.missing`` count as absent."""
    return all(_is_there(each) for each in _as_list(req))


def pip_ensure(
    requirements: Requirements,
    constraints: str | Path | None = None,
    skip_packages: list[str] | None = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> list[str] | None:
    """Install missing packages after asking; raise RuntimeError if the user declines."""
    calls.made.append(("pip_ensure", dict(locals())))
    missing = [each for each in _as_list(requirements) if not _is_there(each)]
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return None
    if prompt_install:
        title = f"{requester} - Install Python Packages" if requester else "Install Python Packages"
        count = "1 Python package needs" if len(missing) == 1 else f"{len(missing)} Python packages need"
        text = f"{count} to be installed.\n\nThis will modify Slicer's Python environment. Continue?"
        names = "\n".join(f"- {each}" for each in missing)
        if not slicer.util.confirmOkCancelDisplay(text, title, detailedText=names):
            message = "User declined package installation"
            raise RuntimeError(message)
    return pip_install(
        [str(each) for each in missing],
        constraints=constraints,
        skip_packages=skip_packages,
        show_progress=show_progress,
        requester=requester,
    )


def pip_install(
    requirements: str | list[str],
    constraints: str | Path | None = None,
    no_deps_requirements: str | list[str] | None = None,
    skip_packages: list[str] | None = None,
    blocking: bool = True,
    show_progress: bool = True,
    requester: str | None = None,
    logCallback: Callable[[str], None] | None = None,
    completedCallback: Callable[[int], None] | None = None,
) -> list[str] | None:
    """Record the arguments for pip; raise the error that the test has set."""
    calls.made.append(("pip_install", dict(locals())))
    wanted = requirements.split() if isinstance(requirements, str) else [str(each) for each in requirements]
    if calls.error is not None:
        raise calls.error
    packages = _without_options(wanted)
    calls.installed.extend(packages)
    calls.missing -= {_name(each) for each in packages}
    if calls.on_install is not None:
        calls.on_install(packages)
    if not blocking and completedCallback is not None:
        completedCallback(0)
    return [] if skip_packages else None


def pip_uninstall(
    requirements: Requirements,
    blocking: bool = True,
    logCallback: Callable[[str], None] | None = None,
    completedCallback: Callable[[int], None] | None = None,
) -> None:
    """Record the packages to remove."""
    calls.made.append(("pip_uninstall", dict(locals())))


def isPipInstallInProgress() -> bool:
    """Whether pip is running."""
    return False


def _as_list(requirements: Requirements) -> list[Requirement]:
    if isinstance(requirements, Requirement):
        return [requirements]
    parts = requirements.split() if isinstance(requirements, str) else requirements
    return [each if isinstance(each, Requirement) else Requirement(each) for each in parts]


def _without_options(arguments: list[str]) -> list[str]:
    """Return the packages among pip's arguments, without options and their values."""
    after_value = [True, *(each not in _OPTIONS_WITH_VALUE for each in arguments[:-1])]
    return [each for each, free in zip(arguments, after_value, strict=True) if free and not each.startswith("-")]


def _name(requirement: str) -> str:
    return Requirement(requirement).name.lower().replace("_", "-")


def _is_there(requirement: Requirement) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    if _name(str(requirement)) in calls.missing:
        return False
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)
