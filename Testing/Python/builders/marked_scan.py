# SPDX-License-Identifier: Apache-2.0
"""A scan with two markers of known volume and place, on a random grid.

Truth does not come from the library: it is computed here from the positions that are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from builders.grids import make_grid
from ICHSegmentationLib.core.scan.grid import SliceGrid

MARKERS_HU = ((200, 300), (400, 500))
_AT = ((5, 20, 14), (13, 27, 24))
_RADII = ((2.6, 7, 6), (3.2, 6, 8))
_SLICES, _ROWS, _COLUMNS = 20, 44, 40


@dataclass(frozen=True)
class Marker:
    """Volume in mL and centre of mass, LPS mm."""

    volume_ml: float
    centre_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class MarkedScan:
    """HU (slices, rows, columns) int16 and the grid on which they lie."""

    hu: np.ndarray
    grid: SliceGrid

    def truth(self) -> tuple[Marker, Marker]:
        """Each slice owns half the distance to its neighbours, an end slice the same on both sides."""
        normal = np.cross(*self.grid.orientation)
        distances = np.abs(np.diff(self.grid.positions_mm @ normal))
        extents = (np.append(distances[:1], distances) + np.append(distances, distances[-1:])) / 2
        volumes = extents * np.prod(self.grid.spacing_mm)
        return measure(self.hu, volumes, _places(self.grid))


def measure(hu: np.ndarray, voxel_volumes_mm3: np.ndarray, places_mm: np.ndarray) -> tuple[Marker, Marker]:
    """Return the two markers as they are found in a volume."""
    found = []
    for low, high in MARKERS_HU:
        mask = (hu >= low) & (hu < high)
        weights = (mask * voxel_volumes_mm3[:, None, None])[mask]
        centre = np.average(places_mm[mask], axis=0, weights=weights) if mask.any() else np.full(3, np.inf)
        found.append(Marker(float(weights.sum()) / 1000, centre))
    return found[0], found[1]


def make_marked_scan(random: Random) -> MarkedScan:
    """Return a scan with noise, so that no two slices are alike, and two markers."""
    steps = random.choice([[5.0] * 19, [2.5] * 10 + [5.0] * 9, [4.22] * 9 + [1.14] + [7.38] * 9, [1.25] * 19])
    grid = make_grid(
        rows=_ROWS,
        columns=_COLUMNS,
        steps_mm=steps,
        spacing_mm=random.choice([(0.5, 0.5), (0.7, 0.45), (1.5, 1.5)]),
        tilt_deg=random.choice([0.0, 18.5, -12.0]),
        oblique_deg=random.choice([(0.0, 0.0, 0.0), (3.0, -4.0, 7.0), (0.0, 0.0, 90.0)]),
    )
    noise = np.random.default_rng(random.randrange(1 << 30))
    hu = noise.normal(30, 8, grid.shape)
    hu[:, :4] = hu[:, -4:] = -1000 + np.abs(noise.normal(0, 5, (_SLICES, 4, _COLUMNS)))
    hu[:, 4:6] = 900
    index = np.indices(grid.shape).transpose(1, 2, 3, 0)
    for (low, _), centre, radii in zip(MARKERS_HU, _AT, _RADII, strict=True):
        inside = (((index - centre) / radii) ** 2).sum(axis=-1) < 1
        hu[inside] = low + 40 + noise.normal(0, 5, int(inside.sum()))
    return MarkedScan(np.rint(hu).astype(np.int16), grid)


def _places(grid: SliceGrid) -> np.ndarray:
    rows, columns = np.arange(grid.shape[1]), np.arange(grid.shape[2])
    down = rows[:, None] * grid.spacing_mm[0] * grid.orientation[1]
    across = columns[:, None] * grid.spacing_mm[1] * grid.orientation[0]
    return grid.positions_mm[:, None, None] + down[None, :, None] + across[None, None, :]
