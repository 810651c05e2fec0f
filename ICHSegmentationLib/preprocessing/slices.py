# SPDX-License-Identifier: Apache-2.0
"""Prepare a volume for a slice-wise network, and take its answer back to the source slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.aligned_sampling import AlignedSampling
from ICHSegmentationLib.preprocessing.head import head_or_refusal
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.preprocessing.sampling import HeadSampling

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.preprocessing.input_spec import InputSpec
    from ICHSegmentationLib.preprocessing.midline_alignment import MidlineAlignment

_MIN_PIXELS = 32  # per side; a head would have pixels of 5 mm and more


class RestoredSlices(NamedTuple):
    """A network's answer on the source slices.

    Attributes
    ----------
    classes : numpy.ndarray
        (slices, rows, columns) uint8, number of the likeliest class, 0 for background.
    blood : numpy.ndarray
        (slices, rows, columns) uint8, the probability of not being background as 0 to 255; 0 far from any blood.
    """

    classes: np.ndarray
    blood: np.ndarray


@dataclass(frozen=True, eq=False)
class PreparedSlices:
    """Slices as a network sees them, and the way back.

    Attributes
    ----------
    images : numpy.ndarray
        (n, channels, H, W) float32, the network's input for the slices with brain, from feet to head.
    slice_numbers : numpy.ndarray
        (n,) canonical slice of each image.
    orientation : CanonicalOrientation
        From the source slices to the canonical axes.
    sampling : HeadSampling or AlignedSampling
        From canonical pixels to the network's.
    source_shape : tuple of int
        (slices, rows, columns) of the source.
    warnings : tuple of str
        What the reader of the result must know, one sentence each.
    alignment : MidlineAlignment or None
        How the head was set upright; None where the network takes it as it lies.
    """

    images: np.ndarray
    slice_numbers: np.ndarray
    orientation: CanonicalOrientation
    sampling: HeadSampling | AlignedSampling
    source_shape: tuple[int, int, int]
    warnings: tuple[str, ...]
    alignment: MidlineAlignment | None = None

    def restore(self, probabilities: np.ndarray) -> RestoredSlices:
        """Turn class probabilities into classes on the source slices.

        Probabilities are interpolated, and the likeliest class is taken on the source pixels: interpolating labels
        would make staircases.

        Parameters
        ----------
        probabilities : numpy.ndarray
            (n, classes, H, W) float32, background first.
        """
        shape = [self.source_shape[axis] for axis in self.orientation.axes]
        classes, blood_share = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.uint8)
        for number, planes in zip(self.slice_numbers, probabilities, strict=True):
            # Another class can only win where background has less than one half, before or after interpolation.
            blood = planes[0] < 0.5
            if not blood.any():
                continue
            rows, columns = (_with_margin(blood.any(axis=axis)) for axis in (1, 0))
            sampled, box = self.sampling.of_slice(int(number)).to_source(planes, rows, columns)
            classes[(number, *box)] = sampled.argmax(axis=0)
            blood_share[(number, *box)] = np.rint(255 * np.clip(sampled[1:].sum(axis=0), 0, 1))
        return RestoredSlices(*(np.ascontiguousarray(self.orientation.invert(part)) for part in (classes, blood_share)))


def prepare_slices(
    volume: CTVolume, spec: InputSpec, *, force: bool = False, advance: Callable[[float], None] = lambda _: None
) -> PreparedSlices:
    """Bring a CT to what a slice-wise network is shown.

    Parameters
    ----------
    volume : CTVolume
        Any orientation and spacing.
    spec : InputSpec
        Window, pixels and neighbours.
    force : bool
        Go on with a volume that does not look like a head.
    advance : callable
        Told the share that is done; what it raises stops the work.

    Raises
    ------
    InputError
        If a slice has too few rows or columns to show anything, with ``force`` too.
    NotAHeadError
        If the volume does not look like a head and ``force`` is False.
    """
    orientation = CanonicalOrientation.of(volume.grid)
    hu = orientation.apply(volume.hu)
    rows, columns = hu.shape[1:]
    if min(rows, columns) < _MIN_PIXELS:
        raise InputError(message("preprocessing.too_few_pixels", rows=rows, columns=columns, minimum=_MIN_PIXELS))
    region, warnings = head_or_refusal(hu, orientation.coordinates_mm, force=force)
    numbers = np.flatnonzero(region.slices)
    slices_mm = orientation.coordinates_mm[0]
    sampling: HeadSampling | AlignedSampling
    sampling = head = HeadSampling.around(orientation.coordinates_mm, region, spec)
    alignment = None
    if spec.align_midline:
        sampling = AlignedSampling.of(head, map(spec.window, hu[numbers]), slices_mm, numbers)
        alignment = sampling.alignment
    planes = np.empty((len(hu), *sampling.size), dtype=np.float32)
    for number, plane in enumerate(hu):
        advance(0.5 + 0.5 * number / len(hu))  # finding the head took about as long
        planes[number] = sampling.of_slice(number).to_network(spec.window(plane))
    weights = spec.stack_weights(slices_mm)[numbers]
    return PreparedSlices(
        images=spec.network_values(np.tensordot(weights, planes, axes=1)),
        slice_numbers=numbers,
        orientation=orientation,
        sampling=sampling,
        source_shape=volume.grid.shape,
        warnings=(*warnings, *filter(None, (alignment.warning if alignment else "",))),
        alignment=alignment,
    )


def _with_margin(present: np.ndarray) -> slice:
    found = np.flatnonzero(present)
    return slice(max(int(found[0]) - 1, 0), int(found[-1]) + 2)
