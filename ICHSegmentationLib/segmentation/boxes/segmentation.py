# SPDX-License-Identifier: Apache-2.0
"""Segment inside boxes: all lesions of a scan, or one whose box was changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.manifest import built_in_entry
from ICHSegmentationLib.preprocessing.head import require_head
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.segmentation.boxes.lesion_voxels import lesion_voxels
from ICHSegmentationLib.segmentation.segmenter import Segmented

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.scan.volume import CTVolume


@runtime_checkable
class BoxSegmenter(Protocol):
    """A system that segments inside a box.

    Attributes
    ----------
    box_warning : str
        Warning for the user about such labels; empty for none.
    """

    box_warning: str

    def predict_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """Return the probability of blood in the region of ``box.voxels``, float32; 0 outside the lesion.

        Voxels from 0.5 on are blood.
        """


def as_box_segmenter(segmenter: object, name: str) -> BoxSegmenter:
    """Return a segmenter as a `BoxSegmenter`.

    Raises
    ------
    InputError
        If it cannot segment inside boxes; the message names a model that can.
    """
    if not isinstance(segmenter, BoxSegmenter):
        raise InputError(message("segmentation.no_boxes_taken", name=name, alternative=built_in_entry().name))
    return segmenter


def segment_boxes(
    segmenter: BoxSegmenter, volume: CTVolume, boxes: Sequence[LesionBox], stages: Stages, *, force: bool
) -> Segmented:
    """Label the blood inside each box with the box's subtype.

    Where boxes overlap, a voxel belongs to the box with the greater product of probability and confidence, or to the
    first one if they are equal. Without any box the label map is empty.

    Parameters
    ----------
    segmenter : BoxSegmenter
        Segments inside a box.
    volume : CTVolume
        The scan.
    boxes : sequence of LesionBox
        Boxes of its lesions.
    stages, force
        See `Segmenter.segment`.

    Raises
    ------
    InputError
        If a box lies outside the scan.
    NotAHeadError
        If the volume does not look like a head and ``force`` is False.
    """
    with stages.stage("preprocess"):
        orientation = CanonicalOrientation.of(volume.grid)
        _, warnings = require_head(orientation.apply(volume.hu), orientation.coordinates_mm, force=force)
    with stages.stage("infer"):
        label_map = label_boxes(segmenter, volume, boxes, stages.advance)
    own = (segmenter.box_warning,) if segmenter.box_warning else ()
    return Segmented(label_map, (*warnings, *own), tuple(boxes))


def label_boxes(
    segmenter: BoxSegmenter, volume: CTVolume, boxes: Sequence[LesionBox], advance: Callable[[float], None]
) -> LabelMap:
    """Label the blood inside each box; see `segment_boxes`. ``advance`` receives the fraction of the boxes done."""
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    best = np.full(volume.grid.shape, -1, dtype=np.float32)
    for number, box in enumerate(boxes):
        advance(number / len(boxes))
        blood = segmenter.predict_in_box(volume, box)
        region, _ = box.voxels(volume.grid)
        weighted = blood * np.float32(box.confidence)
        won = (blood >= 0.5) & (weighted > best[region])
        labels[region][won] = box.label
        best[region][won] = weighted[won]
    return LabelMap(labels, volume.grid)


def label_union(
    segmenter: BoxSegmenter, volume: CTVolume, boxes: Sequence[LesionBox], advance: Callable[[float], None]
) -> LabelMap:
    """Segment once per slice inside the box that encloses all of its boxes, as Rajapakse et al. 2024 do.

    Blood inside a box gets its subtype (inside several, that of the first), blood between boxes that of the slice's
    first box. Parameters are those of `label_boxes`.
    """
    grid = volume.grid
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for number in range(grid.shape[0]):
        advance(number / grid.shape[0])
        own = [box for box in boxes if box.slices[0] <= number <= box.slices[1]]
        if not own:
            continue
        edges = np.stack([box.edges(grid) for box in own])
        union = np.stack([edges[:, 0].min(axis=0), edges[:, 1].max(axis=0)])
        around = LesionBox.spanning(own[0].subtype, union, (number, number), grid)
        # On a tilted scan a box can leave the image on some of its slices.
        found = around.find_voxels(grid)
        if found is None:
            continue
        region = found.region
        names = np.full(labels[region].shape, own[0].label, dtype=np.uint8)
        for box in reversed(own):
            part_here = box.model_copy(update={"slices": (number, number)}).find_voxels(grid)
            if part_here is None:
                continue
            place, inside = part_here
            within = tuple(
                slice(part.start - whole.start, part.stop - whole.start)
                for part, whole in zip(place, region, strict=True)
            )
            names[within][inside] = box.label
        labels[region] = np.where(segmenter.predict_in_box(volume, around) >= 0.5, names, 0)
    return LabelMap(labels, grid)


def resegment_box(segmenter: BoxSegmenter, volume: CTVolume, label_map: LabelMap, edit: BoxEdit) -> LabelMap:
    """Segment one lesion again after its box was edited.

    The voxels of the lesion (see `lesion_voxels`) are cleared, then the new box is segmented. All other labelled voxels
    are kept, so a lesion grows into background only. If only the subtype was changed, the voxels stay the same.

    Parameters
    ----------
    segmenter : BoxSegmenter
        Segments inside the box.
    volume : CTVolume
        The scan.
    label_map : LabelMap
        Its current labels; not modified.
    edit : BoxEdit
        The edit.

    Raises
    ------
    InputError
        If the new box lies outside the scan.
    """
    known = edit_without_segmenter(label_map, edit)
    if known is not None:
        return known
    labels, after = label_map.labels.copy(), edit.after
    assert after is not None
    if edit.before is not None:
        region, lesion = lesion_voxels(label_map, edit.before, edit.others)
        labels[region][lesion] = 0
    region, _ = after.voxels(label_map.grid)
    free = labels[region] == 0
    labels[region][free & (segmenter.predict_in_box(volume, after) >= 0.5)] = after.label
    return LabelMap(labels, label_map.grid)


def edit_without_segmenter(label_map: LabelMap, edit: BoxEdit) -> LabelMap | None:
    """Apply an edit that needs no segmenter: a box was deleted, or only its subtype changed.

    Return None for all other edits, which need `resegment_box`.
    """
    before, after = edit.before, edit.after
    if after is not None and (before is None or not after.is_at(before)):
        return None
    labels = label_map.labels.copy()
    if before is not None:
        region, lesion = lesion_voxels(label_map, before, edit.others)
        labels[region][lesion] = 0 if after is None else after.label
    return LabelMap(labels, label_map.grid)
