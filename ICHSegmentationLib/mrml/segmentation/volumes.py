# SPDX-License-Identifier: Apache-2.0
"""Volumes of a result in the scene, measured with the true slice extents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import LABELS, LabelBlock, read_labels
from ICHSegmentationLib.mrml.segmentation.model_result import changed_by_hand as find_changed
from ICHSegmentationLib.mrml.segmentation.model_result import model_result
from ICHSegmentationLib.mrml.segmentation.result_grid import result_grid


@dataclass(frozen=True)
class SceneVolumes:
    """Volumes as the results table shows them.

    Attributes
    ----------
    volumes_ml : dict of str to float
        Volume of each hemorrhage segment, and ``total``.
    fractions : dict of str to float
        Fraction of the total, 0 to 1, of each segment; all 0 without hemorrhage.
    present : dict of str to bool
        Whether a segment has any voxel.
    changed : frozenset of str
        Segments that differ from the model's result.
    overlapping : bool
        Whether segments overlap after an edit; shared voxels count only for the later segment.
    """

    volumes_ml: dict[str, float]
    fractions: dict[str, float]
    present: dict[str, bool]
    changed: frozenset[str]
    overlapping: bool


def scene_volumes(segmentation_node: Node) -> SceneVolumes:
    """Return the current volumes of a result.

    A voxel counts with its pixel area times the slice extent, by the slice positions stored when the result was
    published. Transforms that are applied to the segmentation later do not change the volumes.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """
    block = read_labels(segmentation_node)
    extents_mm3 = result_grid(segmentation_node).grid.voxel_volumes_mm3
    counts = _counts(block)
    ids = [identifier for identifier in block.values if identifier in LABELS]
    per_slice = extents_mm3[block.start[0] : block.start[0] + len(counts)] / 1000
    volumes = {identifier: round(float(per_slice @ counts[:, block.values[identifier]]), 6) for identifier in ids}
    total = round(sum(volumes.values()), 6)
    changed = find_changed(segmentation_node, block)
    return SceneVolumes(
        volumes_ml=volumes | {"total": total},
        fractions={identifier: volumes[identifier] / total if total else 0.0 for identifier in ids},
        present={identifier: bool(counts[:, block.values[identifier]].any()) for identifier in ids},
        changed=frozenset(identifier for identifier in changed if identifier in LABELS),
        overlapping=block.overlapping,
    )


def segment_volumes_ml(segmentation_node: Node) -> dict[str, float]:
    """Return the volume of each hemorrhage segment, and ``total``; see :func:`scene_volumes`."""
    return scene_volumes(segmentation_node).volumes_ml


def changed_by_hand(segmentation_node: Node) -> frozenset[str]:
    """Return the IDs of segments that differ from the model's result."""
    return scene_volumes(segmentation_node).changed


def label_map_of(segmentation_node: Node) -> LabelMap:
    """Return a corrected result as a label map on the true slices.

    Segments other than hemorrhage are left out.
    """
    block = read_labels(segmentation_node)
    grid = result_grid(segmentation_node).grid
    whole = block.spread((0, 0, 0), grid.shape)
    whole[whole > max(LABELS.values())] = 0
    return LabelMap(whole, grid)


def model_label_map_of(segmentation_node: Node) -> LabelMap:
    """Return the model's labels on the true slices."""
    grid = result_grid(segmentation_node).grid
    return LabelMap(model_result(segmentation_node).spread((0, 0, 0), grid.shape), grid)


def _counts(block: LabelBlock) -> np.ndarray:
    """Return (slices, 256) voxel counts of each label; slice by slice, as bincount widens its input."""
    if not block.labels.size:
        return np.zeros((0, 256))
    return np.array([np.bincount(image.ravel(), minlength=256) for image in block.labels])
