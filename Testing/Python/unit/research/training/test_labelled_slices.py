# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest
from builders.errors import raises
from builders.generated_host import a_generated_host
from builders.training import INPUT, a_configuration, write_squares
from PIL import Image

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.data_folder import DataFolder
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.research.training.dataset import SliceDataset
from ICHSegmentationLib.research.training.datasets.labelled_slices import LabelledSlices, slice_hu
from ICHSegmentationLib.research.training.pack import write_pack
from ICHSegmentationLib.research.training.prepare import prepare, prepared_files

pytestmark = pytest.mark.slow

NAMES = ("101001", "101002", "102001", "103007", "104001", "105001")
ALONE = {"flip": 0, "affine": 0, "intensities": False}


def write_slice(folder: Path, name: str, *, labels: np.ndarray | None = None) -> np.ndarray:
    """Write the slice of a generated head with the most blood; return its greys."""
    host = a_generated_host()
    number = int((host.labels > 0).sum(axis=(1, 2)).argmax())
    hu = np.kron(host.volume.hu[number], np.ones((4, 4)))  # 0.55 mm
    grey = np.clip(hu, 0, 255).astype(np.uint8)
    truth = np.kron(host.labels[number], np.ones((4, 4))).astype(np.uint8) if labels is None else labels
    for part, content in (("images", grey), ("labels", truth)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).save(folder / part / f"{name}.png")
    return grey


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    for name in NAMES:
        write_slice(folder, name)
    return folder


def a_slice_configuration(root: Path, folder: Path, **data: object):
    return a_configuration(
        root,
        data={"slices": (folder,), **data},
        optimisation={"slice_fraction": 0.5},
        augmentation=ALONE,
    )


def test_a_slice_is_its_own_neighbour_and_only_the_middle_one_is_learned(a_folder: Path):
    case = LabelledSlices((a_folder,)).read("set-101001")
    assert case.volume.hu.shape[0] == 3
    np.testing.assert_array_equal(case.volume.hu[0], case.volume.hu[1])
    np.testing.assert_array_equal(case.volume.hu[2], case.volume.hu[1])
    assert (case.labels[[0, 2]] == IGNORE).all()
    assert set(np.unique(case.labels[1])) == {0, int(Subtype.IPH)}
    np.testing.assert_allclose(case.volume.grid.spacing_mm, (0.47, 0.47))
    np.testing.assert_allclose(np.diff(case.volume.grid.positions_mm[:, 2]), 5.0)


def test_greys_are_hu_bone_is_1000_and_only_the_air_around_the_head_is_air(tmp_path: Path):
    grey = np.full((9, 9), 30, dtype=np.uint8)
    grey[0] = 0
    grey[4, 4] = 0  # fluid inside
    grey[6] = 255
    Image.fromarray(grey).save(tmp_path / "101001.png")
    hu = slice_hu(tmp_path / "101001.png")
    assert (hu[0] == -1000).all()
    assert hu[4, 4] == 0
    assert (hu[6] == 1000).all()
    assert hu[3, 3] == 30


def test_folds_keep_patients_together(a_folder: Path):
    folds = LabelledSlices((a_folder,)).folds()
    assert folds["set-101001"] == folds["set-101002"]
    assert sorted(set(folds.values())) == [0, 1, 2, 3, 4]


def test_a_patient_of_two_folders_is_in_one_fold(a_folder: Path, tmp_path: Path):
    write_slice(tmp_path / "other", "103001")
    folds = LabelledSlices((a_folder, tmp_path / "other")).folds()
    assert folds["other-103001"] == folds["set-103007"]


def test_slices_are_prepared_beside_volumes_and_one_fold_validates(a_folder: Path, tmp_path: Path):
    root = tmp_path / "data"
    squares = write_squares(root)
    fold = LabelledSlices((a_folder,)).folds()["set-104001"]
    config = a_slice_configuration(root, a_folder, slice_fold=fold, excluded={"set-105001": "tried here"})
    files = prepare(config)
    folder = DataFolder(root)
    expected = {name for name in NAMES if name not in ("104001", "105001")}
    assert set(files.training) == {*squares, *(folder.slice_stack(f"set-{name}") for name in expected)}
    assert files.validation == (folder.slice_stack("set-104001"),)
    assert prepared_files(config) == files
    volume = TrainingVolume.read(folder.slice_stack("set-104001"))
    assert volume.labels.shape == (3, 64, 64)
    # The clot covers the same fraction of the head at the estimated pixel size.
    host = a_generated_host()
    true_mm2 = (host.labels > 0).sum(axis=(1, 2)).max() * 2.2**2 * (0.47 * 4 / 2.2) ** 2
    assert (volume.labels[1] == Subtype.IPH).sum() * 2.5**2 == pytest.approx(true_mm2, rel=0.1)
    # The folder still serves a configuration without slices.
    assert prepare(a_configuration(root)).training == tuple(squares)


def test_a_pack_without_room_for_slices_is_refused(a_folder: Path, tmp_path: Path):
    root = tmp_path / "data"
    squares = write_squares(root)
    config = a_slice_configuration(root, a_folder)
    stacks = [path for path in prepare(config).training if path not in squares]
    assert len(stacks) == len(NAMES)
    for path in squares:
        anatomy = DataFolder(root).anatomy(path.stem)
        anatomy.parent.mkdir(exist_ok=True)
        anatomy.write_bytes(b"")
    needed = sum(path.stat().st_size for path in (root / "index.json", *squares, *stacks))
    with raises(InputError, "research.pack_too_large"):
        write_pack(config, tmp_path / "small", max_mib=(needed - 1) / 2**20)
    assert write_pack(config, tmp_path / "pack", max_mib=needed / 2**20).to_be_made == 0
    assert all((tmp_path / "pack" / "data" / path.relative_to(root)).exists() for path in stacks)


def test_the_fraction_of_the_samples_is_drawn_from_the_slices(a_folder: Path, tmp_path: Path):
    root = tmp_path / "data"
    write_squares(root)
    config = a_slice_configuration(root, a_folder)
    dataset = SliceDataset(prepare(config).training, config)
    squares = [set(torch_image.unique().tolist()) for torch_image in (dataset[n]["image"][1] for n in range(60))]
    of_slices = [values for values in squares if len(values) > 5]
    assert 20 <= len(of_slices) <= 40


def test_a_single_slice_takes_the_place_of_its_neighbours(tmp_path: Path):
    files = write_squares(tmp_path)
    apart = SliceDataset(files, a_configuration(tmp_path, augmentation=ALONE))
    config = a_configuration(tmp_path, augmentation={**ALONE, "single": 1.0})
    alone = SliceDataset(files, config)
    assert any((apart[n]["image"][0] != apart[n]["image"][1]).any() for n in range(8))
    assert all((alone[n]["image"][0] == alone[n]["image"][1]).all() for n in range(8))


def test_what_is_wrong_is_named(a_folder: Path, tmp_path: Path):
    folder = tmp_path / "wrong"
    write_slice(folder, "X01002")
    with raises(InputError, "research.slice_without_patient", path=folder / "images" / "X01002.png"):
        LabelledSlices((folder,))
    (a_folder / "labels" / "103007.png").unlink()
    with raises(InputError, "research.missing_file", path=a_folder / "labels" / "103007.png"):
        LabelledSlices((a_folder,))
    write_slice(a_folder, "103007", labels=np.zeros((4, 4), dtype=np.uint8))
    with raises(InputError, "research.slice_sizes_differ"):
        LabelledSlices((a_folder,)).read("set-103007")
    write_slice(a_folder, "103007", labels=np.full((384, 384), 7, dtype=np.uint8))
    with raises(InputError, "research.unknown_slice_label", label=7):
        LabelledSlices((a_folder,)).read("set-103007")
    (a_folder / "images" / "103007.png").write_bytes(b"no picture")
    with raises(InputError, "research.slice_unreadable"):
        LabelledSlices((a_folder,)).read("set-103007")
    with raises(InputError, "research.setting_not_a_folder", setting="data.slices"):
        LabelledSlices((tmp_path / "nowhere",))


def test_two_folders_of_one_name_must_not_hold_the_same_slice(a_folder: Path, tmp_path: Path):
    other = tmp_path / "elsewhere" / "set"
    write_slice(other, "101002")
    with raises(InputError, "research.case_twice", first=a_folder, second=other, case="set-101002"):
        LabelledSlices((a_folder, other))


def test_slices_without_their_fraction_or_for_patches_are_refused(tmp_path: Path):
    assert InputSpec(**INPUT).patches is None
    with pytest.raises(ValueError, match="need each other"):
        a_configuration(tmp_path, data={"slices": (tmp_path,)})
