# SPDX-License-Identifier: Apache-2.0
"""Segment and measure intracranial hemorrhage on head CT. Research use only.

Examples
--------
>>> from ICHSegmentationLib import measure, read_ct, segment
>>> result = segment(read_ct("folder"))  # doctest: +SKIP
>>> measure(result.label_map).volumes_ml["IPH"]  # doctest: +SKIP
12.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.version import __version__

if TYPE_CHECKING:
    from ICHSegmentationLib.io.reader import read_ct
    from ICHSegmentationLib.measurement.measure import measure
    from ICHSegmentationLib.pipeline import resegment_lesion, run, segment, write_results

__all__ = ["__version__", "measure", "read_ct", "resegment_lesion", "run", "segment", "write_results"]

_HOMES = {
    "read_ct": "io.reader",
    "measure": "measurement.measure",
    "segment": "pipeline",
    "run": "pipeline",
    "resegment_lesion": "pipeline",
    "write_results": "pipeline",
}


def __getattr__(name: str) -> Any:
    """Import the public functions on first use: the command line and Slicer start without what they do not need."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
