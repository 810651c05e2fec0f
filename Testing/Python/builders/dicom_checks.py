# SPDX-License-Identifier: Apache-2.0
"""Other programs' judgement of DICOM files: Debian's dicom3tools and DCMTK, and dcmqi."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# What dciodvfy reports of files that are right: a pattern, and why it is no fault of the file.
KNOWN_REPORTS = {
    r"^(CTImage|Segmentation|Comprehensive3DSR|EncapsulatedPDF)$": "it names the kind of object that it checks",
    r"needed to build DICOMDIR - Study (Date|Time|ID)$": "type 2, empty: never invented",
    r"\(0x0010,0x0010\) PN Patient's Name .* Retired Person Name form$": "the patient's name as the source gives it",
    r"Type 1C Conditional Element=<DeidentificationMethod> Module=<Patient>$": (
        "the GE series has it empty; as part of the patient's data it goes back as it came"
    ),
    r"^Warning - Unrecognized defined term <99ICHSEG> for value 1 of attribute <Coding Scheme Designator>$": (
        "a private coding scheme, as designators that begin with 99 are (PS3.16 8), which the report declares"
    ),
}


def dciodvfy(path: Path) -> list[str]:
    """Return what dciodvfy finds wrong with a file, without the known reports."""
    done = subprocess.run([_program("dciodvfy", "dicom3tools"), path], capture_output=True, text=True, check=False)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert lines, "dciodvfy says at least what it checks"
    return [line for line in lines if not any(re.search(known, line) for known in KNOWN_REPORTS)]


def dsrdump(path: Path) -> str:
    """Return DCMTK's text of a structured report."""
    command = [_program("dsrdump", "dcmtk"), "--print-long-values", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def dcmdump(path: Path) -> str:
    """Return DCMTK's text of a file's attributes."""
    return subprocess.run([_program("dcmdump", "dcmtk"), path], capture_output=True, text=True, check=True).stdout


def segimage2itkimage(path: Path, folder: Path) -> list[Path]:
    """Let dcmqi turn a segmentation into one NRRD file per segment."""
    program = Path(sys.executable).with_name("segimage2itkimage")
    if not program.exists():
        pytest.skip("needs dcmqi: pip install dcmqi")
    command = [program, "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nrrd"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(folder.glob("*.nrrd"))


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}: apt-get install {package}")
    return found
