# SPDX-License-Identifier: Apache-2.0
"""Which model segments inside boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.models.runtimes.no_network import EM_NAME

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import Manifest, ModelEntry

BOX_SYSTEMS = ("two_stage", "two_stage_swin_unet", "em")
"""Systems that look into boxes, the better ones first."""


def box_model(manifest: Manifest, chosen: str = "default") -> ModelEntry:
    """Return the model that segments inside boxes: the chosen one if it does, else the first that does.

    Parameters
    ----------
    manifest : Manifest
        The installed models.
    chosen : str
        What the user segments whole scans with.

    Returns
    -------
    ModelEntry
        With nothing better at hand the one without weights, which always is there.
    """
    names = {entry.name for entry in manifest.available}
    wanted = manifest.default if chosen == "default" else chosen
    if wanted in names and manifest.get(wanted).system in BOX_SYSTEMS:
        return manifest.get(wanted)
    fitting = (entry for system in BOX_SYSTEMS for entry in manifest.available if entry.system == system)
    return next(fitting, manifest.get(EM_NAME))
