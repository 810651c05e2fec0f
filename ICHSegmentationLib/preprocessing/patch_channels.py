# SPDX-License-Identifier: Apache-2.0
"""Input channels of networks of 3D patches: the brain, and its mirrored channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.preprocessing.brain import brain_mask
from ICHSegmentationLib.preprocessing.midsagittal import find_midsagittal_plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.preprocessing.input_spec import InputSpec


@dataclass(frozen=True, eq=False)
class PatchChannels:
    """Array from which the patches of a network are taken.

    Attributes
    ----------
    values : numpy.ndarray
        (channels, slices, H, W) float32 in [0, 1], 0 outside the brain: the scan, then the mirrored channel.
    brain : numpy.ndarray
        (slices, H, W) bool, brain mask.
    """

    values: np.ndarray
    brain: np.ndarray


def patch_channels(
    planes: np.ndarray, slices_mm: np.ndarray, spec: InputSpec, advance: Callable[[float], None] = lambda _: None
) -> PatchChannels:
    """Remove the skull and add the mirrored channel.

    Parameters
    ----------
    planes : numpy.ndarray
        (slices, H, W) float32 in [0, 1], windowed values on canonical axes and the pixels of the network.
    slices_mm : numpy.ndarray
        (slices,) ascending positions.
    spec : InputSpec
        Input specification with ``patches``.
    advance : callable
        Called with the fraction that is done; may raise an error to stop.
    """
    brain = brain_mask(planes, spec.pixel_mm)
    advance(0.1)
    values = [planes * brain]
    if spec.patches is not None and spec.patches.mirrored:
        # A reflection in the midsagittal plane replaces rigid registration of the mirrored head; see
        # docs/decisions/0015-mirrored-side.md.
        plane = find_midsagittal_plane(planes, slices_mm, spec.pixel_mm)
        advance(0.8)
        values.append(plane.mirrored(values[0], slices_mm, spec.pixel_mm))
    return PatchChannels(np.stack(values), brain)
