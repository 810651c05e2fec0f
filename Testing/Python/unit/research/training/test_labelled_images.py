# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest
from builders.dicom import write_enhanced, write_series
from builders.errors import raises
from builders.grids import make_grid
from PIL import Image

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.research.training.datasets.labelled_images import LabelledImages, picture_hu

BRAIN, CLOT, WHITE = 102, 166, 255
"""Greys; the clot is 64 greys above the brain, which are 64 * 80 / 255 = 20 HU."""


def a_picture(path: Path, *, brain: int = BRAIN, clot: int = CLOT, white: int = WHITE, open_at: int = 0) -> np.ndarray:
    """Draw a head 200 pixels wide in a picture of 300 x 260, with a letter beside it; return where the clot is."""
    rows, columns = np.mgrid[:300, :260]
    radius = np.hypot((rows - 150) / 120, (columns - 130) / 99.6)
    grey = np.zeros((300, 260), dtype=np.uint8)
    grey[radius <= 1] = white
    inside = radius <= 0.9
    noise = np.random.default_rng(0).integers(-3, 4, grey.shape)
    grey[inside] = (brain + noise)[inside]
    grey[(rows > 140) & (rows < 160) & (columns > 120) & (columns < 130)] = 20  # ventricle
    if open_at:
        grey[:open_at] = 0
    where = np.hypot(rows - 120, columns - 160) < 15
    grey[where] = clot
    grey[5:15, 5:10] = white
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(path)
    return where


def test_greys_of_any_window_become_hu(tmp_path: Path):
    where = a_picture(tmp_path / "a.png")
    image = picture_hu(tmp_path / "a.png")
    assert image.pixel_mm == (pytest.approx(145 / 199), pytest.approx(145 / 199))
    assert np.median(image.hu[where]) == pytest.approx(33 + 20, abs=1)
    assert np.median(image.hu[180:200, 100:150]) == pytest.approx(33, abs=1)
    assert image.hu[150, 125] == pytest.approx(33 - 82 * 80 / 255, abs=1)
    assert image.hu[150, 34] == 1000
    assert image.hu[0, 0] == -1000
    assert image.hu[10, 7] == -1000  # the letter


@pytest.mark.parametrize(("white", "brain"), [(255, 60), (255, 150), (225, 102)])
def test_the_brain_is_33_hu_and_white_is_bone_whatever_the_picture(tmp_path: Path, white: int, brain: int):
    a_picture(tmp_path / "a.png", white=white, brain=brain, clot=brain + 32)
    hu = picture_hu(tmp_path / "a.png").hu
    assert np.median(hu[180:200, 100:150]) == pytest.approx(33, abs=1)
    assert np.median(hu[115:125, 155:165]) == pytest.approx(43, abs=1)
    assert (hu == 1000).sum() == pytest.approx(np.pi * 120 * 99.6 * (1 - 0.81), rel=0.02)


def test_an_open_skull_has_the_brain_of_what_is_inside(tmp_path: Path):
    a_picture(tmp_path / "a.png", open_at=100)
    assert np.median(picture_hu(tmp_path / "a.png").hu[180:200, 100:150]) == pytest.approx(33, abs=1)


def test_a_folder_of_pictures_has_a_table(tmp_path: Path):
    folder = tmp_path / "set"
    for name in ("000", "001"):
        a_picture(folder / "images" / f"{name}.png")
    (folder / "labels.csv").write_text("image,bleed\n000,1\n001,0\n")
    images = LabelledImages((folder,))
    assert {name: images.has_hemorrhage(name) for name in images.names()} == {"set-000": True, "set-001": False}
    assert (images.read("set-000").hu == picture_hu(folder / "images" / "000.png").hu).all()


def test_dicom_slices_are_read_in_hu_at_their_spacing_and_named_by_subtype(tmp_path: Path):
    grid = make_grid(rows=6, columns=8, steps_mm=(5.0,) * 2, spacing_mm=(0.5, 0.4))
    hu = np.arange(3 * 6 * 8).reshape(3, 6, 8) - 20
    names = ("ID_a_epidural_subdural.dcm", "ID_b_intraventricular.dcm", "ID_c_subarachnoid.dcm")
    write_series(tmp_path / "rsna", hu, grid, names=lambda index: names[index])
    images = LabelledImages((tmp_path / "rsna",))
    assert [images.has_hemorrhage(name) for name in images.names()] == [True, True, True]
    image = images.read("rsna-ID_b_intraventricular")
    np.testing.assert_array_equal(image.hu, hu[1])
    assert image.pixel_mm == (0.5, 0.4)


def test_what_is_wrong_is_named(tmp_path: Path):
    folder = tmp_path / "set"
    with raises(InputError, "research.not_a_folder", path=folder):
        LabelledImages((folder,))
    folder.mkdir()
    with raises(InputError, "research.no_images", folder=folder):
        LabelledImages((folder,))
    a_picture(folder / "000.png")
    with raises(InputError, "research.image_without_label", path=folder / "000.png", table=folder / "labels.csv"):
        LabelledImages((folder,))
    (folder / "labels.csv").write_text("image,bleed\n001,1\n")
    with raises(InputError, "research.image_without_label", path=folder / "000.png"):
        LabelledImages((folder,))
    (folder / "labels.csv").write_text("image,bleed\n000,yes\n")
    with raises(InputError, "research.image_label", line=2, label="yes"):
        LabelledImages((folder,))
    (folder / "labels.csv").write_text("image,bleed\n000,1\n")
    with raises(InputError, "research.case_twice", case="set-000"):
        LabelledImages((folder, folder))
    Image.fromarray(np.zeros((9, 9), dtype=np.uint8)).save(folder / "000.png")
    with raises(InputError, "research.no_head_in_picture", path=folder / "000.png"):
        LabelledImages((folder,)).read("set-000")
    grid = make_grid(rows=6, columns=8, steps_mm=(5.0,) * 2, spacing_mm=(0.5, 0.4))
    path = write_enhanced(tmp_path / "stack_epidural.dcm", np.zeros((3, 6, 8)), grid)
    with raises(InputError, "research.not_one_slice", path=path, slices=3):
        LabelledImages((tmp_path,)).read(f"{tmp_path.name}-stack_epidural")
