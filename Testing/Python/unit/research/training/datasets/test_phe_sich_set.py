# SPDX-License-Identifier: Apache-2.0
"""PHE-SICH-CT-IDS as a prepared set: a clot in its ring, ventricular blood set apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.errors import raises
from PIL import Image

from ICHSegmentationLib.core.errors import ICHSegmentationError, InputError
from ICHSegmentationLib.research.simulation import host_anatomy
from ICHSegmentationLib.research.training.datasets import phe_sich
from ICHSegmentationLib.research.training.datasets.phe_sich import PheSich
from ICHSegmentationLib.research.training.datasets.public_set import CaseName

SIZE = 240  # pixels of 0.45 mm
ATLAS_FILES = ("atlas_labels.csv", "atlas_template_space.nii.gz", "ct_template_mask.nii.gz")


def disk(row: int, column: int, radius: int) -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.hypot(rows - row, columns - column) <= radius


SKULL, INSIDE = disk(120, 120, 110), disk(120, 120, 100)
CLOT = disk(110, 90, 24)
RING = disk(110, 90, 34) & ~CLOT


@pytest.fixture
def an_atlas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An atlas in name only: its registration finds the ventricles in the right half of the clot."""
    for name in ATLAS_FILES:
        (tmp_path / "atlas" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "atlas" / name).touch()
    distance = np.where(np.arange(SIZE) >= 90, 0.0, 99.0)

    def registered(_atlas: object, _hu: np.ndarray, intracranial: np.ndarray, _spacing_mm: tuple[float, ...]):
        mm = np.broadcast_to(distance, intracranial.shape).astype(np.float32)
        return host_anatomy.RegisteredAtlas(np.zeros(intracranial.shape, np.uint8), mm, mm)

    monkeypatch.setattr(phe_sich.Atlas, "read", lambda _folder: None)
    monkeypatch.setattr(phe_sich, "register_atlas", registered)
    return tmp_path / "atlas"


def write_case(folder: Path, name: str, *, clot_grey: int) -> Path:
    """Write five slices, lying on their side as the set stores them."""
    noise = np.random.default_rng(2).normal(0, 6, (5, SIZE, SIZE))
    for index in range(5):
        grey = np.where(INSIDE, 105 + noise[index], np.where(SKULL, 255, 0))
        bleeding = index in {1, 2, 3}
        if bleeding:
            grey[CLOT] = clot_grey + noise[index][CLOT]
        for kind, plane in (("images", grey), ("masks", 255 * (RING & bleeding))):
            (folder / kind / name).mkdir(parents=True, exist_ok=True)
            stored = np.rot90(np.clip(plane, 0, 255).astype(np.uint8))
            Image.fromarray(stored).save(folder / kind / name / f"{name}_{index:02d}.png")
    return folder


def test_the_clot_is_iph_but_for_what_may_be_ventricular(tmp_path: Path, an_atlas: Path):
    phe = PheSich(write_case(tmp_path / "set", "0001", clot_grey=210), an_atlas)
    assert phe.cases() == [CaseName("phe-sich-0001", "0001")]
    case = phe.read(phe.cases()[0])
    assert case.labels.labels[[0, 4]].max() == 0
    left = CLOT & (np.arange(SIZE) < 80)
    for plane in case.labels.labels[1:4]:
        assert (plane[left] == 4).mean() > 0.95
        assert (plane[CLOT & (np.arange(SIZE) >= 95)] == 6).mean() > 0.95
        assert not plane[~disk(110, 90, 36)].any()
    assert case.counts == {"cases_with_blood_set_apart_at_the_ventricles": 1}
    assert case.volume.grid.spacing_mm == (0.45, 0.45)
    assert (case.volume.hu[2, 0, 0], case.volume.hu[2, 120, 15]) == (-1000, 1000)


def test_a_ring_around_nothing_is_refused(tmp_path: Path, an_atlas: Path):
    phe = PheSich(write_case(tmp_path / "set", "0001", clot_grey=105), an_atlas)
    with raises(InputError, "research.phe_sich_no_clot", case="0001"):
        phe.read(phe.cases()[0])


def test_without_an_atlas_it_says_which_files_are_needed(tmp_path: Path):
    write_case(tmp_path, "0001", clot_grey=210)
    with raises(InputError, "research.phe_sich_needs_atlas", files=", ".join(ATLAS_FILES)):
        PheSich(tmp_path)


def test_a_missing_atlas_file_is_named(tmp_path: Path, an_atlas: Path):
    write_case(tmp_path / "set", "0001", clot_grey=210)
    (an_atlas / ATLAS_FILES[1]).unlink()
    with raises(InputError, "research.parts_missing", parts=ATLAS_FILES[1]):
        PheSich(tmp_path / "set", an_atlas)


def test_it_says_what_to_install(tmp_path: Path, an_atlas: Path, monkeypatch: pytest.MonkeyPatch):
    write_case(tmp_path / "set", "0001", clot_grey=210)
    monkeypatch.setattr(phe_sich, "find_spec", lambda _name: None)
    with raises(ICHSegmentationError, "research.clots_need_scikit_image"):
        PheSich(tmp_path / "set", an_atlas)
