# SPDX-License-Identifier: Apache-2.0
"""ABC/2 of clots whose diameters are known."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid, labelled

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement import Lesion
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.measurement.shape.abc2 import slice_weights


def cylinder(grid: SliceGrid, radii_mm: tuple[float, float], slices: slice, turn_deg: float = 0.0) -> np.ndarray:
    """Return an elliptic disc about the middle of each of some slices; its first axis is turned in the slice."""
    turn = np.radians(turn_deg)
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    middle = (np.array(grid.shape) - 1) / 2
    offsets = grid.points_mm(indices) - grid.points_mm(np.where([True, False, False], indices, middle))
    right, down = offsets @ grid.orientation[0], offsets @ np.cross(grid.normal, grid.orientation[0])
    along, across = right * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - right * np.sin(turn)
    mask = (along / radii_mm[0]) ** 2 + (across / radii_mm[1]) ** 2 <= 1
    kept = np.zeros(grid.shape[0], bool)
    kept[slices] = True
    return mask & kept[:, None, None]


def only_lesion(grid: SliceGrid, mask: np.ndarray, subtype: Subtype = Subtype.IPH) -> Lesion:
    (lesion,) = measure(labelled(grid, (subtype, mask))).lesions
    return lesion


@pytest.mark.parametrize("turn_deg", [0, 30, 45, 90, 111])
@pytest.mark.parametrize("tilt_deg", [0, 18.5])
def test_five_by_four_by_three_centimetres_are_thirty_millilitres(turn_deg, tilt_deg):
    """The textbook example: 5 x 4 x 3 / 2 = 30; C is six slices of 5 mm along the normal, whatever the tilt."""
    step_mm = 5.0 / np.cos(np.radians(tilt_deg))
    grid = head_grid([step_mm] * 11, tilt_deg=tilt_deg, rows=140, columns=150, spacing_mm=(0.5, 0.45))
    abc2 = only_lesion(grid, cylinder(grid, (25, 20), slice(3, 9), turn_deg)).abc2

    assert abc2.method == "ABC/2"
    assert abc2.a_mm == pytest.approx(50, abs=0.5)
    assert abc2.b_mm == pytest.approx(40, abs=0.5)
    assert abc2.c_mm == pytest.approx(30, abs=0.01)
    assert abc2.volume_ml == pytest.approx(30, rel=0.02)
    assert abc2.weighted_ml == abc2.volume_ml
    # A cylinder holds pi / 4 x A x B x C.
    assert abc2.difference_ml == pytest.approx(30 - np.pi / 4 * 60, abs=0.7)


def test_slices_are_weighted_by_their_share_of_the_largest_area():
    """Areas of 20, 25, 60, 75, 76, 100 % count 0, 1/2, 1/2, 1/2, 1, 1 (Kothari 1996): 3.5 slices of 5 mm."""
    assert slice_weights(np.array([20, 25, 60, 75, 76, 100])).tolist() == [0, 0.5, 0.5, 0.5, 1, 1]

    grid = head_grid([5.0] * 9, rows=60, columns=60, spacing_mm=(1.0, 1.0))
    mask = np.zeros(grid.shape, bool)
    for index, height in enumerate([4, 5, 12, 15, 16, 20], start=1):
        mask[index, 10 : 10 + height, 10:30] = True
    abc2 = only_lesion(grid, mask).abc2

    assert abc2.slice == 6
    assert (abc2.c_mm, abc2.weighted_c_mm) == (30.0, 17.5)
    assert abc2.weighted_ml == pytest.approx(abc2.volume_ml * 17.5 / 30, abs=2e-3)


def test_ellipsoid_differs_from_its_voxels_by_the_approximation_of_pi():
    """An ellipsoid holds pi / 6 x A x B x C, so ABC/2 is 3 / pi of it where C is the clot's true height."""
    grid = head_grid([1.0] * 60, rows=120, columns=110, spacing_mm=(0.5, 0.5))
    radii_mm = (18.0, 14.0, 20.0)
    lesion = only_lesion(grid, ellipsoid_mask(grid, (0, 0, 0), radii_mm))

    assert lesion.abc2.volume_ml == pytest.approx(ellipsoid_ml(radii_mm) * 3 / np.pi, rel=0.03)
    assert lesion.abc2.difference_ml == pytest.approx(lesion.abc2.volume_ml - lesion.volume_ml, abs=1e-3)


def test_uneven_slices_count_what_each_owns():
    """Two slices of 4 mm, one of 5.5 mm at the change, two of 7 mm."""
    grid = head_grid([4.0] * 4 + [7.0] * 4, rows=60, columns=60, spacing_mm=(1.0, 1.0))
    abc2 = only_lesion(grid, cylinder(grid, (20, 10), slice(2, 7))).abc2
    assert abc2.c_mm == pytest.approx(4 + 4 + 5.5 + 7 + 7)


def test_a_single_voxel_is_as_long_as_its_sides():
    grid = head_grid([5.0] * 4, rows=20, columns=20, spacing_mm=(0.5, 0.8))
    mask = np.zeros(grid.shape, bool)
    mask[2, 7, 9] = True
    lesion = only_lesion(grid, mask)

    assert (lesion.abc2.a_mm, lesion.abc2.b_mm, lesion.abc2.c_mm) == (0.8, 0.5, 5.0)
    assert lesion.abc2.volume_ml == pytest.approx(0.001)
    assert lesion.longest_diameter_mm == 5.0


def test_width_of_a_crescent_runs_from_outline_to_outline():
    """A ring of 50 to 58 mm radius over a third of a circle: 8 mm thick, ends 2 x 58 x sin(60 deg) apart."""
    grid = head_grid([5.0] * 5, rows=260, columns=260, spacing_mm=(0.5, 0.5))
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    x, y = np.moveaxis(grid.points_mm(indices)[..., :2], -1, 0)
    ring = (np.hypot(x, y) >= 50) & (np.hypot(x, y) <= 58) & (np.abs(np.arctan2(y, x)) <= np.radians(60))
    ring[[0, 1, 4, 5]] = False
    abc2 = only_lesion(grid, ring, Subtype.SDH).abc2

    assert abc2.method == "XYZ/2"
    assert abc2.a_mm == pytest.approx(2 * 58 * np.sin(np.radians(60)), abs=0.5)
    # The widest line at right angles to the length lies off the middle, where it crosses the bow at a slant: from the
    # corner of the inner arc, 50 x (cos 60, sin 60) = (25, 43.3), across to sqrt(58^2 - 43.3^2) = 38.6.
    assert abc2.b_mm == pytest.approx(38.59 - 25, abs=0.5)
    assert abc2.c_mm == 10.0


def test_ends_of_both_diameters_lie_at_right_angles_on_the_slice():
    grid = head_grid([4.22] * 9, tilt_deg=18.5, oblique_deg=(0, 14, -8), rows=90, columns=90, spacing_mm=(0.7, 0.8))
    abc2 = only_lesion(grid, cylinder(grid, (20, 12), slice(3, 7), 25)).abc2
    a, b = np.diff(abc2.a_ends_mm, axis=0)[0], np.diff(abc2.b_ends_mm, axis=0)[0]

    assert np.linalg.norm(a) == pytest.approx(abc2.a_mm, abs=0.02)
    assert np.linalg.norm(b) == pytest.approx(abc2.b_mm, abs=0.02)
    assert a @ b == pytest.approx(0, abs=1)
    heights_mm = (np.array([*abc2.a_ends_mm, *abc2.b_ends_mm]) - grid.positions_mm[abc2.slice]) @ grid.normal
    assert heights_mm == pytest.approx([0] * 4, abs=0.02)


def test_totals_name_what_the_estimate_is_not_made_for():
    grid = head_grid([5.0] * 9, rows=100, columns=100)
    places = {2: -32, 3: -16, 4: 0, 5: 16, 6: 32}
    parts = [(label, ellipsoid_mask(grid, (x, 0, 0), (6, 9, 9))) for label, x in places.items()]
    second = ellipsoid_mask(grid, (0, 28, 0), (6, 6, 6))
    measured = measure(labelled(grid, *parts, (Subtype.IPH, second)))
    iph = [lesion.abc2.volume_ml for lesion in measured.lesions if lesion.subtype == "IPH"]

    assert len(iph) == 2
    assert measured.abc2_ml["IPH"] == pytest.approx(sum(iph))
    assert measured.abc2_ml["SDH"] > 0
    assert measured.abc2_ml["EDH"] == 0
    assert [measured.abc2_ml[name] for name in ("SAH", "IVH", "ICH")] == [None, None, None]
