# SPDX-License-Identifier: Apache-2.0
"""Find boxes with a detector, then segment inside each (Rajapakse et al., IEEE Access 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError, MissingModelError, ModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.networks.box_decoding import decode_boxes
from ICHSegmentationLib.preprocessing.box_crops import CropSampling
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.preprocessing.sampling import HeadSampling
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.segmentation.boxes.linking import SliceBox, link_boxes
from ICHSegmentationLib.segmentation.boxes.segmentation import label_boxes, label_union
from ICHSegmentationLib.segmentation.segmenter import Companions, Segmented

if TYPE_CHECKING:
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.preprocessing.slices import PreparedSlices
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing


class TwoStageSegmenter:
    """Run a detector on every slice, link its boxes to lesions, and run a network on the crop of each box and slice.

    Parameters
    ----------
    entry : ModelEntry
        The model of the second stage.
    runtime : Runtime
        The loaded second stage.
    postprocessing : PostProcessing
        Not used.
    companions : Companions
        The detector; it is loaded only if no boxes are given.
    """

    box_warning = ""

    def __init__(
        self,
        entry: ModelEntry,
        runtime: Runtime,
        postprocessing: PostProcessing,  # noqa: ARG002
        companions: Companions,
    ) -> None:
        self._entry, self._runtime, self._detector = entry, runtime, companions.detector
        self._spec = entry.input_spec

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume; see `Segmenter.segment`. Without any box the label map is empty.

        Raises
        ------
        MissingModelError
            If the detector is not installed.
        InputError
            If the slices are not axial, which the detector needs.
        """
        if self._detector is None or self._detector.entry is None:
            raise MissingModelError(
                message("segmentation.detector_missing", name=self._entry.name, detector=self._entry.detector)
            )
        detector = self._detector.entry
        with stages.stage("preprocess"):
            if CanonicalOrientation.of(volume.grid).axes[0] != 0:
                raise InputError(message("segmentation.axial_slices_only", name=self._entry.name))
            prepared = prepare_slices(volume, detector.input_spec, force=force, advance=stages.advance)
        with stages.stage("infer"):
            network = self._detector.load(self._runtime.info)
            answers = network.probabilities(prepared.images, progress=lambda done, count: stages.advance(done / count))
            found = slice_boxes(answers, prepared, volume, detector)
            boxes = link_boxes(found, volume.grid, lone_threshold=detector.lone_threshold)
        with stages.stage("postprocess"):
            label = label_union if self._entry.joining == "union" else label_boxes
            label_map = label(self, volume, boxes, stages.advance)
        return Segmented(label_map, (*prepared.warnings, *network.warnings), boxes, further_models=(detector,))

    def predict_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """Return the probability of blood in a box; see `BoxSegmenter.predict_in_box`."""
        region, inside = box.voxels(volume.grid)
        orientation = CanonicalOrientation.of(volume.grid)
        slices, *sides = orientation.region(region, volume.grid.shape)
        slices_mm, *axes_mm = orientation.coordinates_mm
        in_box = orientation.apply(inside)
        weights = self._spec.stack_weights(slices_mm)[slices]
        used = np.flatnonzero(weights.any(axis=(0, 1)))
        hu = self._spec.window(orientation.apply(volume.hu)[used[0] : used[-1] + 1])
        weights = weights[..., used[0] : used[-1] + 1]
        samplings, images = [], []
        for number, plane in enumerate(in_box):
            if not plane.any():
                continue
            whole = np.zeros(hu.shape[1:], dtype=bool)
            whole[*sides] = plane
            sampling = CropSampling.around(axes_mm[0], axes_mm[1], whole, self._spec)
            samplings.append((number, sampling))
            channels = [
                sum(weight * sampling.to_crop(hu[index]) for index, weight in enumerate(row) if weight)
                for row in weights[number]
            ]
            images.append(np.stack(channels))
        blood = np.zeros(in_box.shape, dtype=np.float32)
        answers = self._runtime.probabilities(self._spec.network_values(np.stack(images).astype(np.float32)))
        for (number, sampling), answer in zip(samplings, answers, strict=True):
            blood[number] = sampling.to_source(answer[1])[*sides]
        return np.ascontiguousarray(orientation.invert(np.where(in_box, blood, 0)))


def slice_boxes(
    answers: np.ndarray, prepared: PreparedSlices, volume: CTVolume, detector: ModelEntry
) -> list[SliceBox]:
    """Decode a detector's output to boxes on the source slices."""
    orientation, sampling = prepared.orientation, prepared.sampling
    if not isinstance(sampling, HeadSampling):
        raise ModelError(message("segmentation.detector_turns_head", name=detector.name))
    found = []
    for number, answer in zip(prepared.shown.tolist(), answers, strict=True):
        boxes = decode_boxes(answer, score_threshold=detector.score_threshold, nms_overlap=detector.nms_overlap)
        edges_mm = sampling.edges_mm(boxes.edges)
        for one, kind, score in zip(edges_mm, boxes.kinds, boxes.scores, strict=True):
            sides = source_sides(one, orientation, volume.grid.shape)
            source = volume.grid.shape[0] - 1 - number if orientation.flips[0] else number
            found.append(SliceBox(source, sides[1], sides[2], detector.classes[kind], round(float(score), 3)))
    return found


def source_sides(
    edges_mm: np.ndarray, orientation: CanonicalOrientation, shape: tuple[int, int, int]
) -> dict[int, tuple[float, float]]:
    """Return the edges of a box along the source's axes, 1 for rows and 2 for columns.

    Parameters
    ----------
    edges_mm : numpy.ndarray
        (4,) top, left, bottom and right edge, canonical mm.
    orientation : CanonicalOrientation
        Maps the source slices to canonical axes with the same slices.
    shape : tuple of int
        Of the source.
    """
    top, left, bottom, right = edges_mm
    return {
        orientation.axes[axis]: orientation.source_edges(axis, ends, shape)
        for axis, ends in ((1, (top, bottom)), (2, (left, right)))
    }
