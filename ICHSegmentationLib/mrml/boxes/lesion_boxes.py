# SPDX-License-Identifier: Apache-2.0
"""Lesions of a result with their boxes, and changes of a box."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.anatomy.lesion_location import LesionLocation
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import BOX_SUBTYPES, BoxEdit, LesionBox
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.measurement.lesions import locate_lesion
from ICHSegmentationLib.measurement.shape.diameters import longest_line
from ICHSegmentationLib.mrml.boxes.box_record import encode_voxels, made_voxels, read_record, write_record
from ICHSegmentationLib.mrml.boxes.brain_frame import brain_frame
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.corrections import (
    SaveState,
    restore_all,
    restore_lesion,
    write_correction,
)
from ICHSegmentationLib.mrml.segmentation.layers import read_labels
from ICHSegmentationLib.mrml.segmentation.lesions import Point, point_inside, voxel_at
from ICHSegmentationLib.mrml.segmentation.result_grid import result_grid
from ICHSegmentationLib.mrml.segmentation.volumes import label_map_of, model_label_map_of
from ICHSegmentationLib.segmentation.boxes.bright_region import box_around_bright
from ICHSegmentationLib.segmentation.boxes.kept_boxes import BoxRecord, KeptBox
from ICHSegmentationLib.segmentation.boxes.lesion_voxels import lesion_voxels, voxels_of_lesions
from ICHSegmentationLib.segmentation.boxes.lesions_without_box import lesions_without_box

_LOOSE = "labels-"


@dataclass(frozen=True)
class BoxLesion:
    """A box with its lesion.

    Attributes
    ----------
    key : str
        Identifier of the box.
    box : LesionBox
        Position and subtype.
    volume_ml : float
        Current volume of the lesion.
    confidence : float or None
        Confidence of the model, 0 to 1; None for a box that the user drew or changed.
    changed : bool
        Whether box or labels differ from the model's.
    longest_mm : float
        Longest diameter in three dimensions; 0 without voxels.
    location : LesionLocation
        Side and region; empty without voxels, or if the atlas could not be fitted.
    ras_mm : tuple of float or None
        A point of the lesion, world RAS; without voxels one of the model's lesion in the box, None if there is none.
    """

    key: str
    box: LesionBox
    volume_ml: float
    confidence: float | None
    changed: bool
    longest_mm: float
    location: LesionLocation
    ras_mm: Point | None


@dataclass(frozen=True, eq=False)
class RequestedEdit:
    """A requested change of a box.

    Attributes
    ----------
    key : str or None
        Identifier of the box; None for a new one.
    edit : BoxEdit
        Change for :func:`ICHSegmentationLib.resegment_lesion`.
    label_map : LabelMap
        Labels at the time of the request.
    """

    key: str | None
    edit: BoxEdit
    label_map: LabelMap


def box_lesions(segmentation_node: Node) -> list[BoxLesion]:
    """Return all lesions with their boxes: stored boxes first, then one around each lesion without a box.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """
    label_map, model = label_map_of(segmentation_node), model_label_map_of(segmentation_node)
    every = _all_boxes(read_record(segmentation_node), label_map)
    where, frame = result_grid(segmentation_node), brain_frame(segmentation_node)
    grid = label_map.grid
    found = []
    voxels = voxels_of_lesions(label_map, [kept.box for kept in every])
    for kept, (region, lesion) in zip(every, voxels, strict=True):
        offset = (region[0].start, region[1].start, region[2].start)
        volume_ml = float(lesion.sum(axis=(1, 2)) @ grid.voxel_volumes_mm3[region[0]]) / 1000
        of_model = (model.labels[region] > 0) & kept.box.voxels(grid).inside
        is_empty = not lesion.any()
        seen = of_model if is_empty else lesion
        # The model's voxels of the box's subtype count too: the user may have erased a part of the lesion.
        own = lesion | (of_model & (model.labels[region] == kept.box.label))
        edited = (label_map.labels[region] != model.labels[region]) & own
        found.append(
            BoxLesion(
                key=kept.key,
                box=kept.box,
                volume_ml=round(volume_ml, 6),
                confidence=None if kept.by_hand else kept.box.confidence,
                changed=bool(edited.any()) or (kept.by_hand and not _is_loose(kept.key)),
                longest_mm=0.0 if is_empty else longest_line(lesion, offset, grid).length_mm,
                location=LesionLocation() if is_empty else locate_lesion(kept.box.subtype, lesion, offset, grid, frame),
                ras_mm=point_inside(segmentation_node, where, seen, np.array(offset)) if seen.any() else None,
            )
        )
    return found


def bright_box(segmentation_node: Node, volume: CTVolume, ras_mm: Point, subtype: str) -> LesionBox | None:
    """Return a box around what is bright at a point; None if nothing is.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    volume : CTVolume
        Its scan, from :func:`ICHSegmentationLib.mrml.volume_input`.
    ras_mm : tuple of float
        The point, world RAS.
    subtype : str
        Subtype of the box.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project, or the point is outside the scan or labelled.
    """
    slice_, row, column = voxel_at(segmentation_node, result_grid(segmentation_node), ras_mm).tolist()
    return box_around_bright(volume, (slice_, row, column), subtype, label_map_of(segmentation_node))


def restore_box(segmentation_node: Node, ras_mm: Point, *, save_state: SaveState | None = None) -> None:
    """Restore the model's result for the lesion at a point, and the subtypes of the boxes there.

    See :func:`ICHSegmentationLib.mrml.segmentation.corrections.restore_lesion`.
    """
    restore_lesion(segmentation_node, ras_mm, save_state=save_state)
    _follow_labels(segmentation_node)


def restore_boxes(segmentation_node: Node, *, save_state: SaveState | None = None) -> None:
    """Restore the model's result of all lesions, and the subtypes of their boxes."""
    restore_all(segmentation_node, save_state=save_state)
    _follow_labels(segmentation_node)


def _follow_labels(segmentation_node: Node) -> None:
    """Give each stored box without a voxel of its subtype the subtype of the labels in it, if there are any."""
    label_map, record = label_map_of(segmentation_node), read_record(segmentation_node)
    names = {label: name for name, label in BOX_SUBTYPES.items()}

    def followed(kept: KeptBox) -> KeptBox:
        region, inside = kept.box.voxels(label_map.grid)
        counts = np.bincount(label_map.labels[region][inside], minlength=256)
        counts[0] = 0
        if not counts.any() or counts[kept.box.label]:
            return kept
        box = kept.box.model_copy(update={"subtype": names[int(np.argmax(counts))]})
        return kept.model_copy(update={"box": box})

    boxes = tuple(followed(kept) for kept in record.boxes)
    write_record(segmentation_node, record.model_copy(update={"boxes": boxes}))


def request_edit(segmentation_node: Node, key: str | None, after: LesionBox | None) -> RequestedEdit:
    """Return a request to add (no ``key``), delete (no ``after``), move, resize or relabel a box.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project, or the box was deleted.
    """
    label_map = label_map_of(segmentation_node)
    every = _all_boxes(read_record(segmentation_node), label_map)
    before = next((kept.box for kept in every if kept.key == key), None)
    if key is not None and before is None:
        raise InputError(message("mrml.no_box"))
    return RequestedEdit(key, BoxEdit(before=before, after=after, others=_others(every, key)), label_map)


def apply_edit(
    segmentation_node: Node, request: RequestedEdit, labels: LabelMap, *, save_state: SaveState | None = None
) -> str | None:
    """Write a resegmented lesion and its box into the result, as one undo step.

    Only voxels that the edit changed are written, and of these only those not edited since the request.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    request : RequestedEdit
        The request.
    labels : LabelMap
        Labels from :func:`ICHSegmentationLib.resegment_lesion`.
    save_state : callable, optional
        See :data:`ICHSegmentationLib.mrml.segmentation.corrections.SaveState`.

    Returns
    -------
    str or None
        Key of the box; None if it was deleted.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """
    block = read_labels(segmentation_node)
    whole = block.spread((0, 0, 0), labels.grid.shape)
    changed = (labels.labels != request.label_map.labels) & (whole == request.label_map.labels)
    whole[changed] = labels.labels[changed]
    record = read_record(segmentation_node)
    write_correction(segmentation_node, whole, block, (0, 0, 0), save_state)
    made = made_voxels(record, labels.grid.shape)
    made[changed] = whole[changed] > 0
    after = request.edit.after
    if after is not None:
        region, lesion = lesion_voxels(LabelMap(whole, labels.grid), after, request.edit.others)
        made[region][lesion] = 1
    record, key = _with(record, request)
    write_record(segmentation_node, record.model_copy(update={"made": encode_voxels(made > 0)}))
    return key


def _with(record: BoxRecord, request: RequestedEdit) -> tuple[BoxRecord, str | None]:
    """Return the changed record and the key of the box."""
    known = {kept.key: kept for kept in record.boxes}
    before, after = request.edit.before, request.edit.after
    if after is None:
        boxes = tuple(kept for kept in record.boxes if kept.key != request.key)
        return record.model_copy(update={"boxes": boxes}), None
    is_moved = before is None or not after.is_at(before)
    if request.key in known:
        key, number = str(request.key), record.next_key
        changed = KeptBox(key=key, box=after, by_hand=is_moved or known[key].by_hand)
        boxes = tuple(changed if kept.key == key else kept for kept in record.boxes)
    else:
        key, number = str(record.next_key), record.next_key + 1
        boxes = (*record.boxes, KeptBox(key=key, box=after, by_hand=True))
    return record.model_copy(update={"boxes": boxes, "next_key": number}), key


def _all_boxes(record: BoxRecord, label_map: LabelMap) -> list[KeptBox]:
    made = made_voxels(record, label_map.grid.shape)
    loose = lesions_without_box(label_map, [kept.box for kept in record.boxes], made)
    # Their keys are made from their position: they are not stored, and follow the labels.
    names = [f"{_LOOSE}{zlib.crc32(box.model_dump_json().encode()):08x}" for box in loose]
    return [*record.boxes, *(KeptBox(key=key, box=box, by_hand=True) for key, box in zip(names, loose, strict=True))]


def _is_loose(key: str) -> bool:
    """Whether a key is that of a lesion without a stored box."""
    return key.startswith(_LOOSE)


def _others(every: Sequence[KeptBox], key: str | None) -> tuple[LesionBox, ...]:
    return tuple(kept.box for kept in every if kept.key != key)
