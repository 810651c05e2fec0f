# SPDX-License-Identifier: Apache-2.0
"""Check whether a volume node can be segmented, and describe its geometry in one line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.grid_warnings import warn_grid
from ICHSegmentationLib.mrml.nodes import Node, ijk_to_ras, require_volume
from ICHSegmentationLib.mrml.subject_hierarchy import modality_of
from ICHSegmentationLib.mrml.volume.geometry import VolumeGeometry, read_geometry

_MIN_SLICES = 3
_WHITE = 255
_AIR_HU = -500
_TILT_DEG = 0.5
_MAX_LISTED = 4


@dataclass(frozen=True, eq=False)
class VolumeCheck:
    """Result of :func:`check_volume`, which the panel shows before a run.

    Attributes
    ----------
    ok : bool
        Whether it can be segmented.
    reason : str or None
        Reason for a refusal, one sentence.
    geometry_line : str
        Slices, tilt, steps, gaps, acquisition transform and origin of the positions; empty for a refused volume.
    warnings : tuple of str
        Warnings about an accepted volume.
    geometry : VolumeGeometry or None
        Geometry for :func:`ICHSegmentationLib.mrml.volume_input`.
    """

    ok: bool
    reason: str | None
    geometry_line: str = ""
    warnings: tuple[str, ...] = ()
    geometry: VolumeGeometry | None = None


def check_volume(volume_node: Node) -> VolumeCheck:
    """Check that a node is a head CT in HU, without unsupported transforms."""
    try:
        require_volume(volume_node)
        reason = _kind_problem(volume_node) or _values_problem(volume_node)
        if reason is not None:
            return VolumeCheck(ok=False, reason=reason)
        geometry = read_geometry(volume_node)
    except ICHSegmentationError as error:
        return VolumeCheck(ok=False, reason=error.args[0])
    if geometry.grid.shape[0] < _MIN_SLICES:
        reason = message("mrml.too_few_slices", slices=geometry.grid.shape[0], minimum=_MIN_SLICES)
        return VolumeCheck(ok=False, reason=reason)
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
    if len(steps_mm) > _MAX_LISTED:
        return f"steps {min(steps_mm):.2f} to {max(steps_mm):.2f} mm"
    return f"steps {', '.join(f'{step:.2f}' for step in steps_mm[:-1])} and {steps_mm[-1]:.2f} mm"


def _kind_problem(node: Node) -> str | None:
    """Return why a node is not a scalar CT volume, by its class and metadata."""
    name = node.GetName()
    image = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else None
    units = node.GetVoxelValueUnits() if node.IsA("vtkMRMLScalarVolumeNode") else None
    modality = modality_of(node)
    problems = (
        (node.IsA("vtkMRMLLabelMapVolumeNode"), message("mrml.label_map", name=name)),
        (not node.IsA("vtkMRMLScalarVolumeNode"), message("mrml.not_scalar", name=name)),
        (
            image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0,
            message("mrml.empty_volume", name=name),
        ),
        (
            node.IsA("vtkMRMLMultiVolumeNode") or (image is not None and image.GetNumberOfScalarComponents() > 1),
            message("mrml.not_one_image", name=name),
        ),
        (modality not in ("", "CT"), message("mrml.other_modality", name=name, modality=modality)),
        (
            units is not None and units.GetCodeValue() not in (None, "", "[hnsf'U]"),
            message("mrml.other_units", name=name),
        ),
        (not _has_independent_axes(node), message("mrml.dependent_axes", name=name)),
    )
    return next((problem for holds, problem in problems if holds), None)


def _has_independent_axes(node: Node) -> bool:
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
        return message("mrml.eight_bit", name=name)
    if low == high:
        return message("mrml.one_value", name=name, value=low)
    if low >= 0 and high <= _WHITE:
        return message("mrml.gray_values", name=name, low=low, high=high)
    if low >= 0 and modality_of(node) != "CT":
        return message("mrml.not_hu", name=name, low=low, high=high)
    return None


def _warn_values(node: Node) -> tuple[str, ...]:
    low = node.GetImageData().GetScalarRange()[0]
    if low <= _AIR_HU:
        return ()
    return (message("mrml.no_air", low=low),)
