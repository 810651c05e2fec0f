# SPDX-License-Identifier: Apache-2.0
"""Conversion of a volume node to a CT volume."""

from __future__ import annotations

import numpy as np
import slicer

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.source import from_storage_order
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.values import rescale
from ICHSegmentationLib.mrml.nodes import Node, require_volume
from ICHSegmentationLib.mrml.volume.check import VolumeCheck, check_volume
from ICHSegmentationLib.mrml.volume.geometry import stamp_of


def volume_input(volume_node: Node, *, check: VolumeCheck | None = None) -> CTVolume:
    """Read a volume node.

    Slices, rows and columns are the node's axes, reordered if needed, never flipped.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        A head CT.
    check : VolumeCheck, optional
        Result of :func:`check_volume`; reused unless the volume or its transforms have changed.

    Raises
    ------
    NodeRemovedError
        If the node is no longer in the scene.
    InputError
        If the volume is refused; the message is the reason.
    """
    require_volume(volume_node)
    known = check.geometry if check is not None else None
    if check is None or known is None or volume_node.GetImageData() is None or known.stamp != stamp_of(volume_node):
        check = check_volume(volume_node)
    if check.geometry is None:
        raise InputError(check.reason)
    geometry = check.geometry
    stored = from_storage_order(slicer.util.arrayFromVolume(volume_node).T, geometry.source)
    hu = np.empty(stored.shape, dtype=np.int16)
    padded = rescale(stored, 1.0, 0.0, hu)
    padding = (message("mrml.padding"),) if padded else ()
    return CTVolume(hu, geometry.grid, geometry.source, (*check.warnings, *padding))
