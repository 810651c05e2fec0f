# SPDX-License-Identifier: Apache-2.0
"""Segment inside boxes: all lesions of a scan, or one that was changed while the others stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.models.runtimes.no_network import EM_NAME
from ICHSegmentationLib.preprocessing.head import head_or_refusal
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.segmentation.boxes.lesion_voxels import lesion_voxels
from ICHSegmentationLib.segmentation.segmenter import Segmented

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.volume import CTVolume


@runtime_checkable
class BoxSegmenter(Protocol):
    """A system that finds the blood inside a box.

    Attributes
    ----------
    box_warning : str
        What the reader of such labels must know, in one sentence; empty for nothing.
    """

    box_warning: str

    def blood_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """Return the probability of blood, float32, in the region of ``box.voxels``; 0 where it is not of the lesion.

        From 0.5 on a voxel is blood.
        """


class BoxEdit(BaseModel):
    """What was done to a box: added (no ``before``), deleted (no ``after``), moved, resized or given another subtype.

    Attributes
    ----------
    before, after : LesionBox or None
        The box as it was and as it is.
    others : tuple of LesionBox
        All other boxes of the scan; the lesions in them stay.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: LesionBox | None = None
    after: LesionBox | None = None
    others: tuple[LesionBox, ...] = ()


def as_box_segmenter(segmenter: object, name: str) -> BoxSegmenter:
    """Return a segmenter as one that looks into boxes.

    Raises
    ------
    InputError
        If it cannot; the message names the model that always can.
    """
    if not isinstance(segmenter, BoxSegmenter):
        message = f"Model {name} does not take boxes; use --model {EM_NAME}."
        raise InputError(message)
    return segmenter


def segment_boxes(
    segmenter: BoxSegmenter, volume: CTVolume, boxes: Sequence[LesionBox], stages: Stages, *, force: bool
) -> Segmented:
    """Label the blood inside each box with the box's subtype.

    Where boxes overlap, a voxel belongs to the one with the greater product of its probability of blood and the box's
    confidence, else to the earlier one. No box gives an empty label map.

    Parameters
    ----------
    segmenter : BoxSegmenter
        Looks into one box.
    volume : CTVolume
        The scan.
    boxes : sequence of LesionBox
        Of its lesions.
    stages, force
        As of `Segmenter.segment`.

    Raises
    ------
    InputError
        If a box lies outside the scan.
    NotAHeadError
        If the volume does not look like a head and ``force`` is False.
    """
    with stages.stage("preprocess"):
        orientation = CanonicalOrientation.of(volume.grid)
        _, warnings = head_or_refusal(orientation.apply(volume.hu), orientation.coordinates_mm, force=force)
    with stages.stage("infer"):
        label_map = label_boxes(segmenter, volume, boxes, stages.advance)
    own = (segmenter.box_warning,) if segmenter.box_warning else ()
    return Segmented(label_map, (*warnings, *own), tuple(boxes))


def label_boxes(
    segmenter: BoxSegmenter, volume: CTVolume, boxes: Sequence[LesionBox], advance: Callable[[float], None]
) -> LabelMap:
    """Do the work of `segment_boxes`; ``advance`` is told the share of the boxes that is done."""
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    likeliest = np.full(volume.grid.shape, -1, dtype=np.float32)
    for number, box in enumerate(boxes):
        advance(number / len(boxes))
        blood = segmenter.blood_in_box(volume, box)
        region, _ = box.voxels(volume.grid)
        sure = blood * np.float32(box.confidence)
        won = (blood >= 0.5) & (sure > likeliest[region])
        labels[region][won] = box.label
        likeliest[region][won] = sure[won]
    return LabelMap(labels, volume.grid)


def label_union(
    segmenter: BoxSegmenter, volume: CTVolume, boxes: Sequence[LesionBox], advance: Callable[[float], None]
) -> LabelMap:
    """Look once a slice, into the box that holds all of the slice's boxes, as Rajapakse et al. 2024 do.

    Blood in a box gets its subtype, of several that of the first; blood between the boxes that of the slice's first
    one. Parameters are those of `label_boxes`.
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
        region, _ = around.voxels(grid)
        names = np.full(labels[region].shape, own[0].label, dtype=np.uint8)
        for box in reversed(own):
            place, inside = box.model_copy(update={"slices": (number, number)}).voxels(grid)
            within = tuple(
                slice(part.start - whole.start, part.stop - whole.start)
                for part, whole in zip(place, region, strict=True)
            )
            names[within][inside] = box.label
        labels[region] = np.where(segmenter.blood_in_box(volume, around) >= 0.5, names, 0)
    return LabelMap(labels, grid)


def segment_again(segmenter: BoxSegmenter, volume: CTVolume, label_map: LabelMap, edit: BoxEdit) -> LabelMap:
    """Segment one lesion again after its box was changed.

    The lesion's voxels are those of its subtype in the box as it was, but what belongs to another box of the subtype
    (see `lesion_voxels`). They are given up, then the box as it is now is segmented. Every other labelled voxel stays,
    so a lesion takes background only. A lesion that only got another subtype keeps its voxels.

    Parameters
    ----------
    segmenter : BoxSegmenter
        Looks into the box.
    volume : CTVolume
        The scan.
    label_map : LabelMap
        Its labels so far; not changed.
    edit : BoxEdit
        What was done.

    Raises
    ------
    InputError
        If the new box lies outside the scan.
    """
    known = without_looking(label_map, edit)
    if known is not None:
        return known
    labels, after = label_map.labels.copy(), edit.after
    assert after is not None
    if edit.before is not None:
        region, lesion = lesion_voxels(label_map, edit.before, edit.others)
        labels[region][lesion] = 0
    region, _ = after.voxels(label_map.grid)
    free = labels[region] == 0
    labels[region][free & (segmenter.blood_in_box(volume, after) >= 0.5)] = after.label
    return LabelMap(labels, label_map.grid)


def without_looking(label_map: LabelMap, edit: BoxEdit) -> LabelMap | None:
    """Do what `segment_again` does where no segmenter is needed: a box was deleted, or only got another subtype.

    None for every other change.
    """
    before, after = edit.before, edit.after
    if after is not None and (before is None or not after.is_at(before)):
        return None
    labels = label_map.labels.copy()
    if before is not None:
        region, lesion = lesion_voxels(label_map, before, edit.others)
        labels[region][lesion] = 0 if after is None else after.label
    return LabelMap(labels, label_map.grid)
