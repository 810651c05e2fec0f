# SPDX-License-Identifier: Apache-2.0
"""Sample head CT, generated on the user's computer, as no patient's scan may be distributed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.research.simulation.simulate import SimulatedCT

CATEGORY = "ICHSegmentation"
SAMPLE_NAME = "ICHDemoHeadCT"
NODE_NAME = "ICHDemoHeadCT"
# Same head as `ichseg demo`.
SEED = 1
_ADDRESS = f"generated://{SAMPLE_NAME}"
_FILE_NAME = f"{SAMPLE_NAME}.nrrd"
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
        uris=_ADDRESS,
        fileNames=_FILE_NAME,
        nodeNames=NODE_NAME,
        customDownloader=_load,
        thumbnailFileName=str(_THUMBNAIL),
    )
    # SampleData.downloadSample ignores the downloader above, which only the button calls.
    SampleData.SampleDataLogic.registerUrlRewriteRule(SAMPLE_NAME, _write_into_cache)


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


def _write_into_cache(address: str) -> str:
    """Write the sample into Slicer's cache when its address is asked for; the module then loads it from there.

    Returns
    -------
    str
        The address, unchanged.
    """
    if address == _ADDRESS:
        import SimpleITK as sitk

        with slicer.util.WaitCursor():
            volume = generate().volume
        image = sitk.GetImageFromArray(volume.hu)
        affine_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.grid.nearest_affine_ras
        spacing_mm = np.linalg.norm(affine_lps[:3, :3], axis=0)
        image.SetSpacing(spacing_mm.tolist())
        image.SetOrigin(affine_lps[:3, 3].tolist())
        image.SetDirection((affine_lps[:3, :3] / spacing_mm).ravel().tolist())
        folder = Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory())
        folder.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(folder / _FILE_NAME), useCompression=True)
    return address
