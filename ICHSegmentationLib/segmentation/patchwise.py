# SPDX-License-Identifier: Apache-2.0
"""Segment with a network that labels patches of the volume (3D SE U-Net, Abramova et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import label_values
from ICHSegmentationLib.preprocessing.patch_channels import patch_channels
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.segmentation.patch_tiling import averaged_probabilities
from ICHSegmentationLib.segmentation.segmenter import Segmented

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.preprocessing.slices import PreparedSlices
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
    from ICHSegmentationLib.segmentation.segmenter import Companions

_SLICES_FRACTION = 0.4  # of the preprocessing time; the mirrored side takes the rest


class PatchwiseSegmenter:
    """Crop the head, strip the skull, add the mirrored side as a channel, run the network on patches, and map back.

    Parameters
    ----------
    entry : ModelEntry
        Describes the network's input and its classes.
    runtime : Runtime
        The loaded network.
    postprocessing : PostProcessing
        Rules applied to the labels.
    companions : Companions
        Not used.
    within : numpy.ndarray, optional
        (slices, rows, columns) bool on the source slices. Voxels outside are background, and patches without any voxel
        of it are skipped.

    Raises
    ------
    ModelError
        If the entry does not describe the patches.
    """

    def __init__(
        self,
        entry: ModelEntry,
        runtime: Runtime,
        postprocessing: PostProcessing,
        companions: Companions | None = None,  # noqa: ARG002
        *,
        within: np.ndarray | None = None,
    ) -> None:
        if entry.patches is None:
            raise ModelError(message("segmentation.patches_not_described", name=entry.name))
        self._spec, self._patches = entry.input_spec, entry.patches
        self._labels = np.array(label_values(entry.classes), dtype=np.uint8)
        self._runtime = runtime
        self._postprocessing = postprocessing
        self._within = within

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume; see `Segmenter.segment`."""
        with stages.stage("preprocess"):
            prepared = prepare_slices(
                volume,
                self._spec,
                min_mm=self._spec.min_distance_mm,
                force=force,
                advance=lambda done: stages.advance(_SLICES_FRACTION * done),
            )
            scan = patch_channels(
                prepared.images[:, 0],
                prepared.orientation.coordinates_mm[0][prepared.shown],
                self._spec,
                advance=lambda done: stages.advance(_SLICES_FRACTION + (1 - _SLICES_FRACTION) * done),
            )
        with stages.stage("infer"):
            probabilities = averaged_probabilities(
                scan.values,
                scan.brain if self._within is None else scan.brain & _shown_part(self._within, prepared),
                self._runtime.probabilities,
                classes=len(self._labels),
                size=self._patches.size,
                stride=self._patches.stride,
                progress=stages.advance,
            )
        with stages.stage("postprocess"):
            restored = prepared.restore(np.swapaxes(probabilities, 0, 1))
            labels = self._postprocessing.apply(
                self._labels[restored.classes], volume.grid, hu=volume.hu, blood=restored.blood
            )
            label_map = LabelMap(labels, volume.grid)
            boxes = lesion_boxes(label_map, restored.blood)
        return Segmented(label_map, prepared.warnings, boxes)


def _shown_part(within: np.ndarray, prepared: PreparedSlices) -> np.ndarray:
    """Return the network's voxels that contain a voxel of a mask on the source slices, (slices, H, W) bool."""
    canonical = prepared.orientation.apply(within)
    parts = np.zeros((len(prepared.shown), *prepared.sampling.size), dtype=bool)
    for number in prepared.slice_numbers:
        if not canonical[number].any():
            continue
        plane = prepared.sampling.of_slice(number).to_network(canonical[number]) > 0
        # Skipped slices belong to the two shown slices around them.
        below = int(np.searchsorted(prepared.shown, number, side="right")) - 1
        for index in {below, min(below + 1, len(parts) - 1)}:
            parts[index] |= plane
    return parts
