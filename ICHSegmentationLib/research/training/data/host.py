# SPDX-License-Identifier: Apache-2.0
"""A host scan on the pixels of a network, from which a training volume and its synthetic copies are made."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.head import find_head, intracranial_mask
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.preprocessing.sampling import HeadSampling
from ICHSegmentationLib.research.training.data.clot import derive_clot, label_map

if TYPE_CHECKING:
    from ICHSegmentationLib.preprocessing.input_spec import InputSpec
    from ICHSegmentationLib.research.simulation.host_anatomy import RegisteredAtlas
    from ICHSegmentationLib.research.training.data.case_source import RawCase

_LOG = logging.getLogger(__name__)
_BONE_HU, _AIR_HU = 250, -200
_OPAQUE_HU, _EMPTY_HU = 1000, -1000
_VENTRICLE_MARGIN_MM = 1.5
_THIN_RING = 0.2  # rings are often thinner than a pixel of the network


@dataclass(frozen=True, eq=False)
class HostCase:
    """A case cropped to the head, on canonical axes and the pixels of the network.

    Attributes
    ----------
    grey : numpy.ndarray
        (slices, H, W) uint8, `InputSpec.range_hu` as 0 to 255.
    hu : numpy.ndarray
        (slices, H, W) int16: HU within the range, -1000 for air and 1000 for bone.
    labels : numpy.ndarray or None
        (slices, H, W) uint8, as `RawCase.labels`.
    edema : numpy.ndarray or None
        (slices, H, W) bool.
    intracranial : numpy.ndarray
        (slices, H, W) bool.
    slices_mm : numpy.ndarray
        (slices,) positions along the normal, from 0.
    spacing_mm : tuple of float
        (slice, row, column); the median if slices are uneven.
    """

    grey: np.ndarray
    hu: np.ndarray
    labels: np.ndarray | None
    edema: np.ndarray | None
    intracranial: np.ndarray
    slices_mm: np.ndarray
    spacing_mm: tuple[float, float, float]

    @classmethod
    def of(cls, raw: RawCase, spec: InputSpec) -> HostCase:
        """Crop and sample a case.

        Raises
        ------
        InputError
            If no brain is found inside a skull.
        """
        orientation = CanonicalOrientation.of(raw.volume.grid)
        hu = orientation.apply(raw.volume.hu)
        region = find_head(hu, orientation.coordinates_mm)
        if region.volume_ml == 0:
            raise InputError(message("research.not_a_head", doubt=region.doubt))
        if region.doubt is not None:
            _LOG.warning("A case looks unusual. %s", region.doubt)
        sampling = HeadSampling.around(orientation.coordinates_mm, region, spec)
        keep = region.slices
        slices_mm = orientation.coordinates_mm[0][keep]
        spacing = (float(np.median(np.diff(slices_mm))), spec.pixel_mm, spec.pixel_mm)
        window = sampling.to_network(spec.window(hu[keep]))
        bone = sampling.to_network(hu[keep] >= _BONE_HU) > 0.5
        air = sampling.to_network(hu[keep] <= _AIR_HU) > 0.5
        low, high = spec.range_hu
        inside = np.rint(low + window * (high - low))
        sampled = np.where(bone, _OPAQUE_HU, np.where(air, _EMPTY_HU, inside)).astype(np.int16)
        labels = edema = None
        if raw.labels is not None:
            labels = _sampled_labels(orientation.apply(raw.labels)[keep], sampling)
        elif raw.edema is not None:
            edema = sampling.to_network(orientation.apply(raw.edema)[keep]) > _THIN_RING
        return cls(
            grey=np.rint(np.clip(window, 0, 1) * 255).astype(np.uint8),
            hu=sampled,
            labels=labels,
            edema=edema,
            intracranial=intracranial_mask(sampled, spacing[1:]),
            slices_mm=slices_mm - slices_mm[0],
            spacing_mm=spacing,
        )

    @classmethod
    def on_source(cls, raw: RawCase, range_hu: tuple[float, float]) -> HostCase:
        """Take the whole case on its own pixels and canonical axes.

        Raises
        ------
        InputError
            If no brain is found inside a skull.
        """
        orientation = CanonicalOrientation.of(raw.volume.grid)
        slices_mm, rows_mm, columns_mm = orientation.coordinates_mm
        steps = [float(np.median(np.diff(axis))) for axis in (slices_mm, rows_mm, columns_mm)]
        hu = np.ascontiguousarray(orientation.apply(raw.volume.hu))
        intracranial = intracranial_mask(hu, (steps[1], steps[2]))
        if not intracranial.any():
            raise InputError(message("research.no_brain"))
        low, high = range_hu
        grey = np.rint((np.clip(hu, low, high) - low) * (255 / (high - low))).astype(np.uint8)
        return cls(
            grey=grey,
            hu=hu,
            labels=None if raw.labels is None else orientation.apply(raw.labels),
            edema=None if raw.edema is None else orientation.apply(raw.edema),
            intracranial=intracranial,
            slices_mm=slices_mm,
            spacing_mm=(steps[0], steps[1], steps[2]),
        )


def labels_of(host: HostCase, registered: RegisteredAtlas, range_hu: tuple[float, float]) -> np.ndarray:
    """Return the labels of a host scan; without labels the clot is derived from the edema ring.

    Raises
    ------
    InputError
        If the ring encloses nothing that looks like a clot.
    """
    if host.labels is not None:
        return host.labels
    if host.edema is None:
        raise InputError(message("research.no_labels"))
    clot = derive_clot(np.clip(host.hu, *range_hu), host.edema, host.intracranial, host.spacing_mm)
    ventricles = registered.ventricle_distance_mm <= _VENTRICLE_MARGIN_MM
    labels = label_map(host.hu, clot, ventricles, host.spacing_mm, iph=Subtype.IPH)
    if not (labels == Subtype.IPH).any():
        # Otherwise its hemorrhage would be taught as background.
        raise InputError(message("research.no_clot"))
    return labels


def _sampled_labels(labels: np.ndarray, sampling: HeadSampling) -> np.ndarray:
    """Assign each pixel the label that covers most of it."""
    values = np.unique(labels)
    if len(values) == 1:
        return np.full((len(labels), *sampling.size), values[0], dtype=np.uint8)
    fractions = np.stack([sampling.to_network(labels == value) for value in values])
    return values[fractions.argmax(axis=0)].astype(np.uint8)
