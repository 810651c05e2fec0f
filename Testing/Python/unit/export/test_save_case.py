# SPDX-License-Identifier: Apache-2.0
"""Corrected scans are saved as training data that `ichseg train` takes, without anything that names the patient."""

from __future__ import annotations

import gzip
import json
from functools import partial

import numpy as np
import pytest
from builders.errors import raises
from builders.generated_host import a_generated_host
from builders.grids import make_grid
from builders.training import a_configuration

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.errors import DiskFullError, ICHSegmentationError, InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.training_case import save_case as module
from ICHSegmentationLib.export.training_case.save_case import save_case
from ICHSegmentationLib.io.boxes import boxes_on, read_boxes
from ICHSegmentationLib.io.grid_record import parse_grid_record
from ICHSegmentationLib.io.labels.nifti import read_labels_nifti
from ICHSegmentationLib.research.training.datasets.sources import NnunetSource
from ICHSegmentationLib.research.training.prepare import prepare


def a_scan():
    """An uneven, tilted stack with blood of two kinds, of a patient whom nobody shall know."""
    grid = make_grid(rows=24, columns=20, steps_mm=(5.0, 5.0, 8.0, 8.0), tilt_deg=15.0)
    source = CTSource(kind="dicom", series_uid="1.2.826.99", tags={"PatientName": "DOE^JANE"})
    volume = CTVolume(np.full(grid.shape, -1000, dtype=np.int16), grid, source)
    volume.hu[:, 1:20, 1:18] = 35
    volume.hu[2, 3:9, 4:9] = 60
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[2, 3:9, 4:9], labels[4, 15:18, 3:5] = Subtype.IPH, 6
    return volume, LabelMap(labels, grid)


# The scan of these tests is no head.
save_whole = partial(save_case, keep_face=True)


def saved(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_case_comes_back_as_it_was_with_its_boxes(tmp_path):
    volume, label_map = a_scan()
    boxes = lesion_boxes(label_map)
    folder = tmp_path / "data" / "mine"
    assert save_whole(folder, volume, label_map, boxes) == "case_0001"
    image = read_ct(folder / "imagesTr" / "case_0001_0000.nii.gz")
    np.testing.assert_array_equal(image.hu, volume.hu)
    # A NIfTI image holds even steps only; the true ones lie beside it.
    np.testing.assert_allclose(image.grid.nearest_affine_ras, volume.grid.nearest_affine_ras, atol=1e-5)
    beside = parse_grid_record((folder / "imagesTr" / "case_0001_0000.json").read_bytes())
    assert beside.grid().matches(volume.grid)
    found = read_labels_nifti(folder / "labelsTr" / "case_0001.nii.gz").label_map
    np.testing.assert_array_equal(found.labels, label_map.labels)
    assert found.grid.matches(volume.grid)
    assert boxes_on(read_boxes(folder / "boxesTr" / "case_0001.json"), volume.grid) == boxes
    content = json.loads((folder / "dataset.json").read_text())
    assert content["numTraining"] == 1
    assert content["labels"] == {"background": 0, "EDH": 1, "SDH": 2, "SAH": 3, "IPH": 4, "IVH": 5, "ICH": 6}


def test_cases_are_added_one_after_the_other(tmp_path):
    volume, label_map = a_scan()
    names = [save_whole(tmp_path, volume, label_map, ()) for _ in range(3)]
    assert names == ["case_0001", "case_0002", "case_0003"]
    assert json.loads((tmp_path / "dataset.json").read_text())["numTraining"] == 3
    assert NnunetSource(tmp_path).names() == names
    (tmp_path / ".case_0004").mkdir()  # another program is about to save one
    assert save_whole(tmp_path, volume, label_map, ()) == "case_0005"


def test_nothing_names_the_patient_or_a_date(tmp_path):
    volume, label_map = a_scan()
    save_whole(tmp_path, volume, label_map, lesion_boxes(label_map))
    for name in saved(tmp_path):
        stored = (tmp_path / name).read_bytes()
        if name.endswith(".gz"):
            assert stored[3:8] == bytes(5), "the gzip header holds a file name or a date"
            stored = gzip.decompress(stored)[:352]
        for word in (b"DOE", b"1.2.826", str(tmp_path).encode()):
            assert word not in stored


@pytest.mark.slow
def test_the_folder_is_taken_for_training(tmp_path):
    host = a_generated_host()
    label_map = LabelMap(np.where(host.labels == Subtype.IPH, host.labels, 0).astype(np.uint8), host.volume.grid)
    folder = tmp_path / "mine"
    for _ in range(2):
        save_case(folder, host.volume, label_map, lesion_boxes(label_map))
    data = {"nnunet": (folder,), "validation": ("case_0002",), "painted_per_case": 0}
    config = a_configuration(tmp_path / "prepared", data=data, input={"pixel_mm": 3.2})
    files = prepare(config)
    assert [path.stem for path in files.training] == ["case_0001"]
    assert [path.stem for path in files.validation] == ["case_0002"]
    assert files.left_out == {}


@pytest.mark.parametrize("step", ["write_on_grid_nifti", "write_labels_nifti", "write_boxes", "write_text"])
@pytest.mark.parametrize("earlier", [0, 1])
def test_a_full_disk_leaves_the_folder_as_it_was(tmp_path, monkeypatch, step, earlier):
    volume, label_map = a_scan()
    folder = tmp_path / "mine"
    for _ in range(earlier):
        save_whole(folder, volume, label_map, ())
    before = saved(tmp_path)
    content = (folder / "dataset.json").read_bytes() if earlier else b""

    def fill(*_arguments):
        raise DiskFullError

    with monkeypatch.context() as full:
        full.setattr(module, step, fill)
        with pytest.raises(DiskFullError):
            save_whole(folder, volume, label_map, ())
    assert saved(tmp_path) == before
    assert folder.exists() == bool(earlier)
    if earlier:
        assert (folder / "dataset.json").read_bytes() == content
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert save_whole(folder, volume, label_map, ()) == f"case_{earlier + 1:04d}"


def test_another_data_set_is_not_mixed_with(tmp_path):
    volume, label_map = a_scan()
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "IPH": 1}}')
    with raises(InputError, "export.other_data_set", folder=tmp_path):
        save_whole(tmp_path, volume, label_map, ())
    (tmp_path / "dataset.json").unlink()
    (tmp_path / "imagesTr").mkdir()
    with raises(InputError, "export.other_data_set", folder=tmp_path):
        save_whole(tmp_path, volume, label_map, ())
    assert saved(tmp_path) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    volume, label_map = a_scan()
    (tmp_path / "file").write_text("")
    with raises(ICHSegmentationError, "core.cannot_write"):
        save_whole(tmp_path / "file", volume, label_map, ())
