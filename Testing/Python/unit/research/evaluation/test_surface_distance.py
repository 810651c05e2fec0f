# SPDX-License-Identifier: Apache-2.0
"""HD95 in mm on the grid's true geometry."""

from __future__ import annotations

import numpy as np
import pytest
from builders.grids import make_grid
from builders.label_maps import ellipsoid_mask, head_grid

from ICHSegmentationLib.research.evaluation.metrics.surface_distance import hd95_mm

WHOLE = (0, 0, 0)


def point(grid, *index):
    mask = np.zeros(grid.shape, dtype=bool)
    mask[index] = True
    return mask


def test_two_voxels_in_plane_are_their_spacing_apart():
    """3 rows of 0.5 mm and 4 columns of 1 mm: the hypotenuse of 1.5 and 4."""
    grid = make_grid(spacing_mm=(0.5, 1.0))

    assert hd95_mm(point(grid, 1, 1, 0), point(grid, 1, 4, 4), grid, WHOLE) == pytest.approx(np.hypot(1.5, 4))


def test_uneven_steps_count_with_their_own_length():
    """Slice 1 to 3: 4 and 7 mm, where the mean step of the stack is 5 mm."""
    grid = make_grid(steps_mm=(4.0, 4.0, 7.0))

    assert hd95_mm(point(grid, 1, 2, 2), point(grid, 3, 2, 2), grid, WHOLE) == pytest.approx(11)


def test_a_tilted_stack_is_sheared():
    """20 degrees: rows run 1 mm along (0, cos, -sin), slices 10 mm along z; one back and one up is nearer than 10."""
    grid = make_grid(steps_mm=(10.0,) * 3, spacing_mm=(1.0, 1.0), tilt_deg=20.0)
    tilt = np.radians(20)

    distance_mm = hd95_mm(point(grid, 0, 1, 1), point(grid, 1, 4, 1), grid, WHOLE)

    assert distance_mm == pytest.approx(np.hypot(3 * np.cos(tilt), 10 - 3 * np.sin(tilt)))
    assert distance_mm < 10


def test_a_crop_lies_where_it_was_cut():
    grid = make_grid(steps_mm=(4.0, 4.0, 7.0))
    crop = np.zeros((2, 1, 1), dtype=bool)
    first, second = crop.copy(), crop.copy()
    first[0], second[1] = True, True

    assert hd95_mm(first, second, grid, (2, 3, 3)) == pytest.approx(7)


def test_the_95th_percentile_of_the_worse_direction_is_taken():
    """Of 21 columns 1 mm apart, 20 lie on the reference and one 40 mm off it: percentile 95 is the 20th, at 0 mm."""
    grid = make_grid(rows=1, columns=61, spacing_mm=(1.0, 1.0))
    reference = np.zeros(grid.shape, dtype=bool)
    reference[1, 0, :20] = True
    predicted = reference | point(grid, 1, 0, 59)

    assert hd95_mm(predicted, reference, grid, WHOLE) == pytest.approx(0)
    assert hd95_mm(predicted & ~reference, reference, grid, WHOLE) == pytest.approx(np.percentile(range(40, 60), 95))


@pytest.mark.parametrize("spacing_mm", [(0.8, 0.9), (0.45, 0.45)])
def test_upright_even_stacks_agree_with_monai(spacing_mm):
    import torch
    from monai.metrics import compute_hausdorff_distance

    grid = head_grid([5.0] * 9, rows=60, columns=50, spacing_mm=spacing_mm)
    predicted = ellipsoid_mask(grid, (0, 0, 0), (9, 9, 14))
    reference = ellipsoid_mask(grid, (2, -1, 3), (8, 10, 12))

    theirs = compute_hausdorff_distance(
        *(torch.from_numpy(mask)[None, None] for mask in (predicted, reference)),
        include_background=True,
        percentile=95,
        spacing=(5.0, *spacing_mm),
    )

    assert hd95_mm(predicted, reference, grid, WHOLE) == pytest.approx(float(theirs), abs=1e-4)


def test_an_empty_mask_has_no_distance():
    grid = make_grid()
    empty, one = np.zeros(grid.shape, dtype=bool), point(grid, 1, 1, 1)

    assert hd95_mm(empty, one, grid, WHOLE) is None
    assert hd95_mm(one, empty, grid, WHOLE) is None
