# SPDX-License-Identifier: Apache-2.0
"""Polygons along pixel edges cover exactly the pixels of a mask."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from ICHSegmentationLib.export.dicom.contours import pixel_polygons

_FINE = 4


def area(polygon: np.ndarray) -> float:
    rows, columns = polygon.T
    return float(np.dot(columns, np.roll(rows, -1)) - np.dot(rows, np.roll(columns, -1))) / 2


def filled(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Return how often each pixel is covered, by Pillow, which fills edges too: looked up at pixel centers."""
    counts = np.zeros(shape, dtype=int)
    for polygon in polygons:
        image = Image.new("1", (shape[1] * _FINE, shape[0] * _FINE))
        points = [((column + 0.5) * _FINE, (row + 0.5) * _FINE) for row, column in polygon]
        ImageDraw.Draw(image).polygon(points, fill=1)
        counts += np.asarray(image)[_FINE // 2 :: _FINE, _FINE // 2 :: _FINE]
    return counts


RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
OPEN_AT_A_CORNER = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
CHECKERS = np.indices((6, 7)).sum(axis=0) % 2 == 0
NESTED = np.pad(np.pad(RING, 1), 1, constant_values=True)
NOISE = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(60, 70)), 1.2) > 0


@pytest.mark.parametrize("mask", [RING, OPEN_AT_A_CORNER, CHECKERS, NESTED, NOISE, np.ones((1, 1), dtype=bool)])
def test_every_pixel_is_covered_once(mask):
    polygons = pixel_polygons(mask)
    assert np.array_equal(filled(polygons, mask.shape), mask.astype(int))
    areas = [area(polygon) for polygon in polygons]
    assert sum(areas) == mask.sum()
    # All run in one direction: none is a hole.
    assert min(areas) > 0


def test_only_corners_are_kept():
    polygons = pixel_polygons(np.ones((3, 5), dtype=bool))
    assert [sorted(map(tuple, polygon)) for polygon in polygons] == [
        [(-0.5, -0.5), (-0.5, 4.5), (2.5, -0.5), (2.5, 4.5)]
    ]


def test_an_empty_mask_has_none():
    assert pixel_polygons(np.zeros((3, 3), dtype=bool)) == []
