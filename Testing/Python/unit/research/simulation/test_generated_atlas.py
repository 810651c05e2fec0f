# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from builders.heads import ball_head

from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.generated_atlas import generated_atlas
from ICHSegmentationLib.research.simulation.host_anatomy import host_anatomy, register_atlas


@pytest.fixture(scope="module")
def an_atlas():
    return generated_atlas()


def test_the_atlas_names_ventricles_and_every_deep_region(an_atlas):
    import SimpleITK as sitk

    counts = np.bincount(sitk.GetArrayFromImage(an_atlas.regions).ravel())
    assert set(an_atlas.deep.values()) == set(DeepRegion) - {DeepRegion.UNKNOWN}
    assert all(counts[number] > 100 for number in (*an_atlas.deep, an_atlas.ventricle))


def test_a_host_without_atlas_files_gets_midline_and_ventricles(an_atlas):
    hu, truth = ball_head(spacing_mm=(5.0, 2.0, 2.0))
    registered = register_atlas(an_atlas, hu, truth.intracranial, truth.spacing_mm)
    found = host_anatomy(hu, truth.intracranial, registered, an_atlas.deep, truth.spacing_mm)
    middle = truth.intracranial.shape[0] // 2
    inside = truth.intracranial[middle]
    error_mm = np.abs(found.midline_distance_mm[middle] - truth.midline_distance_mm[middle])[inside]
    assert error_mm.mean() < 4
    overlap = 2 * (found.ventricles & truth.ventricles).sum() / (found.ventricles.sum() + truth.ventricles.sum())
    assert overlap > 0.5
