# SPDX-License-Identifier: Apache-2.0
"""RT structure sets are valid, and their contours give masks and volumes back in other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from builders.dicom import write_enhanced, write_series
from builders.dicom_checks import dciodvfy, dcmdump, plastimatch_masks
from builders.errors import raises
from builders.grids import make_grid
from scipy import ndimage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

SIZE = {"rows": 48, "columns": 40, "spacing_mm": (2.0, 1.5)}
EVEN = {
    "upright": make_grid(steps_mm=[5.0] * 9, **SIZE),
    "tilted": make_grid(steps_mm=[5.0] * 9, tilt_deg=20, **SIZE),
}
UNEVEN = make_grid(steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5, **SIZE)


def bleeds(grid: SliceGrid) -> LabelMap:
    """A ring around another subtype, specks that touch at their corners, and blood on the last slice."""
    labels = np.zeros(grid.shape, dtype=np.uint8)
    rows, columns = np.ogrid[: grid.shape[1], : grid.shape[2]]
    radius = np.hypot(rows - 0.5 * grid.shape[1], columns - 0.5 * grid.shape[2])
    labels[2:7, radius < 0.2 * grid.shape[2]] = Subtype.IPH
    labels[3:6, radius < 0.08 * grid.shape[2]] = Subtype.IVH
    noise = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(12, 12)), 0.8) > 0.1
    # Away from the edges: plastimatch does not shear a tilted stack, and cuts off what it then finds outside.
    labels[1:, 16:28][:, :, :11][:, noise[:, :11]] = Subtype.SAH
    return LabelMap(labels, grid)


def exported(volume: CTVolume, label_map: LabelMap, folder: Path) -> Path:
    case = CaseResult(label_map=label_map, measurements=measure(label_map), volume=volume)
    path = folder / "contours.dcm"
    Exporter(case).write({ExportFormat.rtstruct: path})
    return path


def a_series(folder: Path, grid: SliceGrid) -> CTVolume:
    write_series(folder / "ct", np.zeros(grid.shape, dtype=np.int16), grid)
    return read_ct(folder / "ct")


def volumes_ml(path: Path, slices: dict[tuple[str, int], int], extents_mm: np.ndarray) -> dict[str, float]:
    """Return areas in 3D times extents of the slices that the contours refer to."""
    dataset = pydicom.dcmread(path)
    names = {item.ROINumber: item.ROIName for item in dataset.StructureSetROISequence}
    found = dict.fromkeys(names.values(), 0.0)
    for region in dataset.ROIContourSequence:
        for contour in region.ContourSequence:
            assert contour.ContourGeometricType == "CLOSED_PLANAR"
            points = np.array(contour.ContourData, dtype=float).reshape(contour.NumberOfContourPoints, 3)
            points -= points[0]
            area = np.linalg.norm(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)) / 2
            image = contour.ContourImageSequence[0]
            index = slices[image.ReferencedSOPInstanceUID, image.get("ReferencedFrameNumber", 0)]
            found[names[region.ReferencedROINumber]] += area * extents_mm[index] / 1000
    return found


def slices_of(volume: CTVolume) -> dict[tuple[str, int], int]:
    files = volume.source.files if not volume.source.frames else [volume.source.files[0]] * len(volume.source.frames)
    uids = [pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in files]
    frames = volume.source.frames or [0] * len(uids)
    return {key: index for index, key in enumerate(zip(uids, frames, strict=True))}


def there(label_map: LabelMap) -> dict[str, float]:
    return {name: ml for name, ml in measure(label_map).volumes_ml.items() if ml > 0 and name != "total"}


@pytest.mark.parametrize("name", EVEN)
def test_plastimatch_finds_the_same_volumes(tmp_path, name):
    volume = a_series(tmp_path, EVEN[name])
    label_map = bleeds(volume.grid)
    path = exported(volume, label_map, tmp_path)
    (tmp_path / "masks").mkdir()
    images = plastimatch_masks(path, tmp_path / "ct", tmp_path / "masks")

    assert set(images) == {"IPH", "IVH", "SAH"}
    for subtype, image in images.items():
        mask = SimpleITK.GetArrayFromImage(image) == 1
        ml = mask.sum() * np.prod(image.GetSpacing()) / 1000
        assert ml == pytest.approx(there(label_map)[subtype], rel=0.02, abs=0.05)
        # Its slices of a tilted stack are not sheared, so that pixels lie elsewhere.
        assert name == "tilted" or np.array_equal(mask, label_map.labels == Subtype[subtype])
    assert dciodvfy(path) == []
    assert "=RTStructureSetStorage" in dcmdump(path)


def test_areas_times_extents_give_the_volumes_of_an_uneven_tilted_stack(tmp_path):
    volume = a_series(tmp_path, UNEVEN)
    label_map = bleeds(volume.grid)
    path = exported(volume, label_map, tmp_path)

    assert volumes_ml(path, slices_of(volume), volume.grid.extents_mm) == pytest.approx(there(label_map), rel=1e-3)
    assert dciodvfy(path) == []


def test_a_contour_of_a_multi_frame_file_refers_to_its_frame(tmp_path):
    hu = np.zeros(UNEVEN.shape, dtype=np.int16)
    upside_down = SliceGrid(UNEVEN.shape, UNEVEN.positions_mm[::-1], UNEVEN.orientation, UNEVEN.spacing_mm)
    volume = read_ct(write_enhanced(tmp_path / "ct.dcm", hu, upside_down))
    label_map = bleeds(volume.grid)
    path = exported(volume, label_map, tmp_path)

    assert volumes_ml(path, slices_of(volume), volume.grid.extents_mm) == pytest.approx(there(label_map), rel=1e-3)
    assert dciodvfy(path) == []


def test_regions_have_the_codes_and_colours_of_their_subtypes(tmp_path):
    volume = a_series(tmp_path, EVEN["tilted"])
    dataset = pydicom.dcmread(exported(volume, bleeds(volume.grid), tmp_path))

    codes = [item.RTROIIdentificationCodeSequence[0].CodeValue for item in dataset.RTROIObservationsSequence]
    assert codes == ["21454007", "274100004", "23276006"]
    assert [list(item.ROIDisplayColor) for item in dataset.ROIContourSequence][1] == [255, 77, 94]
    # Labels without a record are not called automatic.
    assert {item.ROIGenerationAlgorithm for item in dataset.StructureSetROISequence} == {"SEMIAUTOMATIC"}
    source = pydicom.dcmread(volume.source.files[0])
    assert dataset.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert (dataset.PatientID, dataset.StudyInstanceUID) == (source.PatientID, source.StudyInstanceUID)


def test_a_long_contour_is_kept_whole(tmp_path):
    """A comb of 1 500 teeth has more text than an explicit DS can hold."""
    grid = make_grid(rows=8, columns=3000, steps_mm=[5.0] * 3, spacing_mm=(0.1, 0.1))
    volume = a_series(tmp_path, grid)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[1, 2:6, ::2] = labels[1, 5] = Subtype.SDH
    label_map = LabelMap(labels, volume.grid)
    path = exported(volume, label_map, tmp_path)

    (contour,) = pydicom.dcmread(path).ROIContourSequence[0].ContourSequence
    assert len(contour.ContourData) > 10000
    assert volumes_ml(path, slices_of(volume), volume.grid.extents_mm) == pytest.approx(there(label_map), rel=1e-3)


def test_a_scan_without_hemorrhage_is_refused(tmp_path):
    volume = a_series(tmp_path, EVEN["upright"])
    with raises(InputError, "export.no_contours"):
        exported(volume, LabelMap(np.zeros(volume.grid.shape, dtype=np.uint8), volume.grid), tmp_path)


@pytest.mark.slow
def test_the_tilted_uneven_series(shared_data, tmp_path):
    volume = read_ct(shared_data / "ge-head-ct")
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    # Across the join of the 4 and the 7 mm slices.
    labels[10:17, 230:290, 200:240] = Subtype.IPH
    labels[12:20, 300:380, 100:106] = Subtype.SDH
    label_map = LabelMap(labels, volume.grid)
    path = exported(volume, label_map, tmp_path)

    assert volumes_ml(path, slices_of(volume), volume.grid.extents_mm) == pytest.approx(there(label_map), rel=1e-3)
    assert dciodvfy(path) == []
    (tmp_path / "masks").mkdir()
    # On the even part, slice by slice.
    filled = SimpleITK.GetArrayFromImage(plastimatch_masks(path, shared_data / "ge-head-ct", tmp_path / "masks")["IPH"])
    assert filled[10:13].sum(axis=(1, 2)) == pytest.approx(np.full(3, 60 * 40), rel=0.02)
