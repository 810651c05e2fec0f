# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.host_anatomy import Atlas, host_anatomy, register_atlas

pytestmark = pytest.mark.slow

SPACING_MM = (5.0, 1.0, 1.0)
TURN_DEG = -38.0


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


@pytest.fixture(scope="module")
def an_atlas(shared_data: Path) -> Atlas:
    return Atlas.read(shared_data / "anatomy")


@pytest.fixture(scope="module")
def a_turned_host(an_atlas: Atlas):
    """The atlas' own head, smaller and turned, in slices of 5 mm; its regions, greys and inside of the skull."""
    grid = sitk.Image(220, 240, 40, sitk.sitkUInt8)
    grid.SetSpacing(SPACING_MM[::-1])
    size_mm = np.multiply(an_atlas.mask.GetSize(), an_atlas.mask.GetSpacing())
    centre = an_atlas.mask.TransformContinuousIndexToPhysicalPoint([n / 2 for n in an_atlas.mask.GetSize()])
    grid.SetOrigin([c - 110 if i == 0 else c - (120, 120, 100)[i] for i, c in enumerate(centre)])
    assert size_mm.max() < 260
    turn = sitk.Similarity3DTransform(1.08, (0.0, 0.0, 1.0), np.deg2rad(TURN_DEG), (4.0, -3.0, 2.0), centre)
    regions = sitk.GetArrayFromImage(sitk.Resample(an_atlas.regions, grid, turn, sitk.sitkNearestNeighbor))
    inside = sitk.GetArrayFromImage(sitk.Resample(an_atlas.mask, grid, turn, sitk.sitkLinear)) > 0.5
    hu = np.where(inside, 33, 80)
    hu[regions == an_atlas.ventricle] = 8
    noise = np.random.default_rng(0).normal(0, 3, hu.shape)
    return regions, (hu + np.where(inside, noise, 0)).astype(np.int16), inside


@pytest.fixture(scope="module")
def a_registered_atlas(an_atlas: Atlas, a_turned_host):
    _, hu, inside = a_turned_host
    return register_atlas(an_atlas, hu, inside, SPACING_MM)


def test_a_turned_head_is_registered_down_to_its_ventricles(an_atlas: Atlas, a_turned_host, a_registered_atlas):
    truth, _, _ = a_turned_host
    found = a_registered_atlas.regions
    assert overlap(found > 0, truth > 0) > 0.95
    assert overlap(found == an_atlas.ventricle, truth == an_atlas.ventricle) > 0.8
    thalamus = [number for number, region in an_atlas.deep.items() if region == DeepRegion.THALAMUS]
    assert overlap(np.isin(found, thalamus), np.isin(truth, thalamus)) > 0.85


def test_the_midline_turns_with_the_head(a_registered_atlas):
    left_mm = a_registered_atlas.left_mm
    per_row, per_column = np.gradient(left_mm[20], axis=(0, 1))
    assert np.rad2deg(np.arctan2(per_row.mean(), per_column.mean())) == pytest.approx(-TURN_DEG, abs=4.0)


def test_the_ventricles_are_fluid_and_not_cistern(an_atlas: Atlas, a_turned_host, a_registered_atlas):
    truth, hu, inside = a_turned_host
    # A cistern in front of the brain stem, below the ventricles.
    cistern = np.zeros_like(inside)
    stem = np.argwhere(truth == 1)
    low, row, column = np.round(stem.mean(axis=0)).astype(int)
    cistern[low - 1 : low + 1, row - 30 : row - 22, column - 10 : column + 10] = True
    cistern &= inside
    assert cistern.sum() > 100
    anatomy = host_anatomy(np.where(cistern, 8, hu), inside, a_registered_atlas, an_atlas.deep, SPACING_MM)
    assert anatomy.csf[cistern].mean() > 0.8
    assert not (anatomy.ventricles & cistern).any()
    assert overlap(anatomy.ventricles, truth == an_atlas.ventricle) > 0.75


def test_soft_tissue_far_from_the_brain_is_not_intracranial(an_atlas: Atlas, a_turned_host, a_registered_atlas):
    _, hu, inside = a_turned_host
    face = np.zeros_like(inside)
    face[2:6, :4, :20] = True
    assert not (face & inside).any()
    hu = np.where(face, 33, hu)
    anatomy = host_anatomy(hu, inside | face, a_registered_atlas, an_atlas.deep, SPACING_MM)
    assert not (anatomy.intracranial & face).any()
    assert (anatomy.intracranial & inside).sum() > 0.97 * inside.sum()
