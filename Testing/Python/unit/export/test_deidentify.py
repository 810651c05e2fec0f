# SPDX-License-Identifier: Apache-2.0
"""De-identified scans hold no value of the patient at any level, and the same pixels, geometry and volumes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.dicom import write_enhanced, write_series
from builders.dicom_checks import dciodvfy
from builders.errors import raises
from builders.grids import make_grid
from builders.identity import left_in, original_values, with_identity
from builders.requirements import require_module
from pydicom import Dataset

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.deidentification.keys import load_keys
from ICHSegmentationLib.export.deidentification.series import deidentify_files
from ICHSegmentationLib.io.reader import read_ct

require_module("dicomanonymizer", "dicom-anonymizer")

GRID = make_grid(rows=20, columns=16, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5)


def a_series(folder: Path, **changes: str) -> Path:
    def edit(dataset: Dataset, index: int) -> None:
        with_identity(dataset, index)
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)

    hu = np.arange(GRID.shape[0] * 20 * 16, dtype=np.int16).reshape(GRID.shape) % 900
    write_series(folder, hu, GRID, edit=edit)
    return folder


def deidentified(source: Path, out: Path, keys: Path, **options: bool) -> list[Dataset]:
    deidentify_files(sorted(source.iterdir()), out, load_keys(keys), **options)
    return [pydicom.dcmread(path) for path in sorted(out.iterdir())]


def test_no_original_value_of_four_characters_is_left_in_any_byte(tmp_path):
    source = a_series(tmp_path / "ct")
    files = sorted(source.iterdir())
    secrets = original_values(files)
    before = b"".join(file.read_bytes() for file in files)
    assert all(value.encode() in before for value in secrets)
    deidentified(source, tmp_path / "out", tmp_path / "keys.json")

    assert left_in(secrets, (tmp_path / "out").iterdir()) == []


def test_pixels_geometry_and_references_stay(tmp_path):
    source = a_series(tmp_path / "ct")
    images = deidentified(source, tmp_path / "out", tmp_path / "keys.json")
    before, after = read_ct(source), read_ct(tmp_path / "out")

    assert np.array_equal(before.hu, after.hu)
    assert after.grid.matches(before.grid, tolerance_mm=1e-9)
    assert len({image.SOPInstanceUID for image in images}) == len(images)
    assert len({image.StudyInstanceUID for image in images}) == 1
    assert images[0].SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert images[0].file_meta.MediaStorageSOPInstanceUID == images[0].SOPInstanceUID
    codes = [item.CodeValue for item in images[0].DeidentificationMethodCodeSequence]
    assert (codes, images[0].PatientIdentityRemoved) == (["113100", "113107"], "YES")
    # Nothing hides the face.
    assert images[0].RecognizableVisualFeatures == "YES"


def test_studies_of_a_patient_keep_their_distance_in_time_and_their_references(tmp_path):
    first = deidentified(a_series(tmp_path / "one"), tmp_path / "out1", tmp_path / "keys.json")[0]
    later = {"StudyDate": "20200229", "StudyInstanceUID": "1.2.276.0.7230010.3.4720"}
    second = deidentified(a_series(tmp_path / "two", **later), tmp_path / "out2", tmp_path / "keys.json")[0]
    other = a_series(tmp_path / "three", PatientID="PID-OTHER")
    third = deidentified(other, tmp_path / "out3", tmp_path / "keys.json")[0]

    days = [np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") for d in (first.StudyDate, second.StudyDate, third.StudyDate)]
    assert days[1] - days[0] == np.timedelta64(29, "D")
    assert np.datetime64("2020-01-31") - days[0] > np.timedelta64(0, "D")
    assert first.AcquisitionDateTime == f"{first.StudyDate}120000.5"
    assert first.PatientID == second.PatientID != third.PatientID
    assert first.FrameOfReferenceUID == second.FrameOfReferenceUID
    assert first.StudyInstanceUID != second.StudyInstanceUID
    assert days[2] != days[0]
    # Other keys give other names.
    again = deidentified(tmp_path / "one", tmp_path / "out4", tmp_path / "other-keys.json")[0]
    assert again.PatientID != first.PatientID
    assert again.StudyInstanceUID != first.StudyInstanceUID


def test_the_keys_are_the_owner_s_alone(tmp_path):
    path = tmp_path / "settings" / "keys.json"
    assert load_keys(path) == load_keys(path)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        with raises(InputError, "export.keys_readable_by_others", path=path):
            load_keys(path)
        path.chmod(0o600)
    path.write_text('{"uid_key": "00", "date_key": "00"}')
    with raises(InputError, "export.keys_not_valid", path=path):
        load_keys(path)


@pytest.mark.parametrize(
    "changes", [{"BurnedInAnnotation": "YES"}, {"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]}], ids=str
)
def test_images_that_may_show_text_are_refused_unless_accepted(tmp_path, changes):
    source = a_series(tmp_path / "ct", **changes)
    first = min(source.iterdir())
    with raises(InputError, "export.may_show_text", path=first):
        deidentified(source, tmp_path / "out", tmp_path / "keys.json")
    assert list((tmp_path / "out").iterdir()) == []
    assert len(deidentified(source, tmp_path / "out", tmp_path / "keys.json", accept_text=True)) == GRID.shape[0]


def test_what_is_not_a_ct_image_is_left_out_and_told(tmp_path):
    source = a_series(tmp_path / "ct")
    (source / "notes.txt").write_text("Erika")
    warnings = deidentify_files(sorted(source.iterdir()), tmp_path / "out", load_keys(tmp_path / "keys.json"))
    assert warnings == (message("export.not_deidentified", count=1),)
    with raises(InputError, "export.folder_not_empty", folder=tmp_path / "out"):
        deidentify_files(sorted(source.iterdir()), tmp_path / "out", load_keys(tmp_path / "keys.json"))


def test_a_multi_frame_file(tmp_path):
    (tmp_path / "ct").mkdir()
    hu = np.zeros(GRID.shape, dtype=np.int16)
    write_enhanced(tmp_path / "ct" / "ct.dcm", hu, GRID)
    deidentified(tmp_path / "ct", tmp_path / "out", tmp_path / "keys.json")
    after = read_ct(tmp_path / "out")
    assert after.grid.matches(read_ct(tmp_path / "ct").grid, tolerance_mm=1e-9)
    assert b"Secret" not in (tmp_path / "out" / "00001.dcm").read_bytes()


@pytest.mark.slow
def test_the_tilted_uneven_series(shared_data, tmp_path):
    source = tmp_path / "ct"
    source.mkdir()
    for path in (shared_data / "ge-head-ct").glob("*.dcm"):
        (source / path.name).write_bytes(path.read_bytes())
    deidentified(source, tmp_path / "out", tmp_path / "keys.json")
    before, after = read_ct(source), read_ct(tmp_path / "out")
    assert np.array_equal(before.hu, after.hu)
    assert after.grid.matches(before.grid, tolerance_mm=1e-9)
    errors = {line for line in dciodvfy(min((tmp_path / "out").iterdir())) if line.startswith("Error")}
    assert errors <= {line for line in dciodvfy(min(source.iterdir())) if line.startswith("Error")}
