# SPDX-License-Identifier: Apache-2.0
"""Models of a manifest that can do a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.models.manifest import built_in_entry
from ICHSegmentationLib.systems.registry import get_system, system_names

if TYPE_CHECKING:
    from ICHSegmentationLib.models import Manifest, ModelEntry


def available_models(manifest: Manifest) -> tuple[ModelEntry, ...]:
    """Return the models that segment whole scans, in the order of the manifest; the built-in one is last."""
    # A model of a newer version's system is listed: choosing it tells the user to update.
    detectors = {name for name in system_names() if not get_system(name).segments_scans}
    return tuple(entry for entry in manifest.all_models if entry.system not in detectors)


def box_model(manifest: Manifest, chosen: str = "default") -> ModelEntry:
    """Return the model that segments inside boxes: the chosen one if it can, else the first that can.

    Parameters
    ----------
    manifest : Manifest
        The installed models.
    chosen : str
        Model that the user segments whole scans with.

    Returns
    -------
    ModelEntry
        Systems with a trained network are preferred; the built-in model is always available.
    """
    entries = {entry.name: entry for entry in available_models(manifest)}
    takers = [name for name in system_names() if get_system(name).takes_boxes]
    wanted = entries.get(manifest.default if chosen == "default" else chosen)
    if wanted is not None and wanted.system in takers:
        return wanted
    takers.sort(key=lambda name: get_system(name).input == "none")
    fitting = (entry for system in takers for entry in entries.values() if entry.system == system)
    return next(fitting, built_in_entry())
