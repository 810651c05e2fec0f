# SPDX-License-Identifier: Apache-2.0
"""Input of slice-wise networks, and their output on the source slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.aligned_sampling import AlignedSampling
from ICHSegmentationLib.preprocessing.head import require_head
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.preprocessing.sampling import HeadSampling

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.preprocessing.input_spec import InputSpec
    from ICHSegmentationLib.preprocessing.midline_alignment import MidlineAlignment

_MIN_PIXELS = 32  # per side; with fewer, the pixels of a head would be 5 mm or larger


class RestoredSlices(NamedTuple):
    """Output of a network on the source slices.

    Attributes
    ----------
    classes : numpy.ndarray
        (slices, rows, columns) uint8, index of the most probable class; 0 is background.
    blood : numpy.ndarray
        (slices, rows, columns) uint8, probability of any class but background, scaled to 0 to 255; 0 far from blood.
    """

    classes: np.ndarray
    blood: np.ndarray


@dataclass(frozen=True, eq=False)
class PreparedSlices:
    """Slices as network input, and the conversion of the output to the source slices.

    Attributes
    ----------
    images : numpy.ndarray
        (n, channels, H, W) float32, network input for the slices with brain, towards superior.
    slice_numbers : numpy.ndarray
        (n,) canonical slice of each image.
    orientation : CanonicalOrientation
        From the source slices to the canonical axes.
    sampling : HeadSampling or AlignedSampling
        From canonical pixels to those of the network.
    source_shape : tuple of int
        (slices, rows, columns) of the source.
    warnings : tuple of str
        Warnings for the user, one sentence each.
    alignment : MidlineAlignment or None
        Midline alignment of the input; None if the network does not use it.
    """

    images: np.ndarray
    slice_numbers: np.ndarray
    orientation: CanonicalOrientation
    sampling: HeadSampling | AlignedSampling
    source_shape: tuple[int, int, int]
    warnings: tuple[str, ...]
    alignment: MidlineAlignment | None = None

    def restore(self, probabilities: np.ndarray) -> RestoredSlices:
        """Convert class probabilities to classes on the source slices.

        Probabilities are interpolated before the most probable class is chosen, which gives smoother edges than
        interpolated labels.

        Parameters
        ----------
        probabilities : numpy.ndarray
            (n, classes, H, W) float32, background first.
        """
        shape = [self.source_shape[axis] for axis in self.orientation.axes]
        classes, blood = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.uint8)
        for number, planes in zip(self.slice_numbers, probabilities, strict=True):
            # Only where the probability of background is below one half can another class be the most probable one.
            candidates = planes[0] < 0.5
            if not candidates.any():
                continue
            rows, columns = (_with_margin(candidates.any(axis=axis)) for axis in (1, 0))
            sampled, box = self.sampling.of_slice(int(number)).to_source(planes, rows, columns)
            classes[(number, *box)] = sampled.argmax(axis=0)
            blood[(number, *box)] = np.rint(255 * np.clip(sampled[1:].sum(axis=0), 0, 1))
        return RestoredSlices(*(np.ascontiguousarray(self.orientation.invert(part)) for part in (classes, blood)))


def prepare_slices(
    volume: CTVolume, spec: InputSpec, *, force: bool = False, advance: Callable[[float], None] = lambda _: None
) -> PreparedSlices:
    """Prepare the input of a slice-wise network.

    Parameters
    ----------
    volume : CTVolume
        CT volume of any orientation and spacing.
    spec : InputSpec
        Input specification of the network.
    force : bool
        Accept a CT volume that does not look like a head.
    advance : callable
        Called with the fraction that is done; may raise an error to stop.

    Raises
    ------
    InputError
        If the slices have too few rows or columns, also with ``force``.
    NotAHeadError
        If the CT volume does not look like a head and ``force`` is False.
    """
    orientation = CanonicalOrientation.of(volume.grid)
    hu = orientation.apply(volume.hu)
    rows, columns = hu.shape[1:]
    if min(rows, columns) < _MIN_PIXELS:
        raise InputError(message("preprocessing.too_few_pixels", rows=rows, columns=columns, minimum=_MIN_PIXELS))
    region, warnings = require_head(hu, orientation.coordinates_mm, force=force)
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
        advance(0.5 + 0.5 * number / len(hu))  # finding the head takes about half of the time
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
