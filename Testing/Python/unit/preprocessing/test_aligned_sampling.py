# SPDX-License-Identifier: Apache-2.0
"""The head is set upright in one step from the source pixels, and what comes back lies where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders.moved_head import moved_scan
from scipy import ndimage

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.preprocessing.aligned_sampling import AlignedSampling
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.midline_alignment import MidlineAlignment
from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane
from ICHSegmentationLib.preprocessing.sampling import HeadSampling
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.research.training.datasets.phe_sich import read_case

SPEC = InputSpec((0.0, 80.0), pixel_mm=0.8, size_px=256, neighbours=0, neighbour_distance_mm=5.0, align_midline=True)
TURN_DEG, SHIFT_MM = 9.0, 6.0


def a_sampling(turn_deg: float, lean_deg: float, shift_mm: float, step_mm: float = 0.5) -> AlignedSampling:
    rows_mm, columns_mm = np.arange(200) * step_mm, np.arange(180) * step_mm
    head = HeadSampling(rows_mm, columns_mm, 10 + np.arange(64) * 1.0, 5 + np.arange(64) * 1.0)
    plane = MidsagittalPlane(turn_deg, lean_deg, shift_mm, (31.5, 31.5, 20.0))
    return AlignedSampling(head, MidlineAlignment(plane, 1.0, 64), np.arange(9) * 5.0)


@pytest.mark.parametrize(("turn", "lean", "shift"), [(0, 0, 0), (25, 0, 3), (-40, 8, -4)])
def test_pixels_and_places_belong_together_and_the_middle_column_is_the_midline(turn, lean, shift):
    alignment = a_sampling(turn, lean, shift).alignment
    plane = alignment.plane
    for height_mm in (0.0, 35.0):
        rows_mm, columns_mm = alignment.grid_mm(height_mm)
        row, column = rows_mm[10, 20], columns_mm[10, 20]
        back = alignment.pixels_at(np.array([row]), np.array([column]), height_mm)
        np.testing.assert_allclose(back.ravel(), [10, 20], atol=1e-9)
        middle = np.stack([columns_mm[:, 31:33].mean(axis=1), rows_mm[:, 31:33].mean(axis=1)])
        points = np.concatenate([middle, np.full((1, 64), height_mm)])
        offsets = plane.normal @ (points - np.array(plane.centre_mm)[:, None]) - shift
        np.testing.assert_allclose(offsets, 0, atol=1e-9)


def test_an_upright_head_is_sampled_as_without_alignment():
    sampling = a_sampling(0, 0, 0)
    plane = ndimage.gaussian_filter(np.random.default_rng(0).random((200, 180)), 3).astype(np.float32)
    np.testing.assert_allclose(
        sampling.of_slice(4).to_network(plane), sampling.head.to_network(plane), atol=0.02 * np.ptp(plane)
    )


def test_probabilities_come_back_where_they_were():
    sampling = a_sampling(25, 6, 3).of_slice(2)
    rows_mm, columns_mm = np.meshgrid(np.arange(200) * 0.5, np.arange(180) * 0.5, indexing="ij")
    blob = np.exp(-((rows_mm - 40) ** 2 + (columns_mm - 45) ** 2) / (2 * 5.0**2)).astype(np.float32)
    seen = sampling.to_network(blob)
    back, box = sampling.to_source(np.stack([1 - seen, seen]), slice(0, 64), slice(0, 64))
    inside = back.sum(axis=0) > 0.999
    assert inside.sum() > 10_000
    np.testing.assert_allclose(back[1][inside], blob[box][inside], atol=0.03)
    assert np.unravel_index(back[1].argmax(), back[1].shape) == (80 - box[0].start, 90 - box[1].start)


def test_a_head_that_lies_turned_is_symmetric_about_the_middle_column():
    pose = ((0.0, 0.0, 17.0), (6.0, 4.0, 0.0))
    volume, _ = moved_scan(pose)
    prepared = prepare_slices(volume, replace(SPEC, pixel_mm=1.6, size_px=128))
    as_it_lies = prepare_slices(volume, replace(SPEC, pixel_mm=1.6, size_px=128, align_midline=False))
    assert prepared.alignment is not None
    # LPS to canonical columns (left) and rows (back): a turn about S.
    assert abs(prepared.alignment.plane.turn_deg) == pytest.approx(17, abs=0.5)
    skull = [images.images[:, 0] > 0.95 for images in (prepared, as_it_lies)]
    differ = [float((mask ^ mask[:, :, ::-1]).sum() / mask.sum()) for mask in skull]
    assert differ[0] < 0.35
    assert differ[1] > 0.7


@pytest.fixture(scope="module", params=["0001", "0013"])
def a_real_scan(request, shared_data: Path) -> CTVolume:
    case = read_case(shared_data / "phe-sich", request.param)
    return CTVolume(case.hu, case.grid)


@pytest.mark.slow
def test_turns_and_shifts_of_real_scans_are_recovered(a_real_scan):
    pixel_mm = a_real_scan.grid.spacing_mm[0]
    air = int(a_real_scan.hu.min())
    turned = ndimage.rotate(a_real_scan.hu, TURN_DEG, axes=(1, 2), reshape=False, order=1, cval=air)
    moved = ndimage.shift(turned, (0, 0, round(SHIFT_MM / pixel_mm)), order=0, cval=air)

    before, after = (prepare_slices(volume, SPEC) for volume in (a_real_scan, CTVolume(moved, a_real_scan.grid)))

    shift_mm = np.array([0.0, round(SHIFT_MM / pixel_mm) * pixel_mm])
    expected = _turned(_midline(before), TURN_DEG, moved.shape[1:], pixel_mm) + shift_mm
    found = _midline(after)
    along = found[1] - found[0]
    assert abs(_angle(along) - _angle(expected[1] - expected[0])) < 0.5
    across = np.array([along[1], -along[0]]) / np.linalg.norm(along)
    assert np.abs((expected - found[0]) @ across).max() < 1.0


def _midline(prepared) -> np.ndarray:
    """(2, 2): two points 60 mm apart on the midline of the middle slice, canonical rows and columns in mm."""
    sampling, alignment = prepared.sampling, prepared.alignment
    number = int(prepared.slice_numbers[len(prepared.slice_numbers) // 2])
    places = alignment.grid_mm(float(sampling.heights_mm[number]))[:, :, 127:129].mean(axis=2)
    first_mm = np.array([sampling.head.network_rows_mm[0], sampling.head.network_columns_mm[0]])
    points: np.ndarray = places[:, [90, 165]].T + first_mm
    return points


def _turned(points: np.ndarray, degrees: float, shape: tuple[int, int], pixel_mm: float) -> np.ndarray:
    """Where `ndimage.rotate` takes points."""
    centre = (np.array(shape) - 1) / 2 * pixel_mm
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    result: np.ndarray = (points - centre) @ matrix.T + centre
    return result


def _angle(vector: np.ndarray) -> float:
    return float(np.rad2deg(np.arctan2(vector[1], vector[0])))
