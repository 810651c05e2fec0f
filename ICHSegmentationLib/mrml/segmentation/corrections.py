# SPDX-License-Identifier: Apache-2.0
"""Corrections in one step: move a lesion to another subtype, take corrections back, keep one label per voxel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import LABELS, LabelBlock, read_labels, write_labels
from ICHSegmentationLib.mrml.segmentation.lesions import (
    Point,
    SceneLesion,
    connected,
    describe_lesion,
    label_of,
    nearest_labelled,
    voxel_at,
)
from ICHSegmentationLib.mrml.segmentation.model_result import model_result, side_by_side
from ICHSegmentationLib.mrml.segmentation.result_grid import result_grid
from ICHSegmentationLib.mrml.segmentation.segments import add_missing_segment, show_present_in_3d

SaveState = Callable[[], object]
"""Keeps the present state for undo, as ``vtkSlicerSegmentEditorLogic.SaveStateForUndo`` or the editor widget's
``saveStateForUndo``; called right before a change."""

_NO_LESION = "There is no lesion at this place; click inside one."


def move_lesion(
    segmentation_node: Node, ras_mm: Point, subtype: str, *, save_state: SaveState | None = None
) -> SceneLesion:
    """Give the lesion at a point another subtype.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    ras_mm : tuple of float
        A point of world RAS in the lesion, or within 5 mm of it.
    subtype : str
        Segment ID that it shall have.

    Returns
    -------
    SceneLesion
        The lesion as it is now; it may have joined another.

    Raises
    ------
    NodeRemovedError, InputError
        If the node is gone, there is no lesion, or no such segment.
    """
    if subtype not in LABELS:
        message = f"{subtype} is not a hemorrhage subtype; choose one of {', '.join(LABELS)}."
        raise InputError(message)
    block, where = read_labels(segmentation_node), result_grid(segmentation_node)
    voxel = nearest_labelled(block, where, voxel_at(segmentation_node, where, ras_mm))
    if voxel is None:
        raise InputError(_NO_LESION)
    labels = block.labels.copy()
    labels[connected(labels, np.subtract(voxel, block.start))] = LABELS[subtype]
    write_correction(segmentation_node, labels, block, block.start, save_state)
    moved = read_labels(segmentation_node)
    return describe_lesion(segmentation_node, moved, where, voxel)


def restore_lesion(segmentation_node: Node, ras_mm: Point, *, save_state: SaveState | None = None) -> None:
    """Take back what was changed on the lesion at a point.

    The lesion is the connected region that holds the point in what is there now, in what the model found, or in both,
    together with every lesion of the model that it touches with its own subtype: also an erased lesion comes back,
    where it was. Lesions near the point are looked for only where nothing holds the point itself.

    Raises
    ------
    NodeRemovedError, InputError
        If the node is gone, or there is no lesion now and the model found none.
    """
    now, where = read_labels(segmentation_node), result_grid(segmentation_node)
    model = model_result(segmentation_node)
    current, original, start = side_by_side(now, model)
    voxel = voxel_at(segmentation_node, where, ras_mm)
    region = np.zeros(current.shape, dtype=bool)
    both = ((now, current), (model, original))
    at_point = tuple(pair for pair in both if label_of(pair[0], voxel) in LABELS.values())
    for block, labels in at_point or both:
        nearest = nearest_labelled(block, where, voxel)
        if nearest is not None:
            lesion = connected(labels, np.subtract(nearest, start))
            region |= lesion | _touched(original, lesion, label_of(block, nearest))
    if not region.any():
        raise InputError(_NO_LESION)
    current[region] = original[region]
    write_correction(segmentation_node, current, now, start, save_state)


def restore_all(segmentation_node: Node, *, save_state: SaveState | None = None) -> None:
    """Take back every correction; segments that are no hemorrhage stay where the model found none.

    Raises
    ------
    NodeRemovedError, InputError
        If the node is gone or is no result of this project.
    """
    now = read_labels(segmentation_node)
    current, original, start = side_by_side(now, model_result(segmentation_node))
    others = np.where(current > max(LABELS.values()), current, 0)
    write_correction(segmentation_node, np.where(original > 0, original, others), now, start, save_state)


def is_exclusive(segmentation_node: Node) -> bool:
    """Whether every voxel has one segment or none."""
    return not read_labels(segmentation_node).overlapping


def make_exclusive(segmentation_node: Node, *, save_state: SaveState | None = None) -> None:
    """Give voxels of several segments to the last of them, as the volumes already count them."""
    block = read_labels(segmentation_node)
    if block.overlapping:
        write_correction(segmentation_node, block.labels, block, block.start, save_state)


def keep_exclusive(segment_editor_node: Node) -> None:
    """Make every effect of the Segment Editor overwrite other segments, so that labels go on excluding each other."""
    segment_editor_node.SetOverwriteMode(segment_editor_node.OverwriteAllSegments)


def _touched(original: np.ndarray, lesion: np.ndarray, label: int) -> np.ndarray:
    from scipy import ndimage

    regions, _ = ndimage.label(original == label, structure=np.ones((3, 3, 3)))
    touched = np.unique(regions[lesion])
    return np.isin(regions, touched[touched > 0])


def write_correction(
    segmentation_node: Node,
    labels: np.ndarray,
    before: LabelBlock,
    start: tuple[int, ...],
    save_state: SaveState | None,
) -> None:
    """Write corrected labels, as one step for undo.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        The result.
    labels : numpy.ndarray
        All labels of a part of the volume that holds every one.
    before : LabelBlock
        What `read_labels` read.
    start : tuple of int
        Slice, row and column where the part begins.
    save_state : callable, optional
        See `SaveState`.
    """
    if save_state is not None:
        save_state()
    present = set(np.unique(labels).tolist())
    modifying = segmentation_node.StartModify()
    try:
        needed = [identifier for identifier, value in LABELS.items() if value in present]
        for identifier in needed:
            add_missing_segment(segmentation_node, identifier)
        values = before.values | {identifier: LABELS[identifier] for identifier in needed}
        block = LabelBlock.of(labels, values, start)
        write_labels(segmentation_node, block)
        show_present_in_3d(segmentation_node, block)
    finally:
        segmentation_node.EndModify(modifying)
