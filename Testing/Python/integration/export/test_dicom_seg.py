# SPDX-License-Identifier: Apache-2.0
"""DICOM segmentations lie on the source slices, are valid, and come back with the same volumes."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK
from builders.dicom import write_enhanced, write_series
from builders.dicom_checks import KNOWN_REPORTS, LABEL_MAP_REPORTS, dciodvfy, segimage2itkimage
from builders.errors import raises
from builders.grids import make_grid
from pydicom.uid import generate_uid

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.dicom.seg import SegmentationKind, write_dicom_seg
from ICHSegmentationLib.export.record import ModelRecord
from ICHSegmentationLib.io.dicom.slices import tag_name
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.labels.dicom_seg import read_dicom_seg
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

MODEL = ModelRecord(name="a-model", system="transhardnet", preset="compact", sha256="0f" * 32, licence="Apache-2.0")
# 19 x 13 pixels fill no whole number of bytes: the frames of a BINARY segmentation are packed without padding.
SIZE = {"rows": 19, "columns": 13, "spacing_mm": (0.8, 0.9)}
GRIDS = {
    "even": make_grid(steps_mm=[5.0] * 7, **SIZE),
    "tilted": make_grid(steps_mm=[5.0] * 7, tilt_deg=20, **SIZE),
    "mixed and tilted": make_grid(steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5, **SIZE),
    "gap, oblique": make_grid(steps_mm=[3.0] * 4 + [9.0] + [3.0] * 4, oblique_deg=(0, 14, -8), **SIZE),
}


def two_bleeds(grid: SliceGrid) -> LabelMap:
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[2:6, 3:11, 2:7] = Subtype.IPH
    labels[4:7, 10:15, 6:9] = Subtype.IVH
    return LabelMap(labels, grid)


def exported(folder: Path, volume: CTVolume, label_map: LabelMap, **options) -> Path:
    path = folder / "segmentation.dcm"
    write_dicom_seg(path, label_map, volume.source, load_source_datasets(volume), **{"model": MODEL, **options})
    return path


def a_series(folder: Path, grid: SliceGrid, **options) -> CTVolume:
    write_series(folder / "ct", np.zeros(grid.shape, dtype=np.int16), grid, **options)
    return read_ct(folder / "ct")


def assert_same(path: Path, written: LabelMap) -> None:
    read = read_dicom_seg(path)
    assert read.warnings == ()
    assert np.array_equal(read.label_map.labels, written.labels)
    assert read.label_map.grid.matches(written.grid, tolerance_mm=1e-6)
    assert measure(read.label_map).volumes_ml == pytest.approx(measure(written).volumes_ml, rel=1e-6)


def reports(path: Path, kind: SegmentationKind) -> list[str]:
    return dciodvfy(path, further=LABEL_MAP_REPORTS if kind is SegmentationKind.LABELMAP else {})


@pytest.mark.parametrize("kind", SegmentationKind)
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_any_stack_comes_back_and_is_valid(tmp_path, grid, kind):
    volume = a_series(tmp_path, grid)
    label_map = two_bleeds(volume.grid)
    path = exported(tmp_path, volume, label_map, kind=kind)

    assert_same(path, label_map)
    assert reports(path, kind) == []


@pytest.mark.parametrize("kind", SegmentationKind)
@pytest.mark.parametrize("shared_orientation", [True, False])
def test_a_multi_frame_file_is_referred_to_by_its_own_frame_numbers(tmp_path, shared_orientation, kind):
    grid = GRIDS["mixed and tilted"]
    upside_down = SliceGrid(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm)
    hu = np.zeros(grid.shape, dtype=np.int16)
    volume = read_ct(write_enhanced(tmp_path / "ct.dcm", hu, upside_down, shared_orientation=shared_orientation))
    label_map = two_bleeds(volume.grid)
    path = exported(tmp_path, volume, label_map, kind=kind)

    assert_same(path, label_map)
    assert reports(path, kind) == []
    for frame in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence:
        number = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        assert [float(value) for value in position] == pytest.approx(upside_down.positions_mm[number - 1])


@pytest.mark.parametrize("kind", SegmentationKind)
def test_highdicom_finds_each_segment_on_its_source_slice(tmp_path, kind):
    volume = a_series(tmp_path, GRIDS["mixed and tilted"])
    label_map = two_bleeds(volume.grid)
    seen = highdicom.seg.segread(exported(tmp_path, volume, label_map, kind=kind))
    assert seen.segmentation_type.name == kind.name

    instances = [pydicom.dcmread(file).SOPInstanceUID for file in volume.source.files]
    masks = seen.get_pixels_by_source_instance(instances, segment_numbers=list(Subtype))
    for subtype in Subtype:
        assert np.array_equal(masks[..., subtype - 1] == 1, label_map.labels == subtype)
    iph = seen.get_segment_description(Subtype.IPH)
    assert (iph.segment_label, iph.tracking_id) == ("Intraparenchymal hemorrhage", "IPH")
    assert (iph.segmented_property_type.value, iph.segmented_property_type.scheme_designator) == ("274100004", "SCT")
    algorithm = iph.algorithm_identification
    assert (algorithm.name, algorithm.version, algorithm.parameters["sha256"]) == ("a-model", __version__, "0f" * 32)
    assert iph.algorithm_type.value == "AUTOMATIC"
    assert seen.SeriesDescription == "Hemorrhage segmentation (research use only)"
    assert seen.ReferencedSeriesSequence[0].SeriesInstanceUID == volume.source.series_uid


def test_every_slice_of_every_segment_has_a_frame_as_thick_as_its_extent(tmp_path):
    volume = a_series(tmp_path, GRIDS["mixed and tilted"])
    written = pydicom.dcmread(exported(tmp_path, volume, two_bleeds(volume.grid)))

    thickness = [float(f.PixelMeasuresSequence[0].SliceThickness) for f in written.PerFrameFunctionalGroupsSequence]
    assert written.NumberOfFrames == 5 * volume.grid.shape[0]
    # highdicom orders the frames of a segment against our slices.
    assert thickness == pytest.approx(np.tile(volume.grid.extents_mm[::-1], 5), abs=5e-4)
    assert "PixelMeasuresSequence" not in written.SharedFunctionalGroupsSequence[0]


def test_even_slices_share_their_thickness_and_spacing(tmp_path):
    volume = a_series(tmp_path, GRIDS["even"])
    written = pydicom.dcmread(exported(tmp_path, volume, two_bleeds(volume.grid)))

    measures = written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert (measures.SliceThickness, measures.SpacingBetweenSlices) == (5.0, 5.0)
    assert [float(value) for value in measures.PixelSpacing] == [0.8, 0.9]


@pytest.mark.parametrize("kind", SegmentationKind)
def test_dcmqi_reads_an_even_upright_series(tmp_path, kind):
    volume = a_series(tmp_path, GRIDS["even"])
    label_map = two_bleeds(volume.grid)
    (tmp_path / "out").mkdir()
    files = segimage2itkimage(exported(tmp_path, volume, label_map, kind=kind), tmp_path / "out")

    images = [SimpleITK.ReadImage(str(file)) for file in files]
    # A file per segment, or one with the numbers of all.
    assert len(images) == (5 if kind is SegmentationKind.BINARY else 1)
    found = {int(number): image for image in images for number in np.unique(SimpleITK.GetArrayViewFromImage(image))}
    for subtype in (Subtype.IPH, Subtype.IVH):
        image = found[subtype]
        mask = SimpleITK.GetArrayFromImage(image) == subtype
        # dcmqi may crop to the blood: every voxel is looked up by its place.
        places = [image.TransformIndexToPhysicalPoint([int(i) for i in index[::-1]]) for index in np.argwhere(mask)]
        expected = volume.grid.points_mm(np.argwhere(label_map.labels == subtype))
        assert np.allclose(sorted(places), sorted(map(tuple, expected)), atol=1e-3)


def test_every_known_report_of_dciodvfy_is_in_the_documentation():
    """Table rows of docs/dicom.md: the report as dciodvfy words it, and the reason."""
    page = (Path(__file__).resolve().parents[4] / "docs" / "dicom.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1:3] for row in page.splitlines() if row.startswith("| `") and row.count("|") == 3]
    documented = {reason.strip(): report for report, reason in rows}
    known = KNOWN_REPORTS | LABEL_MAP_REPORTS
    assert set(documented) == set(known.values())
    for pattern, reason in known.items():
        # Alternatives and names of tags are what tells one report from another.
        for word in re.findall(r"[A-Z][A-Za-z0-9]+(?: [A-Z][A-Za-z]+)*", pattern):
            assert word in documented[reason], word


def test_blood_without_a_subtype_is_a_sixth_segment(tmp_path):
    volume = a_series(tmp_path, GRIDS["even"])
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[3, 4:9, 4:9] = 6
    path = exported(tmp_path, volume, LabelMap(labels, volume.grid))

    assert_same(path, LabelMap(labels, volume.grid))
    assert pydicom.dcmread(path).SegmentSequence[-1].SegmentedPropertyTypeCodeSequence[0].CodeValue == "1386000"


def test_a_head_without_blood_keeps_its_empty_frames(tmp_path):
    volume = a_series(tmp_path, GRIDS["even"])
    empty = LabelMap(np.zeros(volume.grid.shape, dtype=np.uint8), volume.grid)
    path = exported(tmp_path, volume, empty)

    assert_same(path, empty)
    assert dciodvfy(path) == []


@pytest.mark.parametrize(("model", "corrected"), [(MODEL, True), (None, False)])
def test_labels_changed_by_hand_or_of_unknown_origin_are_not_called_automatic(tmp_path, model, corrected):
    volume = a_series(tmp_path, GRIDS["even"])
    path = exported(tmp_path, volume, two_bleeds(volume.grid), model=model, corrected=corrected)

    kinds = {segment.SegmentAlgorithmType for segment in pydicom.dcmread(path).SegmentSequence}
    assert kinds == {"SEMIAUTOMATIC"}
    assert dciodvfy(path) == []


def test_the_patient_is_the_source_s_and_nothing_is_invented(tmp_path):
    def edit(dataset, _):
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.PatientName = "Müller^Jörg"
        dataset.PatientSex = "W"
        dataset.StudyDate = ""
        del dataset.PatientBirthDate, dataset.StudyID

    volume = a_series(tmp_path, GRIDS["even"], edit=edit)
    before = [file.read_bytes() for file in volume.source.files]
    path = exported(tmp_path, volume, two_bleeds(volume.grid))
    written, source = pydicom.dcmread(path), pydicom.dcmread(volume.source.files[0])

    assert str(written.PatientName) == "Müller^Jörg"
    assert written.PatientID == source.PatientID
    assert written.StudyInstanceUID == source.StudyInstanceUID
    assert written.FrameOfReferenceUID == source.FrameOfReferenceUID
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyID", "ReferringPhysicianName"):
        assert not written[keyword].value
    assert [file.read_bytes() for file in volume.source.files] == before
    assert dciodvfy(path) == []


def test_a_character_set_with_an_empty_first_value_becomes_utf_8(tmp_path):
    def edit(dataset, _):
        dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
        dataset.PatientName = "Yamada^Tarou=山田^太郎"

    volume = a_series(tmp_path, GRIDS["even"], edit=edit)
    written = pydicom.dcmread(exported(tmp_path, volume, two_bleeds(volume.grid)))

    assert written.SpecificCharacterSet == "ISO_IR 192"
    assert str(written.PatientName) == "Yamada^Tarou=山田^太郎"


def test_slices_whose_orientations_differ_by_rounding_get_one(tmp_path):
    def edit(dataset, index):
        if index == 1:
            dataset.ImageOrientationPatient = ["1", "0.0000001", "0", "-0.0000001", "1", "0"]

    volume = a_series(tmp_path, GRIDS["even"], edit=edit)
    label_map = two_bleeds(volume.grid)

    assert_same(exported(tmp_path, volume, label_map), label_map)


def test_nothing_of_the_patient_is_logged(tmp_path, caplog, recwarn):
    def edit(dataset, _):
        dataset.PatientName = "SecretWithoutCaret"
        dataset.PatientBirthDate = "SECRET-DATE"

    volume = a_series(tmp_path, GRIDS["even"], edit=edit)
    caplog.clear()
    recwarn.clear()
    with caplog.at_level(logging.DEBUG):
        exported(tmp_path, volume, two_bleeds(volume.grid))

    assert "secret" not in caplog.text.lower()
    assert not [warning for warning in recwarn if "secret" in str(warning.message).lower()]


@pytest.mark.parametrize("keyword", ["FrameOfReferenceUID", "StudyInstanceUID"])
def test_a_scan_that_cannot_be_referred_to_is_refused_by_tag(tmp_path, keyword):
    volume = a_series(tmp_path, GRIDS["even"], edit=lambda dataset, _: dataset.pop(keyword))

    with raises(InputError, "io.source_attribute_missing", path=volume.source.files[0], attribute=tag_name(keyword)):
        load_source_datasets(volume)


def test_a_scan_that_changed_on_disk_is_refused(tmp_path):
    volume = a_series(tmp_path, GRIDS["even"])
    a_series(tmp_path, GRIDS["even"], series_uid=generate_uid())

    with raises(InputError, "io.source_changed", path=volume.source.files[0]):
        load_source_datasets(volume)


def without_empty_frames(folder: Path, volume: CTVolume, label_map: LabelMap) -> Path:
    """Write as programs do that leave out frames without blood."""
    path = exported(folder, volume, label_map)
    dataset = pydicom.dcmread(path)
    masks = dataset.pixel_array
    kept = np.flatnonzero(masks.any(axis=(1, 2)))
    dataset.PerFrameFunctionalGroupsSequence = [dataset.PerFrameFunctionalGroupsSequence[int(index)] for index in kept]
    dataset.NumberOfFrames = len(kept)
    packed = np.packbits(masks[kept].ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset.save_as(path)
    return path


def test_without_empty_frames_the_distances_are_an_assumption(tmp_path):
    volume = a_series(tmp_path, GRIDS["mixed and tilted"])
    label_map = two_bleeds(volume.grid)
    path = without_empty_frames(tmp_path, volume, label_map)

    alone, placed = read_dicom_seg(path), read_dicom_seg(path, volume.grid)

    assert alone.warnings[0].startswith("segmentation.dcm holds only the slices with blood")
    assert np.array_equal(alone.label_map.labels, label_map.labels[2:7])
    assert placed.warnings == ()
    assert np.array_equal(placed.label_map.labels, label_map.labels)
    assert measure(placed.label_map).volumes_ml == measure(label_map).volumes_ml


def test_labels_of_another_scan_are_refused(tmp_path):
    volume = a_series(tmp_path, GRIDS["even"])
    path = exported(tmp_path, volume, two_bleeds(volume.grid))

    with pytest.raises(InputError):
        read_dicom_seg(path, GRIDS["tilted"])


def test_overlapping_and_foreign_segments_are_told(tmp_path):
    volume = a_series(tmp_path, GRIDS["even"])
    label_map = two_bleeds(volume.grid)
    path = exported(tmp_path, volume, label_map)
    dataset = pydicom.dcmread(path)
    masks = dataset.pixel_array.reshape(5, *volume.grid.shape)
    masks[Subtype.IVH - 1] |= masks[Subtype.IPH - 1]
    masks[Subtype.EDH - 1, 3] = 1
    dataset.PixelData = np.packbits(masks.ravel(), bitorder="little").tobytes()
    foreign = dataset.SegmentSequence[Subtype.EDH - 1]
    foreign.SegmentedPropertyTypeCodeSequence[0].CodeValue = "80891009"
    foreign.SegmentLabel, foreign.TrackingID = "Heart", "1"
    dataset.save_as(path)

    read = read_dicom_seg(path)

    assert np.array_equal(read.label_map.labels > 0, label_map.labels > 0)
    assert set(np.unique(read.label_map.labels)) == {0, Subtype.IVH}
    assert any("'Heart' is not hemorrhage" in text for text in read.warnings)
    assert any("count as intraventricular hemorrhage only" in text for text in read.warnings)


def test_a_label_map_of_another_program_is_read_by_its_codes(tmp_path):
    """16 bits, numbers of its own, a background that is not 0, a segment that is no hemorrhage."""
    volume = a_series(tmp_path, GRIDS["mixed and tilted"])
    label_map = two_bleeds(volume.grid)
    path = exported(tmp_path, volume, label_map, kind=SegmentationKind.LABELMAP)
    dataset = pydicom.dcmread(path)
    numbers = np.array([700, 1, 2, 3, 300, 5], dtype=np.uint16)
    pixels = numbers[dataset.pixel_array]
    pixels[0, 0, 0] = 1
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelPaddingValue = 700
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    for item in dataset.SegmentSequence:
        item.SegmentNumber = int(numbers[item.SegmentNumber])
    foreign = dataset.SegmentSequence[Subtype.EDH]
    foreign.SegmentedPropertyTypeCodeSequence[0].CodeValue = "80891009"
    foreign.SegmentLabel, foreign.TrackingID = "Heart", "1"
    dataset.save_as(path)

    read = read_dicom_seg(path)

    assert read.warnings == (message("io.segment_left_out", name=path.name, segment="Heart"),)
    assert np.array_equal(read.label_map.labels, label_map.labels)


def test_a_ct_slice_is_no_segmentation(tmp_path):
    volume = a_series(tmp_path, GRIDS["even"])

    with raises(InputError, "io.not_a_segmentation", path=volume.source.files[0]):
        read_dicom_seg(volume.source.files[0])


@pytest.mark.parametrize("kind", SegmentationKind)
@pytest.mark.parametrize("name", ["ge-head-ct", "philips-skull-phantom"])
def test_real_tilted_series_come_back_and_are_valid(shared_data, tmp_path, name, kind):
    volume = read_ct(shared_data / name)
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[8:18, 200:260, 200:250] = Subtype.IPH
    labels[12:20, 300:310, 100:110] = Subtype.SDH
    path = exported(tmp_path, volume, LabelMap(labels, volume.grid), kind=kind)

    assert_same(path, LabelMap(labels, volume.grid))
    assert reports(path, kind) == []
    seen = highdicom.seg.segread(path)
    instances = [pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in volume.source.files]
    masks = seen.get_pixels_by_source_instance(instances, segment_numbers=[Subtype.SDH, Subtype.IPH])
    assert np.array_equal(masks[..., 1] == 1, labels == Subtype.IPH)
    assert np.array_equal(masks[..., 0] == 1, labels == Subtype.SDH)
