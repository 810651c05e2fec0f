# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, head_grid
from builders.simple_head import head_hu

from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.preprocessing.head import find_head, intracranial_mask, require_head
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

INNER_RADII_MM = (66, 81, 70)


@pytest.fixture
def a_grid():
    return head_grid([5.0] * 36, rows=140, columns=120, spacing_mm=(1.6, 1.6))


def region_of(hu, grid):
    orientation = CanonicalOrientation.of(grid)
    return find_head(orientation.apply(hu), orientation.coordinates_mm)


def test_the_box_is_that_of_the_inside_of_the_skull(a_grid):
    region = region_of(head_hu(a_grid), a_grid)
    assert region.doubt is None
    assert region.rows_mm[1] - region.rows_mm[0] == pytest.approx(2 * INNER_RADII_MM[1], abs=4)
    assert region.columns_mm[1] - region.columns_mm[0] == pytest.approx(2 * INNER_RADII_MM[0], abs=4)
    assert region.volume_ml == pytest.approx(4 / 3 * np.pi * np.prod(INNER_RADII_MM) / 1000, rel=0.05)


def test_a_table_under_the_head_is_left_out(a_grid):
    hu = head_hu(a_grid)
    hu[:, -6:-3, :] = 300
    assert region_of(hu, a_grid).rows_mm == region_of(head_hu(a_grid), a_grid).rows_mm


def test_an_opened_skull_does_not_lose_the_brain(a_grid):
    hu = head_hu(a_grid)
    defect = ellipsoid_mask(a_grid, (70, 0, 30), (30, 35, 30)) & (hu == 900)
    assert defect.sum() > 500
    hu[defect] = 35
    assert region_of(hu, a_grid).volume_ml == pytest.approx(region_of(head_hu(a_grid), a_grid).volume_ml, rel=0.06)


def test_fluid_filled_and_dense_parts_belong_to_the_inside(a_grid):
    hu = head_hu(a_grid)
    hu[ellipsoid_mask(a_grid, (0, 0, 0), (20, 25, 15))] = 5
    hu[ellipsoid_mask(a_grid, (0, 10, 0), (3, 3, 6))] = 400
    mask = intracranial_mask(hu, a_grid.spacing_mm)
    assert mask[ellipsoid_mask(a_grid, (0, 0, 0), (40, 40, 40))].all()


def cropped(hu, grid, height_mm, width_mm):
    """The middle of each slice on canonical axes."""
    orientation = CanonicalOrientation.of(grid)
    slices_mm, rows_mm, columns_mm = orientation.coordinates_mm
    rows, columns = abs(rows_mm - rows_mm.mean()) <= height_mm / 2, abs(columns_mm - columns_mm.mean()) <= width_mm / 2
    return orientation.apply(hu)[:, rows][:, :, columns], (slices_mm, rows_mm[rows], columns_mm[columns])


@pytest.mark.parametrize(("height_mm", "width_mm"), [(126, 117), (200, 100), (120, 200), (100, 90)])
def test_a_field_of_view_inside_the_head_is_brain_up_to_its_border(a_grid, height_mm, width_mm):
    hu, coordinates_mm = cropped(head_hu(a_grid), a_grid, height_mm, width_mm)
    brain, _ = cropped(ellipsoid_mask(a_grid, (0, 0, 0), INNER_RADII_MM), a_grid, height_mm, width_mm)
    region = find_head(hu, coordinates_mm)
    assert region.cut_off
    assert region.doubt is None
    assert region.volume_ml == pytest.approx(brain.sum() * 1.6 * 1.6 * 5 / 1000, rel=0.05)
    assert region.slices.sum() == pytest.approx(brain.any(axis=(1, 2)).sum(), abs=2)


def test_a_whole_head_is_not_cut_off(a_grid):
    assert not region_of(head_hu(a_grid), a_grid).cut_off


def test_soft_tissue_up_to_the_border_around_a_spine_is_doubted(a_grid):
    hu = np.full(a_grid.shape, 45, dtype=np.int16)
    hu[ellipsoid_mask(a_grid, (0, 30, 0), (20, 20, 500))] = 600
    hu[ellipsoid_mask(a_grid, (0, 30, 0), (12, 12, 500))] = 30
    region = region_of(hu, a_grid)
    assert not region.cut_off
    assert region.doubt.code == "preprocessing.soft_tissue_volume"


def test_a_box_of_soft_tissue_in_bone_wider_than_a_head_is_doubted():
    grid = head_grid([8.0] * 30, rows=160, columns=160, spacing_mm=(2.5, 2.5))
    hu = np.full(grid.shape, -1000, dtype=np.int16)
    hu[ellipsoid_mask(grid, (0, 0, 0), (160, 160, 110))] = 700
    hu[ellipsoid_mask(grid, (0, 0, 0), (150, 150, 100))] = 40
    assert region_of(hu, grid).doubt.code == "preprocessing.soft_tissue_volume"


def test_dense_tissue_inside_a_skull_is_doubted(a_grid):
    hu = head_hu(a_grid)
    hu[ellipsoid_mask(a_grid, (0, 0, 0), INNER_RADII_MM)] = 90
    doubt = region_of(hu, a_grid).doubt
    assert (doubt.code, dict(doubt.parameters)) == ("preprocessing.soft_tissue_density", {"median_hu": 90.0})


def test_an_image_without_a_skull_is_refused_unless_forced(a_grid):
    orientation = CanonicalOrientation.of(a_grid)
    air = orientation.apply(np.full(a_grid.shape, -1000, dtype=np.int16))
    with raises(NotAHeadError, "preprocessing.not_a_head", doubt=message("preprocessing.no_skull")):
        require_head(air, orientation.coordinates_mm, force=False)
    region, warnings = require_head(air, orientation.coordinates_mm, force=True)
    assert (region.doubt.code, region.slices.all(), warnings) == ("preprocessing.no_skull", True, ())


def test_the_real_head_is_found(shared_data):
    volume = read_ct(shared_data / "ge-head-ct")
    region = region_of(volume.hu, volume.grid)
    assert region.doubt is None
    assert 1300 < region.volume_ml < 1700
    assert region.slices.all()
    assert not region.cut_off
    part = find_head(*cropped(volume.hu, volume.grid, 126, 117))
    assert (part.cut_off, part.doubt) == (True, None)
    assert 1150 < part.volume_ml < 1400
    assert part.slices.all()


def test_the_plastic_phantom_is_doubted(shared_data):
    volume = read_ct(shared_data / "philips-skull-phantom")
    assert region_of(volume.hu, volume.grid).doubt.code == "preprocessing.soft_tissue_volume"
