# SPDX-License-Identifier: Apache-2.0
"""Corrections: change the subtype of a lesion, restore the model's result, keep one label per voxel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
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
"""Saves the state for undo right before a change, as ``vtkSlicerSegmentEditorLogic.SaveStateForUndo`` or the editor
widget's ``saveStateForUndo``."""


def move_lesion(
    segmentation_node: Node, ras_mm: Point, subtype: str, *, save_state: SaveState | None = None
) -> SceneLesion:
    """Change the subtype of the lesion at a point.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    ras_mm : tuple of float
        A point in world RAS inside the lesion, or within 5 mm of it.
    subtype : str
        Segment ID of the new subtype.

    Returns
    -------
    SceneLesion
        The changed lesion, which may have merged with another.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed, or there is no such lesion or subtype.
    """
    if subtype not in LABELS:
        raise InputError(message("mrml.unknown_subtype", subtype=subtype, subtypes=", ".join(LABELS)))
    block, where = read_labels(segmentation_node), result_grid(segmentation_node)
    voxel = nearest_labelled(block, where, voxel_at(segmentation_node, where, ras_mm))
    if voxel is None:
        raise InputError(message("mrml.no_lesion"))
    labels = block.labels.copy()
    labels[connected(labels, np.subtract(voxel, block.start))] = LABELS[subtype]
    write_correction(segmentation_node, labels, block, block.start, save_state)
    moved = read_labels(segmentation_node)
    return describe_lesion(segmentation_node, moved, where, voxel)


def restore_lesion(segmentation_node: Node, ras_mm: Point, *, save_state: SaveState | None = None) -> None:
    """Restore the model's result for the lesion at a point, also if it was erased.

    The lesion is the connected component that contains the point in the current labels, the model's labels or both,
    and every lesion of the model with the same subtype that it overlaps. If there is none at the point, lesions within
    5 mm are used.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed, or there is a lesion neither now nor in the model's result.
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
        raise InputError(message("mrml.no_lesion"))
    current[region] = original[region]
    write_correction(segmentation_node, current, now, start, save_state)


def restore_all(segmentation_node: Node, *, save_state: SaveState | None = None) -> None:
    """Restore the model's result; other segments than hemorrhage stay where the model found none.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """
    now = read_labels(segmentation_node)
    current, original, start = side_by_side(now, model_result(segmentation_node))
    others = np.where(current > max(LABELS.values()), current, 0)
    write_correction(segmentation_node, np.where(original > 0, original, others), now, start, save_state)


def is_exclusive(segmentation_node: Node) -> bool:
    """Whether every voxel has at most one segment."""
    return not read_labels(segmentation_node).overlapping


def make_exclusive(segmentation_node: Node, *, save_state: SaveState | None = None) -> None:
    """Assign voxels of several segments to the last of them, as the volumes do."""
    block = read_labels(segmentation_node)
    if block.overlapping:
        write_correction(segmentation_node, block.labels, block, block.start, save_state)


def keep_exclusive(segment_editor_node: Node) -> None:
    """Make all Segment Editor effects overwrite other segments, so that segments do not overlap."""
    segment_editor_node.SetOverwriteMode(segment_editor_node.OverwriteAllSegments)


def _touched(original: np.ndarray, lesion: np.ndarray, label: int) -> np.ndarray:
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
    """Write corrected labels as one undo step.

    Parameters
    ----------
    segmentation_node : vtkMRMLSegmentationNode
        A result of this project.
    labels : numpy.ndarray
        Corrected labels of a part of the volume that contains all of them.
    before : LabelBlock
        Labels from `read_labels`.
    start : tuple of int
        Slice, row and column of the part's first voxel.
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
