# SPDX-License-Identifier: Apache-2.0
"""Surfaces lie where the voxels are."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid, labelled
from builders.simple_head import head_volume

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.rendering.surfaces import blood_surface, skull_surface

GRIDS = {
    "even": head_grid([3.0] * 30),
    "tilted, mixed": head_grid([4.0] * 12 + [7.0] * 8, tilt_deg=20),
    "oblique": head_grid([4.0] * 25, tilt_deg=-10, oblique_deg=(0, 14, -8)),
}


def points_of(mesh) -> np.ndarray:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(mesh.GetPoints().GetData())


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_blood_surface_is_closed_in_place_and_of_the_right_volume(grid):
    from vtkmodules.vtkFiltersCore import vtkMassProperties

    centre, radii = np.array([-12.0, 6.0, 9.0]), (16.0, 20.0, 22.0)
    mask = ellipsoid_mask(grid, tuple(centre), radii)
    box = labelled_box(mask)
    mesh = blood_surface(mask[box], tuple(part.start for part in box), grid)
    mass = vtkMassProperties()
    mass.SetInputData(mesh)

    assert mass.GetVolume() / 1000 == pytest.approx(ellipsoid_ml(radii), rel=0.08)
    assert points_of(mesh).mean(axis=0) == pytest.approx(centre, abs=1.2)
    assert np.ptp(points_of(mesh), axis=0) == pytest.approx(2 * np.array(radii), abs=5)


def test_one_voxel_still_gives_a_surface():
    grid = GRIDS["even"]
    mesh = blood_surface(np.ones((1, 1, 1), dtype=bool), (10, 20, 30), grid)

    assert mesh.GetNumberOfPolys() > 0
    assert points_of(mesh).mean(axis=0) == pytest.approx(grid.points_mm(np.array([10, 20, 30])), abs=1)


def test_skull_surface_spans_the_skull_and_leaves_loose_pieces_out():
    volume = head_volume(head_grid([4.0] * 44, tilt_deg=12, rows=180, columns=160, spacing_mm=(1.1, 1.1)))
    volume.hu[ellipsoid_mask(volume.grid, (83, 90, 0), (3, 3, 60))] = 900
    points = points_of(skull_surface(volume.hu, volume.grid))

    assert points.min(axis=0) == pytest.approx([-72, -87, -76], abs=3)
    assert points.max(axis=0) == pytest.approx([72, 87, 76], abs=3)


def test_touching_subtypes_make_two_surfaces(a_head_ct):
    from ICHSegmentationLib.rendering.view_3d import _actors

    body = ellipsoid_mask(a_head_ct.grid, (0, 0, 0), (20, 20, 20))
    half = body & (np.arange(body.shape[2]) > body.shape[2] // 2)
    actors = _actors(a_head_ct, labelled(a_head_ct.grid, (Subtype.IPH, body), (Subtype.IVH, half)))

    assert len(actors) == 3
    assert [round(actor.GetProperty().GetOpacity(), 2) for actor in actors] == [1, 1, 0.22]
