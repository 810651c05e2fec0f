# SPDX-License-Identifier: Apache-2.0
"""The lesions of a result by their boxes, and changes of one box."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.mrml.boxes.box_record import encode_voxels, made_voxels, read_record, write_record
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.corrections import SaveState, write_correction
from ICHSegmentationLib.mrml.segmentation.layers import read_labels
from ICHSegmentationLib.mrml.segmentation.volumes import label_map_of
from ICHSegmentationLib.segmentation.boxes.kept_boxes import BoxRecord, KeptBox
from ICHSegmentationLib.segmentation.boxes.lesion_voxels import lesion_voxels, voxels_of_lesions
from ICHSegmentationLib.segmentation.boxes.lesions_without_box import lesions_without_box
from ICHSegmentationLib.segmentation.boxes.segmentation import BoxEdit


@dataclass(frozen=True)
class BoxLesion:
    """A box with what is labelled in it.

    Attributes
    ----------
    key : str
        By which the box is known.
    box : LesionBox
        Where it is.
    volume_ml : float
        Of its lesion as it is now.
    confidence : float or None
        How sure the model was, 0 to 1; None for what a hand drew.
    """

    key: str
    box: LesionBox
    volume_ml: float
    confidence: float | None


@dataclass(frozen=True, eq=False)
class AskedEdit:
    """A change of a box, and what it was asked for.

    Attributes
    ----------
    key : str or None
        Of the box; None for a new one.
    edit : BoxEdit
        For :func:`ICHSegmentationLib.resegment_lesion`.
    label_map : LabelMap
        The labels when it was asked.
    """

    key: str | None
    edit: BoxEdit
    label_map: LabelMap


def box_lesions(segmentation_node: Node) -> list[BoxLesion]:
    """Return every lesion with its box: those that are kept, then one around each lesion that has none.

    Raises
    ------
    NodeRemovedError, InputError
        If the node is gone or is no result of this project.
    """
    label_map = label_map_of(segmentation_node)
    every = _all_boxes(read_record(segmentation_node), label_map)
    volumes_mm3 = label_map.grid.voxel_volumes_mm3
    found = []
    voxels = voxels_of_lesions(label_map, [kept.box for kept in every])
    for kept, (region, lesion) in zip(every, voxels, strict=True):
        volume_ml = float(lesion.sum(axis=(1, 2)) @ volumes_mm3[region[0]]) / 1000
        confidence = None if kept.by_hand else kept.box.confidence
        found.append(BoxLesion(kept.key, kept.box, round(volume_ml, 6), confidence))
    return found


def ask_edit(segmentation_node: Node, key: str | None, after: LesionBox | None) -> AskedEdit:
    """Take down a change of a box: added (no ``key``), deleted (no ``after``), moved, resized or of another subtype.

    Raises
    ------
    NodeRemovedError, InputError
        If the node is gone or is no result, or the box is not there any more.
    """
    label_map = label_map_of(segmentation_node)
    every = _all_boxes(read_record(segmentation_node), label_map)
    before = next((kept.box for kept in every if kept.key == key), None)
    if key is not None and before is None:
        message = "The box is not there any more."
        raise InputError(message)
    return AskedEdit(key, BoxEdit(before=before, after=after, others=_others(every, key)), label_map)


def apply_edit(
    segmentation_node: Node, asked: AskedEdit, labels: LabelMap, *, save_state: SaveState | None = None
) -> str | None:
    """Put a lesion that was segmented again into the result, with its box, as one step for undo.

    Only voxels change that the edit changed, and of these only those that nobody has changed since it was asked.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    asked : AskedEdit
        What was asked.
    labels : LabelMap
        What :func:`ICHSegmentationLib.resegment_lesion` made of it.
    save_state : callable, optional
        See :data:`ICHSegmentationLib.mrml.segmentation.corrections.SaveState`.

    Returns
    -------
    str or None
        Key of the box from now on; None where it was deleted.

    Raises
    ------
    NodeRemovedError, InputError
        If the node is gone or is no result of this project.
    """
    block = read_labels(segmentation_node)
    whole = block.spread((0, 0, 0), labels.grid.shape)
    changed = (labels.labels != asked.label_map.labels) & (whole == asked.label_map.labels)
    whole[changed] = labels.labels[changed]
    record = read_record(segmentation_node)
    write_correction(segmentation_node, whole, block, (0, 0, 0), save_state)
    made = made_voxels(record, labels.grid.shape)
    made[changed] = whole[changed] > 0
    after = asked.edit.after
    if after is not None:
        region, lesion = lesion_voxels(LabelMap(whole, labels.grid), after, asked.edit.others)
        made[region][lesion] = 1
    record, key = _with(record, asked)
    write_record(segmentation_node, record.model_copy(update={"made": encode_voxels(made > 0)}))
    return key


def _with(record: BoxRecord, asked: AskedEdit) -> tuple[BoxRecord, str | None]:
    """Return a record with a change, and the key of the box in it."""
    known = {kept.key: kept for kept in record.boxes}
    before, after = asked.edit.before, asked.edit.after
    if after is None:
        boxes = tuple(kept for kept in record.boxes if kept.key != asked.key)
        return record.model_copy(update={"boxes": boxes}), None
    is_moved = before is None or not after.is_at(before)
    if asked.key in known:
        key, number = str(asked.key), record.next_key
        changed = KeptBox(key=key, box=after, by_hand=is_moved or known[key].by_hand)
        boxes = tuple(changed if kept.key == key else kept for kept in record.boxes)
    else:
        key, number = str(record.next_key), record.next_key + 1
        boxes = (*record.boxes, KeptBox(key=key, box=after, by_hand=True))
    return record.model_copy(update={"boxes": boxes, "next_key": number}), key


def _all_boxes(record: BoxRecord, label_map: LabelMap) -> list[KeptBox]:
    made = made_voxels(record, label_map.grid.shape)
    loose = lesions_without_box(label_map, [kept.box for kept in record.boxes], made)
    # Known by their place: nothing is kept of them, so that they follow the labels.
    names = [f"labels-{zlib.crc32(box.model_dump_json().encode()):08x}" for box in loose]
    return [*record.boxes, *(KeptBox(key=key, box=box, by_hand=True) for key, box in zip(names, loose, strict=True))]


def _others(every: Sequence[KeptBox], key: str | None) -> tuple[LesionBox, ...]:
    return tuple(kept.box for kept in every if kept.key != key)
