# SPDX-License-Identifier: Apache-2.0
"""Simulate lesions and mimics in a scan on its own slices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.errors import InputError, NotAHeadError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.head import find_head, intracranial_mask
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.research.simulation.generated_atlas import generated_atlas
from ICHSegmentationLib.research.simulation.host_anatomy import host_anatomy, register_atlas
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions import paint_lesions
from ICHSegmentationLib.research.simulation.mimics import paint_mimics
from ICHSegmentationLib.research.simulation.simulate import simulated_ct

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.research.simulation.host_anatomy import Atlas

_MAX_RANDOM = 3
_CHANGE_HU = 0.25
_RANGE_HU = (-1024, 32767)
_SEED = 5
_SAME_VOLUME = 1e-3


@dataclass(frozen=True, eq=False)
class SyntheticScan:
    """A scan with simulated lesions.

    Attributes
    ----------
    volume : CTVolume
        The slices of the host scan with the lesions.
    label_map : LabelMap
        Voxels that consist of simulated hemorrhage by half or more.
    not_painted : tuple of Subtype
        Lesions that did not fit into the head.
    warnings : tuple of str
        Warnings for the user.
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
    mimics: bool = False,
    atlas: Atlas | None = None,
    force: bool = False,
) -> SyntheticScan:
    """Simulate one lesion of each subtype in a host scan.

    Parameters
    ----------
    volume : CTVolume
        The host scan, of any orientation and spacing.
    seed : int
        The same seed and host scan give the same result.
    subtypes : collection of Subtype
        Subtypes of the lesions.
    volumes_ml : mapping of Subtype to float
        Lesion volumes; drawn at random by default.
    mimics : bool
        Add mimics: calcifications, dense dura and artefacts.
    atlas : Atlas, optional
        Atlas of the brain regions; the generated atlas by default.
    force : bool
        Continue with a volume that does not look like a head, if it has soft tissue inside bone.

    Raises
    ------
    NotAHeadError
        If the volume does not look like a head and ``force`` is False.
    InputError
        If the scan has a single slice.
    """
    if volume.grid.shape[0] < 2:
        raise InputError(message("research.single_slice_host"))
    orientation = CanonicalOrientation.of(volume.grid)
    hu = np.ascontiguousarray(orientation.apply(volume.hu))
    region = find_head(hu, orientation.coordinates_mm)
    if region.volume_ml == 0 or (region.doubt is not None and not force):
        if region.volume_ml == 0:
            raise NotAHeadError(message("research.not_a_host", doubt=region.doubt))
        raise NotAHeadError(message("research.not_a_host_unless_forced", doubt=region.doubt))
    slice_mm, row_mm, column_mm = (float(np.median(np.diff(axis))) for axis in orientation.coordinates_mm)
    spacing_mm = (slice_mm, row_mm, column_mm)
    intracranial = intracranial_mask(hu, spacing_mm[1:])
    atlas = atlas or generated_atlas()
    registered = register_atlas(atlas, hu, intracranial, spacing_mm)
    anatomy = host_anatomy(hu, intracranial, registered, atlas.deep, spacing_mm)
    site = LesionSite(replace(anatomy, voxel_share=_voxel_share(volume.grid, orientation, spacing_mm)))
    before = hu.astype(np.float32)
    rng = np.random.default_rng([seed, _SEED])
    painted, labels = paint_lesions(before, site, rng, subtypes, volumes_ml=volumes_ml)
    if mimics:
        painted = paint_mimics(painted, site, rng)
    result = put_back(hu, before, painted)
    return SyntheticScan(
        volume=CTVolume(np.ascontiguousarray(orientation.invert(result)), volume.grid, volume.source),
        label_map=LabelMap(np.ascontiguousarray(orientation.invert(labels)), volume.grid),
        not_painted=tuple(subtype for subtype in Subtype if subtype in subtypes and not (labels == subtype).any()),
        warnings=() if volume.grid.is_regular else (message("research.uneven_slices"),),
    )


def _voxel_share(
    grid: SliceGrid, orientation: CanonicalOrientation, spacing_mm: tuple[float, float, float]
) -> np.ndarray | None:
    """Return (slices, rows, columns) the volume of each voxel as a fraction of the product of the spacing.

    None where they are all equal to it.
    """
    volumes_mm3 = grid.extents_mm * grid.spacing_mm[0] * grid.spacing_mm[1]
    if np.allclose(volumes_mm3, np.prod(spacing_mm), rtol=_SAME_VOLUME):
        return None
    share = np.broadcast_to((volumes_mm3 / np.prod(spacing_mm))[:, None, None], grid.shape)
    return orientation.apply(share)


def generated_scan(
    seed: int,
    subtypes: Collection[Subtype],
    *,
    volumes_ml: Mapping[Subtype, float] = MappingProxyType({}),
    mimics: bool = False,
) -> SyntheticScan:
    """Generate a head with one lesion of each subtype; see `paint_into`."""
    scan = simulated_ct(seed, subtypes=subtypes, volumes_ml=volumes_ml)
    hu = scan.volume.hu
    if mimics:
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
    count = int(rng.integers(1, _MAX_RANDOM + 1))
    return [Subtype(value) for value in rng.choice(list(Subtype), size=count, replace=False)]


def put_back(hu: np.ndarray, before: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Return the scan with only the changed voxels replaced.

    Parameters
    ----------
    hu : numpy.ndarray
        int16, the scan.
    before, painted : numpy.ndarray
        float32, input (the scan, or its HU inside a window) and output of the simulation.

    Returns
    -------
    numpy.ndarray
        int16; unchanged voxels are those of the scan.
    """
    changed = np.abs(painted - before) >= _CHANGE_HU
    return np.where(changed, np.clip(np.rint(painted), *_RANGE_HU), hu).astype(np.int16)
