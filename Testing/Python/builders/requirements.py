# SPDX-License-Identifier: Apache-2.0
"""What a test needs of the machine.

Hardware, the platform and the development data may be missing: such a test is skipped. What CI installs may not:
with the variable ``CI`` set, the test fails; elsewhere it is skipped and says what to install.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any, NoReturn

import pytest

SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/opt/homebrew/bin"
_SHARED_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"


def missing(reason: str) -> NoReturn:
    """Fail in CI, which installs what is missing; skip the test elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI installs it, see .ci/run", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def require_program(name: str, package: str, *, path: str | None = None) -> str:
    """Return the path of a program, which a package of Debian or Ubuntu has.

    Parameters
    ----------
    name
        The program.
    package
        The package that has it, for the message.
    path
        Folders to look in, in the form of ``PATH``; by default ``PATH`` itself.
    """
    found = shutil.which(name, path=path)
    if found is None:
        missing(f"needs {name}: apt-get install {package}")
    return found


def require_module(name: str, package: str) -> None:
    """Require a Python module that `make test` installs, without importing it."""
    if importlib.util.find_spec(name) is None:
        missing(f"needs {package}: pip install {package}")


def require_slicer() -> Any:
    """Import and return ``slicer``, which needs the package slicer-core and the system's GL libraries."""
    try:
        import slicer
    except ImportError as error:
        missing(f"needs slicer: pip install slicer-core, apt-get install libegl1 libgl1 ({error})")
    return slicer


def require_compilers() -> None:
    """Require what CMake's ``project()`` looks for."""
    for program in ("cc", "c++", "make"):
        require_program(program, "build-essential")


def require_graphics() -> None:
    """Require a library that renders in 3D without a screen."""
    from ICHSegmentationLib.rendering.graphics import NoGraphicsError, offscreen_window

    try:
        offscreen_window()
    except NoGraphicsError as error:
        missing(str(error))


def shared_data_folder() -> Path:
    """Return the folder of the development data beside the repository, or skip: a stranger's clone has none."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("needs the development data in ../shared/data, which are not part of the repository")
    return _SHARED_DATA
