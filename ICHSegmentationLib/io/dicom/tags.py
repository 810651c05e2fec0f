# SPDX-License-Identifier: Apache-2.0
"""What the header says beyond geometry: contrast, kernel, gantry tilt."""

from __future__ import annotations

import re

from pydicom import Dataset

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.enhanced import find_value
from ICHSegmentationLib.io.dicom.files import value_of

_KEYWORDS = {
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "body_part": "BodyPartExamined",
    "kernel": "ConvolutionKernel",
    "kvp": "KVP",
    "slice_thickness_mm": "SliceThickness",
    "gantry_tilt_deg": "GantryDetectorTilt",
    "patient_position": "PatientPosition",
}
_SHARP_NAMES = re.compile(r"BONE|EDGE|LUNG|ULTRA|SHARP", re.IGNORECASE)
_SIEMENS = re.compile(r"^[BHJTU][a-z]?(\d\d)[a-z]?$")
_CANON = re.compile(r"^FC(3\d|8\d)$", re.IGNORECASE)
_PHILIPS_SHARP = {"D", "E", "L", "YB", "YC", "YD", "YE", "YF"}
_NO_CONTRAST = {"", "NONE", "NO", "N", "OHNE", "SANS", "WITHOUT", "NO CONTRAST", "UNENHANCED", "NATIVE", "NON"}


def read_tags(dataset: Dataset) -> dict[str, str]:
    """Return what reports and warnings may use of a header; no patient name, id or date."""
    tags = {name: find_value(dataset, keyword) for name, keyword in _KEYWORDS.items()}
    agent = find_value(dataset, "ContrastBolusAgent")
    codes = value_of(dataset, "ContrastBolusAgentSequence")
    if not agent and codes:
        agent = str(value_of(codes[0], "CodeMeaning") or "given")
    tags["contrast"] = "" if agent.upper() in _NO_CONTRAST else agent
    return {name: value for name, value in tags.items() if value}


def is_sharp_kernel(kernel: str) -> bool:
    """Whether a reconstruction kernel is a bone or other edge-enhancing one, by the vendors' names."""
    name = kernel.strip().strip("[]'").split("'")[0].split("\\")[0].strip()
    siemens = _SIEMENS.match(name)
    return bool(
        _SHARP_NAMES.search(name)
        or _CANON.match(name)
        or name.upper() in _PHILIPS_SHARP
        or (siemens and int(siemens.group(1)) >= 60)
    )


def warn_tags(tags: dict[str, str], tilt_deg: float) -> list[str]:
    """Return warnings about contrast medium, a sharp kernel, and a gantry tilt other than the positions say."""
    warnings: list[str] = []
    if "contrast" in tags:
        warnings.append(message("io.contrast"))
    if "kernel" in tags and is_sharp_kernel(tags["kernel"]):
        warnings.append(message("io.sharp_kernel", kernel=tags["kernel"]))
    stated = _number(tags.get("gantry_tilt_deg"))
    if stated is not None and abs(abs(stated) - abs(tilt_deg)) > 1.0:
        warnings.append(message("io.tilt_differs", stated_deg=abs(stated), tilt_deg=abs(tilt_deg)))
    return warnings


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
