# SPDX-License-Identifier: Apache-2.0
"""The channels that a network of volume patches is shown: the brain, and what lies opposite in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.preprocessing.brain import brain_mask
from ICHSegmentationLib.preprocessing.midsagittal import find_midsagittal_plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.preprocessing.input_spec import InputSpec

_NEARLY = 0.75  # of the least distance; slices of 2.5 mm need not be thinned out to 5 for a least distance of 3


@dataclass(frozen=True, eq=False)
class PatchChannels:
    """A volume as a network of patches sees it.

    Attributes
    ----------
    values : numpy.ndarray
        (channels, slices, H, W) float32 in [0, 1], 0 outside the brain: the scan, then what lies opposite.
    brain : numpy.ndarray
        (slices, H, W) bool.
    """

    values: np.ndarray
    brain: np.ndarray


def shown_slices(slices_mm: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Choose the slices that a network of patches is shown.

    Slices stay as they were scanned, uneven ones too, so that nothing is interpolated on the way in or out; thin ones
    are left out until about ``spec.neighbour_distance_mm`` lie between those shown, each averaged over what it stands
    for (`InputSpec.stack_weights`).

    Parameters
    ----------
    slices_mm : numpy.ndarray
        (slices,) ascending positions.
    spec : InputSpec
        Gives the least distance.

    Returns
    -------
    numpy.ndarray
        Ascending numbers of slices; the first is always among them.
    """
    least_mm = _NEARLY * spec.neighbour_distance_mm
    chosen = [0]
    for number in range(1, len(slices_mm)):
        if slices_mm[number] - slices_mm[chosen[-1]] >= least_mm:
            chosen.append(number)
    return np.array(chosen)


def patch_channels(
    planes: np.ndarray, slices_mm: np.ndarray, spec: InputSpec, advance: Callable[[float], None] = lambda _: None
) -> PatchChannels:
    """Strip the skull and add the opposite side.

    Parameters
    ----------
    planes : numpy.ndarray
        (slices, H, W) float32 in [0, 1], windowed greys on canonical axes and the network's pixels.
    slices_mm : numpy.ndarray
        (slices,) ascending positions.
    spec : InputSpec
        With ``patches``.
    advance : callable
        Told the share that is done; what it raises stops the work.
    """
    brain = brain_mask(planes, spec.pixel_mm)
    advance(0.1)
    values = [planes * brain]
    if spec.patches is not None and spec.patches.mirrored:
        # The rigid registration of the mirrored head that fits best is a reflection, so the plane is all of it:
        # docs/decisions/0015-mirrored-side.md.
        plane = find_midsagittal_plane(planes, slices_mm, spec.pixel_mm)
        advance(0.8)
        values.append(plane.mirrored(values[0], slices_mm, spec.pixel_mm))
    return PatchChannels(np.stack(values), brain)
