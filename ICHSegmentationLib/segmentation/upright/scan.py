# SPDX-License-Identifier: Apache-2.0
"""A scan whose head is upright in its slices, and results of it on the source slices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.anatomy.head_pose import MAX_TILT_DEG, MAX_TURN_DEG, HeadPose, find_pose
from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import LesionBox, box_around
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.segmentation.upright.in_plane_turn import InPlaneTurn

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid


@dataclass(frozen=True, eq=False)
class UprightScan:
    """Scan whose head is upright in its slices.

    Attributes
    ----------
    source : CTVolume
        The scan as read.
    volume : CTVolume
        The source itself if the head is nearly upright; the same array on a turned grid, which interpolates nothing, if
        it is so after a turn by a multiple of 90 degrees; otherwise slices that are sampled again.
    turn_deg : float
        Turn that set the head upright.
    sampling : InPlaneTurn or None
        How the slices were sampled again; None if they were not.
    warnings : tuple of str
        Warnings for the user.
    assessed : bool
        False if the head could not be set upright. It is then left as it lies, and a negative result has no meaning.
    """

    source: CTVolume
    volume: CTVolume
    turn_deg: float = 0.0
    sampling: InPlaneTurn | None = None
    warnings: tuple[str, ...] = ()
    assessed: bool = True

    @classmethod
    def of(cls, volume: CTVolume) -> UprightScan:
        """Estimate the pose of the head and set it upright if necessary."""
        pose = find_pose(volume)
        if not pose.found:
            return cls(volume, volume, warnings=(message("segmentation.pose_not_found"),), assessed=False)
        if pose.tilt_deg > MAX_TILT_DEG:
            warning = message("segmentation.head_tilted", tilt_deg=pose.tilt_deg, max_deg=MAX_TILT_DEG)
            return cls(volume, volume, warnings=(warning,), assessed=False)
        quarter_deg = 90.0 * round(pose.turn_deg / 90)
        left_deg = abs(pose.turn_deg - quarter_deg)
        if left_deg <= MAX_TURN_DEG:
            return cls._turned_by(volume, pose, quarter_deg)
        sampling = InPlaneTurn.of(volume.grid, pose)
        if sampling is None:
            turned = cls._turned_by(volume, pose, quarter_deg)
            warning = message("segmentation.head_turned", turn_deg=left_deg)
            return replace(turned, warnings=(*turned.warnings, warning))
        upright = replace(volume, hu=sampling.hu_to_upright(volume.hu), grid=sampling.upright)
        return cls(volume, upright, pose.turn_deg, sampling, (_set_upright(pose.turn_deg),))

    @classmethod
    def _turned_by(cls, volume: CTVolume, pose: HeadPose, quarter_deg: float) -> UprightScan:
        if not quarter_deg:
            return cls(volume, volume)
        upright = replace(volume, grid=volume.grid.turned(pose.rotation_by(quarter_deg)))
        return cls(volume, upright, quarter_deg, warnings=(_set_upright(quarter_deg),))

    def labels_to_source(self, label_map: LabelMap) -> LabelMap:
        """Return labels of the upright scan on the source slices."""
        labels = label_map.labels if self.sampling is None else self.sampling.labels_to_source(label_map.labels)
        return LabelMap(labels, self.source.grid)

    def boxes_to_source(self, label_map: LabelMap, boxes: tuple[LesionBox, ...]) -> tuple[LesionBox, ...]:
        """Return the boxes of the upright scan around the same lesions on the source slices."""
        moved = []
        for box in boxes:
            region, inside = box.voxels(label_map.grid)
            lesion = inside & (label_map.labels[region] == box.label)
            mask = np.zeros(label_map.grid.shape, dtype=bool)
            mask[region] = lesion if lesion.any() else inside
            moved.append(_box_around(self._to_source(mask) >= 0.5, self.source.grid, box))
        return tuple(box for box in moved if box is not None)

    def box_to_upright(self, box: LesionBox) -> LesionBox | None:
        """Return the box of the upright scan around a box of the source; None if it holds no voxel."""
        region, inside = box.voxels(self.source.grid)
        mask = np.zeros(self.source.grid.shape, dtype=bool)
        mask[region] = inside
        upright = mask if self.sampling is None else self.sampling.mask_to_upright(mask)
        return _box_around(upright, self.volume.grid, box)

    def blood_to_source(self, blood: np.ndarray, box: LesionBox) -> np.ndarray:
        """Return probabilities of blood of the upright scan in the region of a box of the source; 0 outside the box."""
        region, inside = box.voxels(self.source.grid)
        return np.where(inside, self._to_source(blood)[region], np.float32(0))

    def _to_source(self, array: np.ndarray) -> np.ndarray:
        return array if self.sampling is None else self.sampling.to_source(array)


def _set_upright(turn_deg: float) -> str:
    return message("segmentation.turned_head_set_upright", turn_deg=abs(turn_deg))


def _box_around(mask: np.ndarray, grid: SliceGrid, like: LesionBox) -> LesionBox | None:
    region = labelled_box(mask)
    part = mask[region]
    if not part.any():
        return None
    return box_around(part, [side.start for side in region], grid, like.subtype, like.confidence)
