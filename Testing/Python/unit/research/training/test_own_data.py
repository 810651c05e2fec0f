# SPDX-License-Identifier: Apache-2.0
"""Training volumes and held-out cases of a user's data in nnU-Net's folder layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from builders.errors import raises
from builders.generated_host import a_generated_host
from builders.nnunet_data import LABELS, write_nnunet_data
from builders.training import a_configuration

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutCase
from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.data_folder import CaseIndex
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.research.training.datasets.sources import NnunetSource, open_sources
from ICHSegmentationLib.research.training.held_out import make_held_out
from ICHSegmentationLib.research.training.prepare import prepare

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def a_data_set(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    folder = tmp_path_factory.mktemp("raw") / "Dataset001_Mine"
    return folder, write_nnunet_data(folder, ("a", "b", "c"), no_head=("c",))


@pytest.fixture(scope="module")
def a_prepared_folder(a_data_set, tmp_path_factory: pytest.TempPathFactory):
    data = {"nnunet": (a_data_set[0],), "fold": 0, "painted_per_case": 1, "painted_per_validation_case": 0}
    data |= {"look_alikes_per_case": 1, "varied_per_case": 2}
    config = a_configuration(tmp_path_factory.mktemp("data"), data=data, input={"pixel_mm": 3.2})
    return config, prepare(config)


def test_labels_are_renumbered_by_their_names(a_data_set):
    folder, stored = a_data_set
    labels = NnunetSource(folder).read("a").labels
    assert labels is not None
    for name, value in (("IPH", Subtype.IPH), ("ICH", UNKNOWN_SUBTYPE), ("ignore", IGNORE)):
        np.testing.assert_array_equal(labels == value, stored == LABELS[name])


def test_cases_are_split_by_the_fold_and_what_is_no_head_is_listed(a_prepared_folder):
    config, files = a_prepared_folder
    training = [path.relative_to(config.data.folder).with_suffix("") for path in files.training]
    assert training == [Path(name) for name in ("real/b", "painted/b-0", "varied/b-0", "varied/b-1", "look-alikes/b-0")]
    assert [path.stem for path in files.validation] == ["a"]
    assert files.left_out.keys() == {"c"}
    assert "does not look like a head CT" in files.left_out["c"]
    assert prepare(config) == files


def test_a_volume_keeps_labels_at_their_size_on_the_networks_pixels(a_prepared_folder, a_data_set):
    _, files = a_prepared_folder
    volume = TrainingVolume.read(files.training[0])
    assert volume.labels.shape[1:] == (64, 64)
    assert np.diff(volume.slices_mm) == pytest.approx(6.5)
    for value, stored in ((Subtype.IPH, 1), (IGNORE, 3), (UNKNOWN_SUBTYPE, 2)):
        area = (volume.labels == value).sum() * 3.2**2
        assert area == pytest.approx((a_data_set[1] == stored).sum() * 2.2**2, rel=0.15)
    clot = volume.grey[volume.labels == Subtype.IPH].mean()
    assert clot > volume.grey[(volume.labels == 0) & (volume.grey > 50) & (volume.grey < 200)].mean() + 20


def test_varied_copies_differ_from_their_host_and_from_each_other(a_prepared_folder):
    config, files = a_prepared_folder
    host = TrainingVolume.read(files.training[0])
    first, second = (TrainingVolume.read(config.data.folder / "varied" / f"b-{copy}.npz") for copy in range(2))
    assert not np.array_equal(first.grey, host.grey)
    assert not np.array_equal(first.grey, second.grey)
    # Lesions that the host scan had keep their labels; at least one copy has a simulated one.
    assert any(np.isin(copy.labels, list(Subtype)).sum() > (host.labels > 0).sum() for copy in (first, second))


def test_the_painted_copy_has_more_blood_than_its_host(a_prepared_folder):
    _, files = a_prepared_folder
    host, painted = (TrainingVolume.read(path).labels for path in files.training[:2])
    assert (painted > 0).sum() > (host > 0).sum()


def test_a_copy_with_look_alikes_is_changed_and_has_its_hosts_labels(a_prepared_folder):
    _, files = a_prepared_folder
    host, copy = (TrainingVolume.read(files.training[number]) for number in (0, -1))
    np.testing.assert_array_equal(copy.labels, host.labels)
    brighter = copy.grey.astype(int) - host.grey > 10
    assert 20 < brighter.sum() < 0.2 * host.grey.size


def test_labels_corrected_by_hand_replace_those_of_the_set(a_data_set, tmp_path: Path):
    from ICHSegmentationLib.io.labels.nifti import write_on_grid_nifti
    from ICHSegmentationLib.research.training.datasets.sources import read_raw

    corrected = (a_data_set[1] == 1).astype(np.uint8) * np.uint8(Subtype.IVH)
    write_on_grid_nifti(tmp_path / "a.nii.gz", corrected, a_generated_host().volume.grid)
    source = NnunetSource(a_data_set[0])
    np.testing.assert_array_equal(read_raw(source, "a", tmp_path).labels, corrected)
    assert (read_raw(source, "b", tmp_path).labels == Subtype.IPH).any()


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("background", "EDH", "SDH", "SAH", "IPH", "IVH"), [0, 1, 2, 3, 4, 5, IGNORE, IGNORE]),
        (("background", "ICH"), [0, 1, 1, 1, 1, 1, 1, IGNORE]),
        (("background", "IPH"), [0, 0, 0, 0, 1, 0, IGNORE, IGNORE]),
    ],
)
def test_classes_of_other_systems(classes, expected):
    assert class_table(classes)[[0, 1, 2, 3, 4, 5, UNKNOWN_SUBTYPE, IGNORE]].tolist() == expected


def test_what_is_wrong_with_a_data_set_is_said_before_any_image_is_read(tmp_path: Path):
    with raises(InputError, "research.setting_not_a_folder", setting="data.nnunet"):
        open_sources(a_configuration(tmp_path, data={"nnunet": (tmp_path / "absent",)}).data)
    folder = tmp_path / "set"
    write_nnunet_data(folder, ("a",))
    twice = a_configuration(tmp_path, data={"nnunet": (folder, folder)})
    with raises(InputError, "research.case_twice", case="a"):
        open_sources(twice.data)
    with raises(InputError, "research.no_fold", fold=3):
        prepare(a_configuration(tmp_path / "data", data={"nnunet": (folder,), "fold": 3}))
    (folder / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "tumor": 1}}))
    with raises(InputError, "research.label_name", name="tumor"):
        NnunetSource(folder)
    assert CaseIndex.read(tmp_path / "data") is None


def test_held_out_cases_are_on_the_scans_own_slices_and_leave_the_unknown_out(a_data_set, tmp_path: Path):
    evaluation = {"simulated_per_subtype": 1, "varied_per_subtype": 1, "look_alikes": 0}
    config = a_configuration(tmp_path, data={"nnunet": (a_data_set[0],), "held_out": ("a",)}, evaluation=evaluation)
    files = {(file.group, file.name): file for file in make_held_out(config)}
    patient = HeldOutCase.read(files["patients", "a"].path)
    np.testing.assert_array_equal(patient.volume.hu, a_generated_host().volume.hu)
    np.testing.assert_array_equal(patient.labels == Subtype.IPH, a_data_set[1] == 1)
    np.testing.assert_array_equal(patient.ignored, a_data_set[1] >= 2)
    assert patient.volume.grid.matches(a_generated_host().volume.grid)
    bleed = HeldOutCase.read(files["simulated", "a-SDH-0"].path)
    assert set(np.unique(bleed.labels)) == {0, Subtype.SDH}
    # Most of the own clot counts for nothing, unless the new bleed has pushed it aside.
    assert bleed.ignored[a_data_set[1] == 1].mean() > 0.8
    assert not bleed.ignored[bleed.labels > 0].any()
    varied = HeldOutCase.read(files["varied", "a-SDH-0"].path)
    assert set(np.unique(varied.labels)) == {0, Subtype.SDH}
    assert (varied.labels != bleed.labels).any()
    assert make_held_out(config) == list(files.values())


def test_a_configuration_that_holds_nothing_out_is_refused(tmp_path: Path):
    with raises(InputError, "research.nothing_held_out"):
        make_held_out(a_configuration(tmp_path, evaluation={"look_alikes": 0}))
