# SPDX-License-Identifier: Apache-2.0
"""Boxes first, then the blood inside each (Rajapakse et al., IEEE Access 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError, MissingModelError, ModelError, UnknownModelError
from ICHSegmentationLib.models.manifest import get_model
from ICHSegmentationLib.models.select import load_beside
from ICHSegmentationLib.networks.box_decoding import decode_boxes
from ICHSegmentationLib.preprocessing.box_crops import CropSampling
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.preprocessing.sampling import HeadSampling
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.segmentation.boxes.linking import SliceBox, link_boxes
from ICHSegmentationLib.segmentation.boxes.segmentation import label_boxes, label_union
from ICHSegmentationLib.segmentation.segmenter import Segmented

if TYPE_CHECKING:
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.preprocessing.slices import PreparedSlices


class TwoStageSegmenter:
    """A detector on every slice, its boxes linked to lesions, then a network on the crop of each box and slice.

    Parameters
    ----------
    entry : ModelEntry
        Of the second stage; names the detector, which is loaded only where no boxes are given.
    runtime : Runtime
        The loaded second stage.
    """

    box_warning = ""

    def __init__(self, entry: ModelEntry, runtime: Runtime) -> None:
        self._entry, self._runtime = entry, runtime
        self._spec = entry.input_spec

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """See `Segmenter.segment`; no box gives an empty label map.

        Raises
        ------
        MissingModelError
            If the detector is not installed.
        InputError
            If the volume's slices are not axial: the detector looks at axial ones.
        """
        detector = self._detector()
        with stages.stage("preprocess"):
            if CanonicalOrientation.of(volume.grid).axes[0] != 0:
                message = f"Model {self._entry.name} finds boxes on axial slices only; choose another model."
                raise InputError(message)
            prepared = prepare_slices(volume, detector.input_spec, force=force, advance=stages.advance)
        with stages.stage("infer"):
            network = load_beside(detector, self._runtime.info)
            answers = network.probabilities(prepared.images, progress=lambda done, count: stages.advance(done / count))
            found = slice_boxes(answers, prepared, volume, detector)
            boxes = link_boxes(found, volume.grid, lone_threshold=detector.lone_threshold)
        with stages.stage("postprocess"):
            label = label_union if self._entry.joining == "union" else label_boxes
            label_map = label(self, volume, boxes, stages.advance)
        return Segmented(label_map, (*prepared.warnings, *network.warnings), boxes, further_models=(detector,))

    def blood_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """See `BoxSegmenter.blood_in_box`."""
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

    def _detector(self) -> ModelEntry:
        name = self._entry.detector
        try:
            return get_model(name, folder=self._entry.folder)
        except UnknownModelError as error:
            message = (
                f"Model {self._entry.name} needs the detector {name or '(none is named)'}, which is not installed; "
                "give it boxes, or choose another model."
            )
            raise MissingModelError(message) from error


def slice_boxes(
    answers: np.ndarray, prepared: PreparedSlices, volume: CTVolume, detector: ModelEntry
) -> list[SliceBox]:
    """Read a detector's answers as boxes on the source slices."""
    orientation, sampling = prepared.orientation, prepared.sampling
    if not isinstance(sampling, HeadSampling):
        message = f"Model {detector.name} turns the head, which a detector must not."
        raise ModelError(message)
    found = []
    for number, answer in zip(prepared.slice_numbers.tolist(), answers, strict=True):
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
    """Return the ends of a box on the source's axes, 1 for rows and 2 for columns.

    Parameters
    ----------
    edges_mm : numpy.ndarray
        (4,) top, left, bottom and right edge, canonical mm.
    orientation : CanonicalOrientation
        From the source slices to the canonical axes, whose slices are the source's.
    shape : tuple of int
        Of the source.
    """
    top, left, bottom, right = edges_mm
    return {
        orientation.axes[axis]: orientation.source_edges(axis, ends, shape)
        for axis, ends in ((1, (top, bottom)), (2, (left, right)))
    }
