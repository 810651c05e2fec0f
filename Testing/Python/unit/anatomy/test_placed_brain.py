# SPDX-License-Identifier: Apache-2.0
"""The model finds the head however its slices lie, and says why where it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit, fit_atlas
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume

pytestmark = pytest.mark.slow


def turned(volume: CTVolume, yaw_deg: float, pitch_deg: float) -> CTVolume:
    """Lay the patient differently on the table: the same pixels, other positions."""
    yaw, pitch = np.deg2rad([yaw_deg, pitch_deg])
    about_s = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    about_l = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn = about_s @ about_l
    grid = volume.grid
    return replace(
        volume, grid=SliceGrid(grid.shape, grid.positions_mm @ turn.T, grid.orientation @ turn.T, grid.spacing_mm)
    )


def brain_coordinates(volume: CTVolume) -> np.ndarray:
    """Brain coordinates of some voxels deep in the head."""
    brain = fit_atlas(volume)
    assert isinstance(brain, AtlasFit)
    corners = [(s, r, c) for s in (10, 15, 20) for r in (40, 70) for c in (40, 56, 72)]
    return brain.coordinates(np.array(corners, dtype=float))


def test_the_midline_and_the_size_of_a_drawn_head_are_found(a_head):
    brain = fit_atlas(a_head.volume)
    inside = np.argwhere(a_head.anatomy.intracranial)[::50]
    x_mm = brain.coordinates(inside)[:, 0] / brain.frame.scale_x
    truth_mm = a_head.anatomy.midline_distance_mm[tuple(inside.T)]
    assert np.median(np.abs(x_mm - truth_mm)) < 2.5
    assert np.mean((x_mm > 0) == (truth_mm > 0)) > 0.97
    assert brain.frame.misfit_mm < 3.0


def test_deep_regions_of_a_drawn_head_are_found(a_head):
    from ICHSegmentationLib.anatomy.lesion_location import Region
    from ICHSegmentationLib.anatomy.regions import REGIONS, region_numbers
    from ICHSegmentationLib.research.simulation import DeepRegion

    brain = fit_atlas(a_head.volume)
    for deep, region, least in (
        (DeepRegion.THALAMUS, Region.THALAMUS, 0.7),
        (DeepRegion.BASAL_GANGLIA, Region.BASAL_GANGLIA, 0.7),
        (DeepRegion.CEREBELLUM, Region.CEREBELLUM, 0.6),  # the drawn tentorium is high at the sides
    ):
        found = region_numbers(brain.coordinates(np.argwhere(a_head.anatomy.deep == deep)))
        assert np.mean(found == REGIONS.index(region)) > least, region


@pytest.mark.parametrize(("yaw_deg", "pitch_deg"), [(35, 0), (-20, 18), (0, -18)])
def test_a_head_that_is_turned_keeps_its_brain_coordinates(a_head, yaw_deg, pitch_deg):
    away_mm = brain_coordinates(turned(a_head.volume, yaw_deg, pitch_deg)) - brain_coordinates(a_head.volume)
    assert np.abs(away_mm).max() < 3.0


def test_uneven_steps_keep_brain_coordinates(a_head):
    keep = np.r_[0:14, 14:30:2]
    volume = a_head.volume
    grid = SliceGrid(
        (len(keep), *volume.grid.shape[1:]),
        volume.grid.positions_mm[keep],
        volume.grid.orientation,
        volume.grid.spacing_mm,
    )
    brain, whole = fit_atlas(replace(volume, hu=volume.hu[keep], grid=grid)), fit_atlas(volume)
    place = np.array([12.0, 50, 60])
    assert brain.coordinates(place) == pytest.approx(whole.coordinates(place), abs=3.0)


def test_slices_in_reverse_order_keep_brain_coordinates(a_head):
    volume = a_head.volume
    grid = SliceGrid(volume.grid.shape, volume.grid.positions_mm[::-1], volume.grid.orientation, volume.grid.spacing_mm)
    reverse = fit_atlas(replace(volume, hu=volume.hu[::-1], grid=grid))
    place = np.array([12.0, 50, 60])
    assert reverse.coordinates(np.array([17.0, 50, 60])) == pytest.approx(fit_atlas(volume).coordinates(place), abs=0.5)


def test_a_part_of_a_head_is_not_placed(a_head):
    volume = a_head.volume
    grid = SliceGrid((8, *volume.grid.shape[1:]), volume.grid.positions_mm[16:24], volume.grid.orientation, (2.0, 2.0))
    reason = fit_atlas(replace(volume, hu=volume.hu[16:24], grid=grid))
    assert reason == message("anatomy.too_little_brain", height_mm=35.0)
    assert reason.code == "anatomy.too_little_brain"


def test_a_head_cut_off_by_the_image_border_is_not_placed(a_head):
    hu = a_head.volume.hu[:, :, 45:]
    grid = a_head.volume.grid
    cut = SliceGrid(hu.shape, grid.positions_mm + np.array([90.0, 0, 0]), grid.orientation, grid.spacing_mm)
    assert fit_atlas(CTVolume(hu, cut)).code == "anatomy.cut_off"


def test_what_is_not_a_head_is_not_placed(a_head):
    air = replace(a_head.volume, hu=np.full_like(a_head.volume.hu, -1000))
    assert fit_atlas(air).code == "anatomy.too_little_skull"
