# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from ICHSegmentationLib.preprocessing.head import find_head
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane, find_midsagittal_plane
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.preprocessing.sampling import HeadSampling
from ICHSegmentationLib.research.training.datasets.phe_sich import read_case

pytestmark = pytest.mark.slow

SPEC = InputSpec((0.0, 80.0), pixel_mm=1.6, size_px=128, neighbours=0, neighbour_distance_mm=5.0)
TURN_DEG, SHIFT_MM = 9.0, 6.0


def an_egg(turn_deg: float, lean_deg: float, shift_mm: float, slices_mm: np.ndarray, *, bleed: float = 0.8):
    """A head of known symmetry: blunt behind, with two unequal eyes, and its true plane."""
    size, pixel_mm = 110, 2.0
    centre = np.array([(size - 1) * pixel_mm / 2] * 2 + [(slices_mm[-1] - slices_mm[0]) / 2])
    plane = MidsagittalPlane(turn_deg, lean_deg, shift_mm, tuple(centre))
    z, y, x = np.meshgrid(slices_mm - slices_mm[0], *[np.arange(size) * pixel_mm] * 2, indexing="ij")
    points = np.stack([x, y, z], axis=-1) - centre
    across = points @ plane.normal - shift_mm
    front = np.array([np.sin(np.deg2rad(turn_deg)), np.cos(np.deg2rad(turn_deg)), 0.0])
    along = points @ front
    up = points @ np.cross(plane.normal, front)
    width = 62 + 0.2 * along
    head = (across / width) ** 2 + (along / 85) ** 2 + (up / 75) ** 2
    grey = np.where(head < 1, 0.4, 0.0) + np.where((head < 1) & (head > 0.8), 0.6, 0.0)
    for side in (-1, 1):
        grey[(across - side * 25) ** 2 + (along + 40) ** 2 + up**2 < 12**2] = 0.1
    grey[(across - 30) ** 2 + along**2 + up**2 < 14**2] = bleed  # on one side only
    return grey.astype(np.float32), plane


@pytest.mark.parametrize(("turn", "lean", "shift"), [(0, 0, 0), (14, -5, 7), (-40, 8, -4)])
def test_known_planes_are_found(turn, lean, shift):
    slices_mm = np.arange(30) * 5.0
    head, _ = an_egg(turn, lean, shift, slices_mm)

    found = find_midsagittal_plane(head, slices_mm, 2.0)

    assert found.turn_deg == pytest.approx(turn, abs=0.5)
    assert found.lean_deg == pytest.approx(lean, abs=1.0)
    assert found.shift_mm == pytest.approx(shift, abs=1.0)


def test_slices_need_not_be_even():
    slices_mm = np.concatenate([np.arange(15) * 4.0, 63 + np.arange(14) * 7.0])
    head, _ = an_egg(14, -5, 7, slices_mm)

    found = find_midsagittal_plane(head, slices_mm, 2.0)

    assert (found.turn_deg, found.shift_mm) == (pytest.approx(14, abs=0.7), pytest.approx(7, abs=1.0))


def test_mirrored_shows_the_opposite_side():
    slices_mm = np.arange(30) * 5.0
    head, plane = an_egg(14, -5, 7, slices_mm, bleed=2.0)
    mirrored = plane.mirrored(head, slices_mm, 2.0)

    bleed, opposite = head > 1.5, mirrored > 1.5
    inside = ndimage.binary_erosion(head > 0.3, iterations=4)
    assert np.abs(mirrored - head)[inside & ~bleed & ~ndimage.binary_dilation(opposite, iterations=2)].mean() < 0.02
    middle = np.array(ndimage.center_of_mass(bleed & inside)) * (5.0, 2.0, 2.0)
    there = np.array(ndimage.center_of_mass(opposite & inside)) * (5.0, 2.0, 2.0)
    # 30 mm from the plane on either side, in the order slice, row, column.
    assert np.linalg.norm(middle - there) == pytest.approx(60, abs=2)
    np.testing.assert_allclose((middle - there) / np.linalg.norm(middle - there), plane.normal[::-1], atol=0.05)


def test_an_empty_volume_has_its_plane_in_the_middle():
    found = find_midsagittal_plane(np.zeros((4, 32, 32)), np.arange(4) * 5.0, 2.0)

    assert (found.turn_deg, found.lean_deg, found.shift_mm) == (0, 0, 0)


@pytest.fixture(scope="module", params=["0001", "0013", "0119"])
def a_real_head(request, shared_data: Path):
    """Greys on 1.6 mm pixels; 0013 and 0119 lie turned by 35 and 45 degrees."""
    case = read_case(shared_data / "phe-sich", request.param)
    orientation = CanonicalOrientation.of(case.grid)
    hu = orientation.apply(case.hu)
    head = find_head(hu, orientation.coordinates_mm)
    sampling = HeadSampling.around(orientation.coordinates_mm, head, SPEC)
    planes = sampling.to_network(SPEC.window(hu[head.slices]))
    return request.param, planes, orientation.coordinates_mm[0][head.slices]


def test_turns_and_shifts_of_real_heads_are_recovered(a_real_head):
    name, planes, slices_mm = a_real_head
    turned = np.stack([ndimage.rotate(plane, TURN_DEG, reshape=False, order=1) for plane in planes])
    moved = ndimage.shift(turned, (0, 0, SHIFT_MM / SPEC.pixel_mm), order=1)

    first = find_midsagittal_plane(planes, slices_mm, SPEC.pixel_mm)
    second = find_midsagittal_plane(moved, slices_mm, SPEC.pixel_mm)

    assert first.turn_deg == pytest.approx({"0001": 15.5, "0013": -35.5, "0119": -45.4}[name], abs=1.5)
    assert second.turn_deg - first.turn_deg == pytest.approx(TURN_DEG, abs=0.5)
    assert _off(first, second, slices_mm) < 2.0
    expected = first.shift_mm + SHIFT_MM * np.cos(np.deg2rad(second.turn_deg))
    assert second.shift_mm == pytest.approx(expected, abs=1.0)


def _off(first: MidsagittalPlane, second: MidsagittalPlane, slices_mm: np.ndarray) -> float:
    """Most that opposite points of the brain are off by, after the head was turned and shifted."""
    middle, height = (SPEC.size_px - 1) * SPEC.pixel_mm / 2, float(slices_mm[-1] - slices_mm[0])
    reach = np.array(np.meshgrid((-50, 0, 50), (-60, 0, 60), (-0.3 * height, 0, 0.3 * height))).reshape(3, -1)
    centre = np.array([[middle, middle, height / 2]]).T
    turn = np.deg2rad(TURN_DEG)
    rotation = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])

    def moved(points: np.ndarray) -> np.ndarray:
        return rotation @ (points - centre) + centre + np.array([[SHIFT_MM, 0, 0]]).T

    points = centre + reach
    return float(np.linalg.norm(_opposite(second, moved(points)) - moved(_opposite(first, points)), axis=0).max())


def _opposite(plane: MidsagittalPlane, points: np.ndarray) -> np.ndarray:
    offset = plane.normal @ (points - np.array(plane.centre_mm)[:, None]) - plane.shift_mm
    return points - 2 * plane.normal[:, None] * offset
