# SPDX-License-Identifier: Apache-2.0
"""Whether a volume node can be segmented, and one line about its geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.io.grid_warnings import warn_grid
from ICHSegmentationLib.mrml.nodes import Node, ijk_to_ras, require_volume
from ICHSegmentationLib.mrml.subject_hierarchy import modality_of
from ICHSegmentationLib.mrml.volume.geometry import VolumeGeometry, read_geometry

_MINIMUM_SLICES = 3
_WHITE = 255
_AIR_HU = -500
_TILT_DEG = 0.5
_MOST_LISTED = 4


@dataclass(frozen=True, eq=False)
class VolumeCheck:
    """What the panel shows of a volume before anything is run.

    Attributes
    ----------
    ok : bool
        Whether it can be segmented.
    reason : str or None
        One sentence why not.
    geometry_line : str
        Slices, tilt, steps, gaps, acquisition transform and where the positions come from; empty for a refused volume.
    warnings : tuple of str
        What the user should know of an accepted volume.
    geometry : VolumeGeometry or None
        What was read, to be handed to :func:`ICHSegmentationLib.mrml.volume.input`.
    """

    ok: bool
    reason: str | None
    geometry_line: str = ""
    warnings: tuple[str, ...] = ()
    geometry: VolumeGeometry | None = None


def check_volume(volume_node: Node) -> VolumeCheck:
    """Check that a node is a head CT's volume in HU, under no transform that the library cannot follow."""
    try:
        require_volume(volume_node)
        reason = _kind_problem(volume_node) or _values_problem(volume_node)
        if reason is not None:
            return VolumeCheck(ok=False, reason=reason)
        geometry = read_geometry(volume_node)
    except ICHSegmentationError as error:
        return VolumeCheck(ok=False, reason=str(error))
    if geometry.grid.shape[0] < _MINIMUM_SLICES:
        message = f"The volume has {geometry.grid.shape[0]} slice(s); at least {_MINIMUM_SLICES} are needed."
        return VolumeCheck(ok=False, reason=message)
    warnings = (*geometry.warnings, *warn_grid(geometry.grid), *_warn_values(volume_node))
    return VolumeCheck(True, None, describe_geometry(geometry), warnings, geometry)


def describe_geometry(geometry: VolumeGeometry) -> str:
    """Return one line: ``28 slices, tilt 18.5 deg, steps 4.22 and 7.38 mm, no gaps, positions from DICOM files``."""
    grid = geometry.grid
    parts = [
        f"{grid.shape[0]} slices",
        f"tilt {abs(grid.tilt_deg):.1f} deg" if abs(grid.tilt_deg) >= _TILT_DEG else "no tilt",
        _describe_steps(grid.distinct_steps()),
        f"{len(grid.gaps)} gap(s)" if grid.gaps else "no gaps",
    ]
    if geometry.acquisition:
        parts.append("under Slicer's acquisition transform")
    parts.append(f"positions from {geometry.origin}")
    return ", ".join(parts)


def _describe_steps(steps_mm: list[float]) -> str:
    if len(steps_mm) == 1:
        return f"step {steps_mm[0]:.2f} mm"
    if len(steps_mm) > _MOST_LISTED:
        return f"steps {min(steps_mm):.2f} to {max(steps_mm):.2f} mm"
    return f"steps {', '.join(f'{step:.2f}' for step in steps_mm[:-1])} and {steps_mm[-1]:.2f} mm"


def _kind_problem(node: Node) -> str | None:
    """Return why a node is not a scalar CT volume, from what it is and what it says of itself."""
    name = node.GetName()
    image = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else None
    units = node.GetVoxelValueUnits() if node.IsA("vtkMRMLScalarVolumeNode") else None
    modality = modality_of(node)
    problems = (
        (node.IsA("vtkMRMLLabelMapVolumeNode"), "is a label map, not a CT"),
        (not node.IsA("vtkMRMLScalarVolumeNode"), "is not a scalar volume"),
        (image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0, "is empty"),
        (
            node.IsA("vtkMRMLMultiVolumeNode") or (image is not None and image.GetNumberOfScalarComponents() > 1),
            "holds colors, vectors or several time points; choose a single CT volume",
        ),
        (modality not in ("", "CT"), f"is {modality}, not CT"),
        (units is not None and units.GetCodeValue() not in (None, "", "[hnsf'U]"), "is not in Hounsfield units"),
        (not _is_placed(node), "cannot be placed in space: its axes are not independent"),
    )
    return next((f"{name} {problem}." for holds, problem in problems if holds), None)


def _is_placed(node: Node) -> bool:
    if not node.IsA("vtkMRMLVolumeNode"):
        return True
    axes = ijk_to_ras(node)[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    return bool(np.isfinite(axes).all() and lengths.min() > 0 and abs(np.linalg.det(axes / lengths)) >= 1e-3)


def _values_problem(node: Node) -> str | None:
    image = node.GetImageData()
    low, high = image.GetScalarRange()
    name = node.GetName()
    if image.GetScalarSize() == 1:
        return f"{name} holds 8-bit greys, not HU; load the original slices."
    if low == high:
        return f"{name} holds one value only ({low:g})."
    if low >= 0 and high <= _WHITE:
        return f"{name} holds values from {low:g} to {high:g}: these look like windowed greys, not HU."
    if low >= 0 and modality_of(node) != "CT":
        return f"{name} holds values from {low:g} to {high:g}, but air in a CT is about -1000 HU: it is no CT in HU."
    return None


def _warn_values(node: Node) -> tuple[str, ...]:
    low = node.GetImageData().GetScalarRange()[0]
    if low <= _AIR_HU:
        return ()
    return (f"The lowest value is {low:g}, but air is about -1000 HU: the values may be shifted or cut off.",)
