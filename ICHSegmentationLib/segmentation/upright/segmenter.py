# SPDX-License-Identifier: Apache-2.0
"""Run any segmenter on the upright scan, and return its result on the source slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.segmentation.boxes.segmentation import BoxSegmenter
from ICHSegmentationLib.segmentation.upright.scan import UprightScan

if TYPE_CHECKING:
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.segmentation.segmenter import Segmented, Segmenter


class UprightSegmenter:
    """Runs a segmenter on the upright scan; without boxes.

    Parameters
    ----------
    segmenter : Segmenter
        Of any system.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume; see `Segmenter.segment`."""
        scan = UprightScan.of(volume)
        found = self._segmenter.segment(scan.volume, stages, force=force)
        return on_source(scan, found)


class UprightBoxSegmenter(UprightSegmenter):
    """Runs a segmenter that takes boxes on the upright scan."""

    def __init__(self, segmenter: BoxSegmenter) -> None:
        super().__init__(segmenter)  # type: ignore[arg-type]  # every system has both
        self._boxes = segmenter
        self._scan: UprightScan | None = None
        self.box_warning = segmenter.box_warning

    def predict_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """Return the probability of blood in a box; see `BoxSegmenter.predict_in_box`."""
        if self._scan is None or self._scan.source is not volume:
            self._scan = UprightScan.of(volume)
        scan = self._scan
        if scan.volume is volume:
            return self._boxes.predict_in_box(volume, box)
        blood = np.zeros(scan.volume.grid.shape, dtype=np.float32)
        upright_box = scan.box_to_upright(box)
        if upright_box is not None:
            region = upright_box.voxels(scan.volume.grid).region
            blood[region] = self._boxes.predict_in_box(scan.volume, upright_box)
        return scan.blood_to_source(blood, box)


def set_upright(segmenter: Segmenter) -> UprightSegmenter:
    """Return a segmenter that sets a turned head upright first; with boxes if the given one takes boxes."""
    if isinstance(segmenter, BoxSegmenter):
        return UprightBoxSegmenter(segmenter)
    return UprightSegmenter(segmenter)


def on_source(scan: UprightScan, found: Segmented) -> Segmented:
    """Return the result of an upright scan on the source slices."""
    found = found._replace(warnings=(*scan.warnings, *found.warnings), assessed=scan.assessed)
    if scan.volume is scan.source:
        return found
    plane = found.plane
    return found._replace(
        label_map=scan.labels_to_source(found.label_map),
        boxes=scan.boxes_to_source(found.label_map, found.boxes),
        plane=None if plane is None else replace(plane, turn_deg=plane.turn_deg + scan.turn_deg),
    )
