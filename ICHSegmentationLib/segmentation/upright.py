# SPDX-License-Identifier: Apache-2.0
"""Set a turned head upright for any segmenter, and take its answer back to the source slices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.anatomy.head_pose import MOST_TILT_DEG, HeadPose, find_pose
from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import LesionBox, box_around
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.volume import PADDING_HU, CTVolume
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.registration.sampling import values_at
from ICHSegmentationLib.segmentation.boxes.segmentation import BoxSegmenter

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.segmentation.segmenter import Segmented, Segmenter

UPRIGHT_TURN_DEG = 25.0
"""A head turned by less is left as it lies: the networks find as much blood as in an upright one."""
_PIXEL_MM = 0.8  # of a turned head in other than axial slices; the networks' own


@dataclass(frozen=True, eq=False)
class UprightScan:
    """A scan whose head is upright in its slices.

    Attributes
    ----------
    source : CTVolume
        The scan as it is.
    volume : CTVolume
        The scan with the head upright: the source itself, the same array on another grid (turns by multiples of 90
        degrees, which interpolate nothing), or a copy resampled once.
    rotation : numpy.ndarray
        (3, 3) from the patient's LPS mm of the source to those of the upright head.
    turn_deg : float
        By which the head was turned in its slices.
    warnings : tuple of str
        What the reader of the result must know.
    assessed : bool
        False where the head could not be set upright: it is then left as it lies, and what is not found there says
        nothing.
    """

    source: CTVolume
    volume: CTVolume
    rotation: np.ndarray
    turn_deg: float = 0.0
    warnings: tuple[str, ...] = ()
    assessed: bool = True

    @classmethod
    def of(cls, volume: CTVolume) -> UprightScan:
        """Find the head's pose and set it upright if need be."""
        pose = find_pose(volume)
        turn_deg, tilt_deg = pose.turn_deg, pose.tilt_deg
        left_alone = cls(volume, volume, np.eye(3))
        if not pose.found:
            return replace(left_alone, warnings=(message("segmentation.pose_not_found"),), assessed=False)
        if tilt_deg > MOST_TILT_DEG:
            warning = message("segmentation.head_tilted", tilt_deg=tilt_deg, most_deg=MOST_TILT_DEG)
            return replace(left_alone, warnings=(warning,), assessed=False)
        quarters = round(turn_deg / 90)
        if abs(turn_deg - 90 * quarters) <= UPRIGHT_TURN_DEG:
            if quarters == 0:
                return left_alone
            turn_deg = 90.0 * quarters
        warning = message("segmentation.turned_head_set_upright", turn_deg=abs(turn_deg))
        turn = np.round(_turn(turn_deg), 15) if turn_deg % 90 == 0 else _turn(turn_deg)
        rotation = _in_patient(pose, turn)
        if turn_deg % 90 == 0:
            return cls(volume, replace(volume, grid=turned_grid(volume.grid, rotation)), rotation, turn_deg, (warning,))
        if CanonicalOrientation.of(volume.grid).axes[0] == 0:
            upright = _turned_in_plane(volume, rotation, pose.axes)
        else:
            grid = _grid_around(volume.grid, rotation, pose.axes)
            upright = replace(volume, hu=_resampled(volume, grid, rotation), grid=grid)
        return cls(volume, upright, rotation, turn_deg, (warning,))

    @property
    def resampled(self) -> bool:
        """Whether the array of the upright scan is another one than that of the source."""
        return self.volume.hu is not self.source.hu

    def from_source(self, array: np.ndarray) -> np.ndarray:
        """Return an array on the source slices, of labels or a mask, on those of the upright scan."""
        if not self.resampled:
            return array
        return _sampled(array, self.source.grid, self.volume.grid, self.rotation.T, outside=0, nearest=True)

    def to_source(self, array: np.ndarray, *, nearest: bool = True) -> np.ndarray:
        """Return an array on the slices of the upright scan on the source slices; 0 outside of them."""
        if not self.resampled:
            return array
        return _sampled(array, self.volume.grid, self.source.grid, self.rotation, outside=0, nearest=nearest)

    def boxes_to_source(self, label_map: LabelMap, boxes: tuple[LesionBox, ...]) -> tuple[LesionBox, ...]:
        """Return boxes of the upright scan around the same lesions on the source slices."""
        numbers = np.zeros(label_map.grid.shape, dtype=np.uint16)
        for number, box in enumerate(boxes, start=1):
            region, inside = box.voxels(label_map.grid)
            lesion = inside & (label_map.labels[region] == box.label)
            numbers[region][lesion if lesion.any() else inside] = number
        numbers = self.to_source(numbers)
        moved = (_box_around(numbers == number, self.source.grid, box) for number, box in enumerate(boxes, start=1))
        return tuple(box for box in moved if box is not None)


class UprightSegmenter:
    """Runs a segmenter on the upright scan; without boxes.

    Parameters
    ----------
    segmenter : Segmenter
        Of any system.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume; see `Segmenter.segment`."""
        scan = UprightScan.of(volume)
        found = self._segmenter.segment(scan.volume, stages, force=force)
        return on_source(scan, found)


class UprightBoxSegmenter(UprightSegmenter):
    """Runs a segmenter that takes boxes on the upright scan."""

    def __init__(self, segmenter: BoxSegmenter) -> None:
        super().__init__(segmenter)  # type: ignore[arg-type]  # every system has both
        self._boxes, self._scan = segmenter, None
        self.box_warning = segmenter.box_warning

    _scan: UprightScan | None

    def predict_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        """Return the probability of blood in a box; see `BoxSegmenter.predict_in_box`."""
        if self._scan is None or self._scan.source is not volume:
            self._scan = UprightScan.of(volume)
        scan = self._scan
        if scan.volume is volume:
            return self._boxes.predict_in_box(volume, box)
        region, inside = box.voxels(volume.grid)
        mask = np.zeros(volume.grid.shape, dtype=bool)
        mask[region] = inside
        upright_box = _box_around(scan.from_source(mask), scan.volume.grid, box)
        if upright_box is None:
            return np.zeros(inside.shape, dtype=np.float32)
        blood = np.zeros(scan.volume.grid.shape, dtype=np.float32)
        blood[upright_box.voxels(scan.volume.grid).region] = self._boxes.predict_in_box(scan.volume, upright_box)
        return np.where(inside, scan.to_source(blood, nearest=False)[region], np.float32(0))


def set_upright(segmenter: Segmenter) -> UprightSegmenter:
    """Return a segmenter that sets a turned head upright first; with boxes if the given one takes boxes."""
    if isinstance(segmenter, BoxSegmenter):
        return UprightBoxSegmenter(segmenter)
    return UprightSegmenter(segmenter)


def on_source(scan: UprightScan, found: Segmented) -> Segmented:
    """Return the result of an upright scan on the source slices."""
    found = found._replace(warnings=(*scan.warnings, *found.warnings), assessed=scan.assessed)
    if scan.volume is scan.source:
        return found
    plane = found.plane
    return found._replace(
        label_map=LabelMap(scan.to_source(found.label_map.labels), scan.source.grid),
        boxes=scan.boxes_to_source(found.label_map, found.boxes),
        plane=None if plane is None else replace(plane, turn_deg=plane.turn_deg + scan.turn_deg),
    )


def turned_grid(grid: SliceGrid, rotation: np.ndarray) -> SliceGrid:
    """Return a grid turned about the origin."""
    return SliceGrid(grid.shape, grid.positions_mm @ rotation.T, grid.orientation @ rotation.T, grid.spacing_mm)


def _turn(turn_deg: float) -> np.ndarray:
    turn: np.ndarray = Rotation.from_euler("z", turn_deg, degrees=True).as_matrix()
    return turn


def _in_patient(pose: HeadPose, rotation: np.ndarray) -> np.ndarray:
    """Return a rotation along the axes of the slices as one of LPS mm."""
    turned: np.ndarray = pose.axes.T @ rotation @ pose.axes
    return turned


def _box_around(mask: np.ndarray, grid: SliceGrid, like: LesionBox) -> LesionBox | None:
    region = labelled_box(mask)
    part = mask[region]
    if not part.any():
        return None
    return box_around(part, [side.start for side in region], grid, like.subtype, like.confidence)


def _turned_in_plane(volume: CTVolume, rotation: np.ndarray, axes: np.ndarray) -> CTVolume:
    """Resample each slice in its plane, so that no slices are mixed."""
    grid = volume.grid
    pixel_mm = min(grid.spacing_mm)
    steps = np.stack([grid.orientation[1] * grid.spacing_mm[0], grid.orientation[0] * grid.spacing_mm[1]], axis=1)
    # One row and one column of the upright slice in rows and columns of the source.
    along = np.linalg.pinv(steps) @ rotation.T @ axes[[1, 0]].T * pixel_mm
    sizes = np.array(grid.shape[1:])
    shape = np.ceil(np.abs(np.linalg.inv(along)) @ sizes).astype(int)
    first = (sizes - 1) / 2 - along @ ((shape - 1) / 2)
    hu = np.empty((grid.shape[0], *shape), dtype=np.int16)
    for plane, upright in zip(volume.hu, hu, strict=True):
        turned = ndimage.affine_transform(
            plane, along, first, output_shape=tuple(shape), output=np.float32, order=1, cval=PADDING_HU
        )
        upright[:] = np.rint(turned)
    positions = (grid.positions_mm + steps @ first) @ rotation.T
    return replace(volume, hu=hu, grid=SliceGrid(hu.shape, positions, axes[[0, 1]], (pixel_mm, pixel_mm)))


def _grid_around(grid: SliceGrid, rotation: np.ndarray, axes: np.ndarray) -> SliceGrid:
    """Return a regular grid along the axes of the upright head that holds all of a scan."""
    ends = np.array(np.meshgrid(*[(0, size - 1) for size in grid.shape])).reshape(3, -1).T
    corners = grid.points_mm(ends) @ rotation.T @ axes.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    pixel_mm = max(_PIXEL_MM, min(grid.spacing_mm))
    step_mm = float(np.median(grid.slice_distances_mm))
    columns, rows, slices = (
        int((high - low)[axis] / step) + 1 for axis, step in enumerate((pixel_mm, pixel_mm, step_mm))
    )
    positions = low @ axes + np.arange(slices)[:, None] * step_mm * axes[2]
    return SliceGrid((slices, rows, columns), positions, axes[[0, 1]], (pixel_mm, pixel_mm))


def _resampled(volume: CTVolume, grid: SliceGrid, rotation: np.ndarray) -> np.ndarray:
    sampled = _sampled(volume.hu, volume.grid, grid, rotation.T, outside=PADDING_HU, nearest=False)
    return np.rint(sampled).astype(np.int16)


def _sampled(
    array: np.ndarray, grid: SliceGrid, wanted: SliceGrid, rotation: np.ndarray, *, outside: float, nearest: bool
) -> np.ndarray:
    """Sample an array on another grid, slice by slice; the rotation takes points of the wanted grid to the array's."""
    planes = []
    rows, columns = np.mgrid[: wanted.shape[1], : wanted.shape[2]]
    for number in range(wanted.shape[0]):
        points = wanted.points_mm(np.stack([np.full_like(rows, number), rows, columns], axis=-1))
        planes.append(values_at(array, grid, points @ rotation.T, outside=outside, nearest=nearest))
    return np.stack(planes)
