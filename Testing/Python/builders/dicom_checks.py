# SPDX-License-Identifier: Apache-2.0
"""Check DICOM files with other programs: dicom3tools, DCMTK and dcmqi."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from builders.requirements import missing, require_program

if TYPE_CHECKING:
    import SimpleITK

# What dciodvfy reports for valid files: a pattern, and why it is not an error of the file.
KNOWN_REPORTS = {
    r"^(CTImage|Segmentation|Comprehensive3DSR|EncapsulatedPDF|SCImage|RTStructureSet)$": (
        "the name of the IOD that it checks"
    ),
    r"needed to build DICOMDIR - Study (Date|Time|ID)$": "type 2, empty: never invented",
    r"\(0x0010,0x0010\) PN Patient's Name .* Retired Person Name form$": "the patient's name, copied from the source",
    r"Type 1C Conditional Element=<DeidentificationMethod> Module=<Patient>$": (
        "empty in the GE series, and copied with the patient's data"
    ),
    r"^Warning - Unrecognized defined term <99ICHSEG> for value 1 of attribute <Coding Scheme Designator>$": (
        "a private coding scheme (designators that begin with 99, PS3.16 8), which the report declares"
    ),
}

LABEL_MAP_REPORTS = {
    r"^Error - Information Object Not found$": "dicom3tools does not know the label map, which DICOM has since 2024d",
    r"^Error - SegmentNumber not monotonically increasing from one by one": (
        "0 is the background of a label map (PS3.3 C.8.20.4)"
    ),
}
"""What dciodvfy reports of a LABELMAP segmentation in addition."""


def dciodvfy(path: Path, *, further: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return the errors and warnings of dciodvfy for a file, without the known and the given further reports."""
    done = subprocess.run(
        [require_program("dciodvfy", "dicom3tools"), path], capture_output=True, text=True, check=False
    )
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert lines, "dciodvfy prints at least the name of the IOD"
    return [line for line in lines if not any(re.search(known, line) for known in (*KNOWN_REPORTS, *further))]


def dsrdump(path: Path) -> str:
    """Return a structured report as DCMTK's dsrdump prints it."""
    command = [require_program("dsrdump", "dcmtk"), "--print-long-values", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def dcmdump(path: Path) -> str:
    """Return the attributes of a file as DCMTK's dcmdump prints them."""
    return subprocess.run(
        [require_program("dcmdump", "dcmtk"), path], capture_output=True, text=True, check=True
    ).stdout


def plastimatch_masks(path: Path, ct: Path, folder: Path) -> dict[str, SimpleITK.Image]:
    """Return the regions of an RT structure set as plastimatch rasterizes them on the slices of a CT, by name."""
    import SimpleITK

    program = Path(sys.executable).with_name("plastimatch")
    if not program.exists():
        missing("needs plastimatch: pip install plastimatch")
    command = [program, "convert", "--input", path, "--referenced-ct", ct, "--output-prefix", folder]
    done = subprocess.run([*command, "--prefix-format", "nrrd"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {file.stem: SimpleITK.ReadImage(str(file)) for file in sorted(folder.glob("*.nrrd"))}


def segimage2itkimage(path: Path, folder: Path) -> list[Path]:
    """Convert a segmentation to one NRRD file per segment with dcmqi."""
    program = Path(sys.executable).with_name("segimage2itkimage")
    if not program.exists():
        missing("needs dcmqi: pip install dcmqi")
    command = [program, "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nrrd"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(folder.glob("*.nrrd"))
