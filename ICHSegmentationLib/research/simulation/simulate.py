# SPDX-License-Identifier: Apache-2.0
"""Simulate a head CT with known lesions from a seed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.lesions import paint_lesions
from ICHSegmentationLib.research.simulation.procedural.head import DEFAULT_SHAPE, DEFAULT_SPACING_MM, Triple, clean_head
from ICHSegmentationLib.research.simulation.procedural.scanner import labels_of_planes, mean_of_planes, scan


@dataclass(frozen=True, eq=False)
class SimulatedCT:
    """A simulated scan with its ground truth.

    Attributes
    ----------
    volume : CTVolume
        The scan.
    labels : numpy.ndarray
        (slices, rows, columns) uint8, values of `Subtype`: voxels that consist of hemorrhage by half or more.
    volumes_ml : dict
        Volume of the labels by subtype name; 0 if absent.
    anatomy : Anatomy
        The head without lesions, on the same grid.
    """

    volume: CTVolume
    labels: np.ndarray
    volumes_ml: dict[str, float]
    anatomy: Anatomy


def simulated_ct(
    seed: int,
    *,
    subtypes: Collection[Subtype] = (),
    volumes_ml: Mapping[Subtype, float] = MappingProxyType({}),
    shape: tuple[int, int, int] = DEFAULT_SHAPE,
    spacing_mm: Triple = DEFAULT_SPACING_MM,
    noise_hu: float | None = None,
    blur_mm: float | None = None,
) -> SimulatedCT:
    """Generate a head, add one lesion of each subtype, and simulate its scan.

    Lesions are added before slices are averaged, blurred and given noise, so that they have the partial volume,
    sharpness and noise of the rest of the scan.

    Parameters
    ----------
    seed : int
        The same arguments give the same scan.
    subtypes : collection of Subtype
        Subtypes of the lesions; none gives a healthy head.
    volumes_ml : mapping of Subtype to float
        See `paint_lesions`.
    shape : tuple of int
        (slices, rows, columns).
    spacing_mm : tuple of float
        (slice, row, column).
    noise_hu, blur_mm : float, optional
        See `scan`.
    """
    head = clean_head(seed, shape=shape, spacing_mm=spacing_mm)
    rng = np.random.default_rng([seed, 2])
    painted, fine = paint_lesions(head.hu, head.anatomy, rng, subtypes, volumes_ml=volumes_ml)
    anatomy = mean_of_planes(head.anatomy, head.planes_per_slice)
    # A voxel that is half bone looks like bone, so hemorrhage in it cannot be outlined.
    labels = labels_of_planes(fine, head.planes_per_slice) * anatomy.intracranial
    hu = scan(
        painted,
        np.random.default_rng([seed, 1]),
        planes_per_slice=head.planes_per_slice,
        spacing_mm=spacing_mm,
        noise_hu=noise_hu,
        blur_mm=blur_mm,
    )
    voxel_ml = float(np.prod(spacing_mm)) / 1000
    return SimulatedCT(
        volume=CTVolume(hu, _grid(shape, spacing_mm)),
        labels=labels,
        volumes_ml={subtype.name: float(np.sum(labels == subtype)) * voxel_ml for subtype in Subtype},
        anatomy=anatomy,
    )


def _grid(shape: tuple[int, int, int], spacing_mm: Triple) -> SliceGrid:
    """Return the grid of axial slices from bottom to top, centred on the axis of the scanner."""
    across = [-(n - 1) / 2 * step for n, step in zip(shape, spacing_mm, strict=True)]
    positions = np.empty((shape[0], 3))
    positions[:, 0], positions[:, 1] = across[2], across[1]
    positions[:, 2] = across[0] + np.arange(shape[0]) * spacing_mm[0]
    return SliceGrid(shape, positions, np.array([[1.0, 0, 0], [0, 1.0, 0]]), spacing_mm[1:])
