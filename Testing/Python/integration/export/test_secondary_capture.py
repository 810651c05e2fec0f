# SPDX-License-Identifier: Apache-2.0
"""Key slices as secondary captures: valid, of the study, each derived from its source slice, without patient text."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.dicom import write_enhanced, write_series
from builders.dicom_checks import dciodvfy, dcmdump
from builders.grids import make_grid
from builders.requirements import require_program
from PIL import Image

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

GRID = make_grid(rows=48, columns=40, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5, spacing_mm=(4, 4))


def head_hu() -> np.ndarray:
    hu = np.full(GRID.shape, -1000, dtype=np.int16)
    hu[:, 6:42, 6:34] = 30
    return hu


def exported(volume: CTVolume, folder: Path) -> list[Path]:
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[3:6, 20:30, 10:22] = Subtype.IPH
    label_map = LabelMap(labels, volume.grid)
    Exporter(CaseResult(label_map=label_map, measurements=measure(label_map), volume=volume)).write(
        {ExportFormat.dicom_sc: folder}
    )
    return sorted(folder.iterdir())


def test_each_picture_is_valid_and_refers_to_its_slice(tmp_path):
    write_series(tmp_path / "ct", head_hu(), GRID)
    volume = read_ct(tmp_path / "ct")
    files = exported(volume, tmp_path / "out")
    images = [pydicom.dcmread(file) for file in files]
    first = pydicom.dcmread(volume.source.files[0])

    assert len(files) == 6
    assert [dciodvfy(file) for file in files] == [[]] * 6
    assert {image.StudyInstanceUID for image in images} == {first.StudyInstanceUID}
    assert len({image.SeriesInstanceUID for image in images} - {first.SeriesInstanceUID}) == 1
    assert {(image.PatientID, image.SeriesNumber, image.BurnedInAnnotation) for image in images} == {
        ("SECRET-ID", 205, "NO")
    }
    referred = [image.SourceImageSequence[0].ReferencedSOPInstanceUID for image in images]
    slices = [pydicom.dcmread(file).SOPInstanceUID for file in volume.source.files]
    # The three slices with blood, then those nearest to the one with most.
    assert [slices.index(uid) for uid in referred] == [2, 3, 4, 5, 6, 7]


def test_dcmtk_shows_the_same_picture_in_colour(tmp_path):
    write_series(tmp_path / "ct", head_hu(), GRID)
    file = exported(read_ct(tmp_path / "ct"), tmp_path / "out")[2]
    picture = tmp_path / "picture.ppm"
    subprocess.run([require_program("dcmj2pnm", "dcmtk"), "+op", file, picture], check=True)

    shown, stored = np.asarray(Image.open(picture)), pydicom.dcmread(file).pixel_array
    assert np.array_equal(shown, stored)
    # The outline's colour is IPH's.
    assert (shown == (255, 77, 94)).all(axis=2).sum() > 50
    assert "=SecondaryCaptureImageStorage" in dcmdump(file)
    # Text at the bottom: "Research use only".
    assert (shown[-34:, :320] > 200).any()


def test_the_pixels_do_not_depend_on_the_patient(tmp_path):
    def rename(dataset, _):
        dataset.PatientName, dataset.PatientID, dataset.StudyDate = "Other^Person", "OTHER-ID", "19990909"

    write_series(tmp_path / "one", head_hu(), GRID)
    write_series(tmp_path / "other", head_hu(), GRID, edit=rename)
    one, other = (exported(read_ct(tmp_path / name), tmp_path / f"out {name}") for name in ("one", "other"))

    assert pydicom.dcmread(other[0]).PatientID == "OTHER-ID"
    for first, second in zip(one, other, strict=True):
        assert np.array_equal(pydicom.dcmread(first).pixel_array, pydicom.dcmread(second).pixel_array)


def test_a_picture_of_a_multi_frame_file_refers_to_its_frame(tmp_path):
    volume = read_ct(write_enhanced(tmp_path / "ct.dcm", head_hu()[::-1], GRID))
    files = exported(volume, tmp_path / "out")
    frames = [pydicom.dcmread(file).SourceImageSequence[0].ReferencedFrameNumber for file in files]
    assert frames == [volume.source.frames[index] for index in (2, 3, 4, 5, 6, 7)]
    assert dciodvfy(files[0]) == []


def test_a_lossy_scan_makes_lossy_pictures(tmp_path):
    def lossy(dataset, _):
        dataset.LossyImageCompression, dataset.LossyImageCompressionRatio = "01", "9"

    write_series(tmp_path / "ct", head_hu(), GRID, edit=lossy)
    image = pydicom.dcmread(exported(read_ct(tmp_path / "ct"), tmp_path / "out")[0])
    assert (image.LossyImageCompression, image.LossyImageCompressionRatio) == ("01", 9)


@pytest.mark.slow
def test_the_tilted_uneven_series(shared_data, tmp_path):
    volume = read_ct(shared_data / "ge-head-ct")
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[10:17, 230:290, 200:240] = Subtype.IPH
    label_map = LabelMap(labels, volume.grid)
    case = CaseResult(label_map=label_map, measurements=measure(label_map), volume=volume)
    Exporter(case).write({ExportFormat.dicom_sc: tmp_path})
    assert [dciodvfy(file) for file in sorted(tmp_path.iterdir())] == [[]] * 6
