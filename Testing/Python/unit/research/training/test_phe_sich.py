# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from builders.errors import raises
from PIL import Image

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.research.training.datasets.phe_sich import case_names, read_case


@pytest.fixture
def a_data_set(tmp_path):
    """One case of two slices, stored lying on its side, with an edema mask on the second."""
    for kind in ("images", "masks"):
        (tmp_path / kind / "0001").mkdir(parents=True)
    upright = np.array([[0, 51, 102], [153, 255, 204]], dtype=np.uint8)
    mask = np.array([[0, 255, 0], [0, 0, 0]], dtype=np.uint8)
    for number in range(2):
        Image.fromarray(np.rot90(upright)).save(tmp_path / "images" / "0001" / f"0001_{number}.png")
    Image.fromarray(np.rot90(mask)).save(tmp_path / "masks" / "0001" / "0001_1.png")
    return tmp_path


def test_slices_are_turned_upright_and_greys_become_hu(a_data_set):
    case = read_case(a_data_set, "0001")
    np.testing.assert_array_equal(case.hu[0], [[-1000, 16, 32], [48, 1000, 64]])
    np.testing.assert_array_equal(case.edema, [np.zeros((2, 3)), [[0, 1, 0], [0, 0, 0]]])
    assert case.grid.steps_mm.tolist() == [5.0]
    assert case.grid.spacing_mm == (0.45, 0.45)


def test_cases_are_listed_by_name(a_data_set):
    assert case_names(a_data_set) == ["0001"]


def test_a_case_without_images_is_named(a_data_set):
    with raises(InputError, "research.phe_sich_no_images", case="0002"):
        read_case(a_data_set, "0002")


def test_the_real_set_has_79_patients_with_rings(shared_data):
    names = case_names(shared_data / "phe-sich")
    assert len(names) == 79
    case = read_case(shared_data / "phe-sich", "0001")
    assert case.hu.shape == (32, 512, 512)
    assert case.edema.sum() > 5000
    # Upright: the table lies below the head.
    bright = (case.hu[16] == 1000).any(axis=1)
    assert np.flatnonzero(bright)[-1] > 400
