# SPDX-License-Identifier: Apache-2.0
"""Titles of the stages of a run."""

from __future__ import annotations

from slicer.i18n import tr as _


def stage_title(stage: str) -> str:
    """Return the translated name of a stage; unknown stages are returned unchanged."""
    titles = {
        "start": _("Starting"),
        "load": _("Loading the model"),
        "preprocess": _("Preparing the slices"),
        "infer": _("Finding blood"),
        "postprocess": _("Postprocessing"),
        "measure": _("Measuring"),
        "write": _("Writing"),
        "register": _("Bringing the scans together"),
        "draw": _("Drawing"),
    }
    return titles.get(stage, stage)
