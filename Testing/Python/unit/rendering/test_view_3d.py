# SPDX-License-Identifier: Apache-2.0
"""Surfaces lie where the voxels are, and a machine without graphics gets a clear word instead of a crash."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid, labelled
from builders.simple_head import head_volume

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.rendering import view_3d
from ICHSegmentationLib.rendering.graphics import NoGraphicsError
from ICHSegmentationLib.rendering.surfaces import blood_surface, skull_surface
from ICHSegmentationLib.rendering.view_3d import draw_3d

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


def test_picture_shows_the_bleeds_on_the_right_sides(a_head_ct, a_label_map):
    try:
        picture = draw_3d(a_head_ct, a_label_map, measure(a_label_map))
    except NoGraphicsError as error:
        pytest.skip(str(error))
    view = np.asarray(picture)[66:-28, : picture.width // 2].astype(float)
    red, blue = (view - np.array(load_terminology().by_id(name).rgb) for name in ("IPH", "SDH"))
    # From the front and the patient's left: the left bleed appears to the right of the right one.
    centre_of = [np.argwhere(np.abs(part).max(axis=2) < 90).mean(axis=0)[1] for part in (red, blue)]

    assert centre_of[0] > centre_of[1] + 60


def test_names_stand_for_what_is_seen_in_a_view(a_head_ct, a_label_map, monkeypatch):
    """The IVH lies inside the IPH: nobody sees it, so its name would point at something else."""
    named: list[set[int]] = []
    monkeypatch.setattr(view_3d, "draw_name_tags", lambda _, labels, **__: named.append(set(labels[labels > 0])))
    outer, inner = (ellipsoid_mask(a_head_ct.grid, (20, -10, 0), (radius,) * 3) for radius in (24, 6))
    inside = labelled(a_head_ct.grid, (Subtype.IPH, outer), (Subtype.IVH, inner))
    try:
        draw_3d(a_head_ct, inside, measure(inside))
        draw_3d(a_head_ct, a_label_map, measure(a_label_map))
    except NoGraphicsError as error:
        pytest.skip(str(error))
    assert named == [{Subtype.IPH}] * 2 + [{Subtype.IPH, Subtype.SDH}] * 2


def test_a_head_without_blood_is_drawn(a_head_ct):
    empty = labelled(a_head_ct.grid)
    try:
        picture = draw_3d(a_head_ct, empty, measure(empty))
    except NoGraphicsError as error:
        pytest.skip(str(error))
    body = np.asarray(picture)[66:-60]
    assert body.max() > 60


def test_touching_subtypes_make_two_surfaces(a_head_ct):
    from ICHSegmentationLib.rendering.view_3d import _actors

    body = ellipsoid_mask(a_head_ct.grid, (0, 0, 0), (20, 20, 20))
    half = body & (np.arange(body.shape[2]) > body.shape[2] // 2)
    actors = _actors(a_head_ct, labelled(a_head_ct.grid, (Subtype.IPH, body), (Subtype.IVH, half)))

    assert len(actors) == 3
    assert [round(actor.GetProperty().GetOpacity(), 2) for actor in actors] == [1, 1, 0.22]


def test_without_graphics_libraries_the_process_goes_on_and_says_what_to_install():
    script = textwrap.dedent(
        """
        import ctypes
        real = ctypes.CDLL
        def refuse(name, *args, **kwargs):
            if name and ("EGL" in name or "OSMesa" in name):
                raise OSError(name + ": cannot open shared object file")
            return real(name, *args, **kwargs)
        ctypes.CDLL = refuse
        from ICHSegmentationLib.rendering import graphics
        graphics.sys.platform = "linux"
        try:
            graphics.offscreen_window()
        except graphics.NoGraphicsError as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0
    assert "libegl1" in done.stdout
    assert "all other results are complete" in done.stdout
