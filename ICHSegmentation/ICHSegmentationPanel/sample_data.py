# SPDX-License-Identifier: Apache-2.0
"""Sample head CT, generated on the user's computer, as no patient's scan may be distributed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.research.simulation.simulate import SimulatedCT

CATEGORY = "ICHSegmentation"
SAMPLE_NAME = "ICHDemoHeadCT"
NODE_NAME = "ICHDemoHeadCT"
# Same head as `ichseg demo`.
SEED = 1
_THUMBNAIL = Path(__file__).resolve().parents[1] / "Resources" / "Icons" / "ICHSegmentationDemo.png"
_LOG = logging.getLogger(__name__)


def register() -> None:
    """Add the demo to Slicer's module Sample Data."""
    try:
        import SampleData
    except ImportError:
        # Slicer can run without scripted modules.
        _LOG.info("The module Sample Data is not there; the demo is not registered.")
        return
    SampleData.SampleDataLogic.registerCustomSampleDataCategory(CATEGORY, title=_("ICH Segmentation"))
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=SAMPLE_NAME,
        # Nothing is downloaded, but the module requires an address.
        uris=f"generated://{SAMPLE_NAME}",
        fileNames=f"{SAMPLE_NAME}.nrrd",
        nodeNames=NODE_NAME,
        customDownloader=_load,
        thumbnailFileName=str(_THUMBNAIL),
    )


def generate() -> SimulatedCT:
    """Generate the sample in a few seconds: a head with one lesion of each subtype, always the same."""
    from ICHSegmentationLib.core.subtypes import Subtype
    from ICHSegmentationLib.research.simulation.simulate import simulated_ct

    return simulated_ct(SEED, subtypes=tuple(Subtype))


def load_demo() -> Any:
    """Generate the demo and show it.

    Returns
    -------
    vtkMRMLScalarVolumeNode
        Its description contains the true volumes.
    """
    slicer.util.showStatusMessage(_("Generating a head CT..."))
    with slicer.util.WaitCursor():
        simulated = generate()
    node = add_volume(simulated.volume, NODE_NAME)
    truth = ", ".join(f"{name} {volume_ml:.1f}" for name, volume_ml in simulated.volumes_ml.items())
    node.SetDescription(_("Generated, not a patient. True volumes in mL: {truth}").format(truth=truth))
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    slicer.util.showStatusMessage(node.GetDescription(), 10000)
    return node


def add_volume(volume: CTVolume, name: str) -> Any:
    """Add a CT on a regular grid to the scene, in the brain window; a number is added to a taken name."""
    name = slicer.mrmlScene.GenerateUniqueName(name)
    node = slicer.util.addVolumeFromArray(volume.hu, ijkToRAS=volume.grid.nearest_affine_ras, name=name)
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(80, 40)
    return node


def _load(_source: Any) -> None:
    load_demo()
