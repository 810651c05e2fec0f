# SPDX-License-Identifier: Apache-2.0
"""Python packages of Slicer, which no installation may replace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

# From Slicer 5.12's SuperBuild/External_python-*.cmake, without build-only packages.
NAMES = (
    "certifi",
    "cffi",
    "charset-normalizer",
    "dcmqi",
    "dicomweb-client",
    "highdicom",
    "idna",
    "numpy",
    "packaging",
    "pillow",
    "pip",
    "pydicom",
    "pyjpegls",
    "pyparsing",
    "python-dateutil",
    "requests",
    "retrying",
    "scipy",
    "setuptools",
    "simpleitk",
    "six",
    "typing-extensions",
    "urllib3",
    "wheel",
    "wrapt",
)
# Slicer builds VTK itself, unknown to pip, which would install a second one. No version is below 0, so that pip
# refuses packages that need it.
_NEVER = ("vtk",)


def constraint_lines() -> list[str]:
    """Return pip constraints that pin each of Slicer's packages to its installed version."""
    return [f"{name}=={found}" for name in NAMES if (found := _version(name))] + [f"{name}<0" for name in _NEVER]


@contextmanager
def constraints_file() -> Iterator[Path]:
    """Write `constraint_lines` to a temporary file."""
    with TemporaryDirectory(prefix="ichseg-") as folder:
        path = Path(folder) / "constraints.txt"
        path.write_text("\n".join(constraint_lines()) + "\n", encoding="utf-8")
        yield path


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
