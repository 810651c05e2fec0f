# SPDX-License-Identifier: Apache-2.0
"""Painting lesions and look-alikes into a scan on its own slices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError, NotAHeadError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.preprocessing.head import find_head, intracranial_mask
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.research.simulation.generated_atlas import generated_atlas
from ICHSegmentationLib.research.simulation.host_anatomy import host_anatomy, register_atlas
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions import paint_lesions
from ICHSegmentationLib.research.simulation.mimics import paint_mimics
from ICHSegmentationLib.research.simulation.simulate import simulated_ct

if TYPE_CHECKING:
    from ICHSegmentationLib.research.simulation.host_anatomy import Atlas

_MOST_RANDOM = 3
_CHANGE_HU = 0.25
_RANGE_HU = (-1024, 32767)
_SEED = 5


@dataclass(frozen=True, eq=False)
class SyntheticScan:
    """A scan with what was painted into it.

    Attributes
    ----------
    volume : CTVolume
        The host's slices with the lesions.
    label_map : LabelMap
        Voxels that are simulated blood by half or more.
    not_painted : tuple of Subtype
        Lesions that the head had no place for.
    warnings : tuple of str
        What the user has to know.
    """

    volume: CTVolume
    label_map: LabelMap
    not_painted: tuple[Subtype, ...]
    warnings: tuple[str, ...]


def paint_into(
    volume: CTVolume,
    seed: int,
    subtypes: Collection[Subtype],
    *,
    volumes_ml: Mapping[Subtype, float] = MappingProxyType({}),
    look_alikes: bool = False,
    atlas: Atlas | None = None,
    force: bool = False,
) -> SyntheticScan:
    """Paint one lesion of each subtype into a scan.

    Parameters
    ----------
    volume : CTVolume
        The host, any orientation and spacing.
    seed : int
        The same seed and host give the same result.
    subtypes : collection of Subtype
        Lesions to paint.
    volumes_ml : mapping of Subtype to float
        How large they are to be; drawn where not given.
    look_alikes : bool
        Paint calcifications, dense dura and artefacts too.
    atlas : Atlas, optional
        Says where regions lie; the generated atlas without it.
    force : bool
        Go on with a volume that does not look like a head, if it has soft tissue inside bone.

    Raises
    ------
    NotAHeadError
        If the volume does not look like a head and ``force`` is False.
    InputError
        If there is nothing to paint in.
    """
    if volume.grid.shape[0] < 2:
        raise InputError(message("research.single_slice_host"))
    orientation = CanonicalOrientation.of(volume.grid)
    hu = np.ascontiguousarray(orientation.apply(volume.hu))
    region = find_head(hu, orientation.coordinates_mm)
    if region.volume_ml == 0 or (region.doubt and not force):
        if region.volume_ml == 0:
            raise NotAHeadError(message("research.not_a_host", doubt=region.doubt))
        raise NotAHeadError(message("research.not_a_host_unless_forced", doubt=region.doubt))
    slice_mm, row_mm, column_mm = (float(np.median(np.diff(axis))) for axis in orientation.coordinates_mm)
    spacing_mm = (slice_mm, row_mm, column_mm)
    intracranial = intracranial_mask(hu, spacing_mm[1:])
    atlas = atlas or generated_atlas()
    registered = register_atlas(atlas, hu, intracranial, spacing_mm)
    site = LesionSite(host_anatomy(hu, intracranial, registered, atlas.deep, spacing_mm))
    before = hu.astype(np.float32)
    rng = np.random.default_rng([seed, _SEED])
    painted, labels = paint_lesions(before, site, rng, subtypes, volumes_ml=volumes_ml)
    if look_alikes:
        painted = paint_mimics(painted, site, rng)
    result = put_back(hu, before, painted)
    return SyntheticScan(
        volume=CTVolume(np.ascontiguousarray(orientation.invert(result)), volume.grid, volume.source),
        label_map=LabelMap(np.ascontiguousarray(orientation.invert(labels)), volume.grid),
        not_painted=tuple(subtype for subtype in Subtype if subtype in subtypes and not (labels == subtype).any()),
        warnings=() if volume.grid.is_regular else (message("research.uneven_slices"),),
    )


def generated_scan(
    seed: int,
    subtypes: Collection[Subtype],
    *,
    volumes_ml: Mapping[Subtype, float] = MappingProxyType({}),
    look_alikes: bool = False,
) -> SyntheticScan:
    """Draw a head with one lesion of each subtype; see `paint_into`."""
    scan = simulated_ct(seed, subtypes=subtypes, volumes_ml=volumes_ml)
    hu = scan.volume.hu
    if look_alikes:
        painted = paint_mimics(hu.astype(np.float32), scan.anatomy, np.random.default_rng([seed, _SEED]))
        hu = put_back(hu, hu.astype(np.float32), painted)
    return SyntheticScan(
        volume=CTVolume(hu, scan.volume.grid),
        label_map=LabelMap(scan.labels, scan.volume.grid),
        not_painted=tuple(subtype for subtype in Subtype if subtype in subtypes and not scan.volumes_ml[subtype.name]),
        warnings=(),
    )


def random_subtypes(rng: np.random.Generator) -> list[Subtype]:
    """Draw one to three subtypes."""
    count = int(rng.integers(1, _MOST_RANDOM + 1))
    return [Subtype(value) for value in rng.choice(list(Subtype), size=count, replace=False)]


def put_back(hu: np.ndarray, before: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Return the scan with those voxels replaced that painting has changed.

    Parameters
    ----------
    hu : numpy.ndarray
        int16, the scan.
    before, painted : numpy.ndarray
        float32, what was given to the painter (the scan, or its HU inside a window) and what came back.

    Returns
    -------
    numpy.ndarray
        int16; all other voxels are those of the scan.
    """
    changed = np.abs(painted - before) >= _CHANGE_HU
    return np.where(changed, np.clip(np.rint(painted), *_RANGE_HU), hu).astype(np.int16)
