# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.data.clot import IGNORE, derive_clot, label_map

SPACING_MM = (5.0, 1.0, 1.0)


def disk(row, column, radius):
    rows, columns = np.mgrid[:100, :100]
    return np.hypot(rows - row, columns - column) <= radius


@pytest.fixture
def a_brain():
    """HU and inside of the skull: brain of 32 HU on 7 slices with noise of 3 HU, bone around it."""
    inside = np.broadcast_to(disk(50, 50, 42), (7, 100, 100)).copy()
    hu = np.where(inside, 32 + np.random.default_rng(5).normal(0, 3, inside.shape), 80)
    return hu.astype(np.float32), inside


def on_slices(mask, first, last):
    volume = np.zeros((7, 100, 100), dtype=bool)
    volume[first : last + 1] = mask
    return volume


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


def test_a_clot_inside_a_closed_ring_is_found(a_brain):
    hu, inside = a_brain
    clot = on_slices(disk(45, 40, 10), 2, 4)
    hu[clot] += 32
    ring = on_slices(disk(45, 40, 14) & ~disk(45, 40, 10), 2, 4)
    assert dice(derive_clot(hu, ring, inside, SPACING_MM), clot) > 0.95


def test_a_short_crescent_beside_a_large_clot_is_enough(a_brain):
    hu, inside = a_brain
    clot = on_slices(disk(45, 40, 14), 2, 4)
    hu[clot] += 32
    crescent = on_slices(disk(45, 40, 17) & ~disk(45, 40, 14) & disk(59, 40, 6), 3, 3)
    assert dice(derive_clot(hu, crescent, inside, SPACING_MM), clot) > 0.9


def test_the_bright_rim_along_the_skull_and_a_distant_clot_are_left_out(a_brain):
    hu, inside = a_brain
    clot = on_slices(disk(45, 40, 8), 2, 4)
    rim = inside & ~np.broadcast_to(disk(50, 50, 40), inside.shape)
    distant = on_slices(disk(55, 80, 6), 2, 4)
    hu[clot | rim | distant] = 64
    ring = on_slices(disk(45, 40, 11) & ~disk(45, 40, 8), 2, 4)
    found = derive_clot(hu, ring, inside, SPACING_MM)
    assert dice(found, clot) > 0.95
    assert not (found & (rim | distant)).any()


def test_a_ring_around_nothing_bright_gives_no_clot(a_brain):
    hu, inside = a_brain
    ring = on_slices(disk(45, 40, 14) & ~disk(45, 40, 10), 2, 4)
    assert not derive_clot(hu, ring, inside, SPACING_MM).any()


def test_no_ring_gives_no_clot(a_brain):
    hu, inside = a_brain
    assert not derive_clot(hu, np.zeros_like(inside), inside, SPACING_MM).any()


def test_ventricular_blood_is_neither_iph_nor_background(a_brain):
    hu, _ = a_brain
    ventricle = on_slices(disk(50, 55, 9), 1, 5)
    clot = on_slices(disk(50, 40, 10), 2, 4)
    blood = on_slices(disk(50, 57, 6), 2, 4)
    hu[ventricle] = 8
    hu[clot] = 64
    hu[blood] = 62
    labels = label_map(hu, clot, ventricle, SPACING_MM, iph=Subtype.IPH)
    assert (labels[clot & ~ventricle] == Subtype.IPH).all()
    assert (labels[clot & ventricle] == IGNORE).all()
    assert (labels[blood] == IGNORE).all()
    assert not labels[:1].any()


def test_calcified_choroid_plexus_stays_background(a_brain):
    hu, _ = a_brain
    ventricle = on_slices(disk(50, 55, 9), 1, 5)
    plexus = on_slices(disk(50, 57, 4), 2, 4)
    hu[ventricle] = 8
    hu[plexus] = 80
    labels = label_map(hu, np.zeros_like(ventricle), ventricle, SPACING_MM, iph=Subtype.IPH)
    assert not labels.any()
