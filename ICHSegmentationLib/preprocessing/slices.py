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
        (n, channels, H, W) float32, network input for the shown slices, towards superior.
    shown : numpy.ndarray
        (n,) canonical slice of each image: of thin slices with brain not all are shown.
    slice_numbers : numpy.ndarray
        Canonical slices with brain.
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
    shown: np.ndarray
    slice_numbers: np.ndarray
    orientation: CanonicalOrientation
    sampling: HeadSampling | AlignedSampling
    source_shape: tuple[int, int, int]
    warnings: tuple[str, ...]
    alignment: MidlineAlignment | None = None

    def restore(self, probabilities: np.ndarray) -> RestoredSlices:
        """Convert class probabilities to classes on the source slices.

        Probabilities are interpolated before the most probable class is chosen, which gives smoother edges than
        interpolated labels. Slices that were not shown take the interpolated probabilities of those around them.

        Parameters
        ----------
        probabilities : numpy.ndarray
            (n, classes, H, W) float32, background first.
        """
        shape = [self.source_shape[axis] for axis in self.orientation.axes]
        classes, blood = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.uint8)
        for number in self.slice_numbers:
            planes = self._planes(probabilities, number)
            # Only where the probability of background is below one half can another class be the most probable one.
            candidates = planes[0] < 0.5
            if not candidates.any():
                continue
            rows, columns = (_with_margin(candidates.any(axis=axis)) for axis in (1, 0))
            sampled, box = self.sampling.of_slice(int(number)).to_source(planes, rows, columns)
            classes[(number, *box)] = sampled.argmax(axis=0)
            blood[(number, *box)] = np.rint(255 * np.clip(sampled[1:].sum(axis=0), 0, 1))
        return RestoredSlices(*(np.ascontiguousarray(self.orientation.invert(part)) for part in (classes, blood)))

    def _planes(self, probabilities: np.ndarray, number: int) -> np.ndarray:
        """Return the (classes, H, W) probabilities of a slice, interpolated if it was not shown."""
        after = int(np.searchsorted(self.shown, number))
        if after == len(self.shown):
            return probabilities[-1]
        if self.shown[after] == number:
            return probabilities[after]
        slices_mm = self.orientation.coordinates_mm[0]
        below, above = (slices_mm[self.shown[index]] for index in (after - 1, after))
        fraction = np.float32((slices_mm[number] - below) / (above - below))
        planes: np.ndarray = probabilities[after - 1] + fraction * (probabilities[after] - probabilities[after - 1])
        return planes


def select_slices(slices_mm: np.ndarray, min_mm: float) -> np.ndarray:
    """Select the slices that a network is shown.

    Slices keep their positions, so that its input is not interpolated along the stack. Of thin slices only some are
    selected; each is an average over its neighbourhood (`InputSpec.stack_weights`).

    Parameters
    ----------
    slices_mm : numpy.ndarray
        (slices,) ascending positions.
    min_mm : float
        Minimum distance of a slice from the one selected before.

    Returns
    -------
    numpy.ndarray
        Ascending slice numbers, always with the first slice.
    """
    chosen = [0]
    for number in range(1, len(slices_mm)):
        if slices_mm[number] - slices_mm[chosen[-1]] >= min_mm:
            chosen.append(number)
    return np.array(chosen)


def prepare_slices(
    volume: CTVolume,
    spec: InputSpec,
    *,
    min_mm: float = 0.0,
    force: bool = False,
    advance: Callable[[float], None] = lambda _: None,
) -> PreparedSlices:
    """Prepare the input of a slice-wise network.

    Parameters
    ----------
    volume : CTVolume
        CT volume of any orientation and spacing.
    spec : InputSpec
        Input specification of the network.
    min_mm : float
        Minimum distance between the slices that are shown to the network; see `select_slices`.
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
    shown = numbers[select_slices(slices_mm[numbers], min_mm)]
    weights = spec.stack_weights(slices_mm)[shown]
    images = np.zeros((len(shown), weights.shape[1], *sampling.size), dtype=np.float32)
    for number, plane in enumerate(hu):
        advance(0.5 + 0.5 * number / len(hu))  # finding the head takes about half of the time
        used = weights[..., number].nonzero()
        if not used[0].size:
            continue
        sampled = sampling.of_slice(number).to_network(spec.window(plane))
        for image, channel in zip(*used, strict=True):
            images[image, channel] += weights[image, channel, number] * sampled
    return PreparedSlices(
        images=spec.network_values(images),
        shown=shown,
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
