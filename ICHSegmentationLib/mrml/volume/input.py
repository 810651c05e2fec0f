# SPDX-License-Identifier: Apache-2.0
"""From a volume node to the library's CT volume."""

from __future__ import annotations

import numpy as np
import slicer

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.source import from_storage_order
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.io.values import rescale
from ICHSegmentationLib.mrml.nodes import Node, require_volume
from ICHSegmentationLib.mrml.volume.check import VolumeCheck, check_volume
from ICHSegmentationLib.mrml.volume.geometry import stamp_of


def volume_input(volume_node: Node, *, check: VolumeCheck | None = None) -> CTVolume:
    """Read a volume node.

    Slices, rows and columns are the node's own axes, exchanged where they must be, never flipped.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        A head CT.
    check : VolumeCheck, optional
        What :func:`check_volume` said of it; used again while neither the volume nor its transforms have changed.

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
        raise InputError(check.reason or "")
    geometry = check.geometry
    stored = from_storage_order(slicer.util.arrayFromVolume(volume_node).T, geometry.source)
    hu = np.empty(stored.shape, dtype=np.int16)
    padded = rescale(stored, 1.0, 0.0, hu)
    padding = ("Padding outside the scan circle was set to -1024 HU.",) if padded else ()
    return CTVolume(hu, geometry.grid, geometry.source, (*check.warnings, *padding))
