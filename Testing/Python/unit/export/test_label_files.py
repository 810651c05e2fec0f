# SPDX-License-Identifier: Apache-2.0
"""Label maps come back from .seg.nrrd and .nii.gz on the same voxels, at the same places, with the same volumes."""

from __future__ import annotations

import itertools

import nibabel
import numpy as np
import pytest
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid, labelled
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.nifti import read_labels_nifti, sidecar_path, write_labels_nifti
from ICHSegmentationLib.io.labels.nrrd import Nrrd, read_nrrd, write_nrrd
from ICHSegmentationLib.io.labels.seg_nrrd import GRID_KEY, read_seg_nrrd, write_seg_nrrd
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

OBLIQUE_DEG = (0, 14, -8)
EVEN, MIXED, GAPPED = [5.0] * 19, [4.22] * 13 + [1.14] + [7.38] * 6, [3.0] * 9 + [9.0] + [3.0] * 9
GRIDS = {
    "even": head_grid(EVEN),
    "tilted": head_grid(EVEN, tilt_deg=20),
    "mixed and tilted": head_grid(MIXED, tilt_deg=18.5),
    "gap, oblique": head_grid(GAPPED, tilt_deg=-10, oblique_deg=OBLIQUE_DEG),
}
ORDERS = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))


def two_bleeds(grid) -> LabelMap:
    iph, ivh = ellipsoid_mask(grid, (-20, 5, 8), (12, 15, 18)), ellipsoid_mask(grid, (12, 0, 0), (8, 20, 10))
    return labelled(grid, (Subtype.IPH, iph), (Subtype.IVH, ivh))


def assert_same(read, written: LabelMap) -> None:
    assert read.warnings == ()
    assert np.array_equal(read.label_map.labels, written.labels)
    assert read.label_map.grid.matches(written.grid, tolerance_mm=1e-6)
    assert measure(read.label_map).volumes_ml == pytest.approx(measure(written).volumes_ml, rel=1e-9)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_seg_nrrd_comes_back(tmp_path, grid):
    label_map = two_bleeds(grid)
    write_seg_nrrd(tmp_path / "segmentation.seg.nrrd", label_map)

    assert_same(read_seg_nrrd(tmp_path / "segmentation.seg.nrrd"), label_map)
    assert [path.name for path in tmp_path.iterdir()] == ["segmentation.seg.nrrd"]


def test_seg_nrrd_is_read_by_simpleitk_on_the_same_voxels(tmp_path):
    import SimpleITK

    label_map = two_bleeds(head_grid(EVEN, oblique_deg=OBLIQUE_DEG))
    write_seg_nrrd(tmp_path / "a.seg.nrrd", label_map)
    image = SimpleITK.ReadImage(str(tmp_path / "a.seg.nrrd"))

    assert np.array_equal(SimpleITK.GetArrayFromImage(image), label_map.labels)
    place = label_map.grid.points_mm(np.array([3, 5, 7]))
    assert image.TransformIndexToPhysicalPoint((7, 5, 3)) == pytest.approx(place)
    assert image.GetMetaData("Segment3_ID") == "IPH"
    assert image.GetMetaData("Segment3_Name") == "Intraparenchymal hemorrhage"
    assert "SCT^274100004^" in image.GetMetaData("Segment3_Tags")
    assert image.GetMetaData("Segment0_Extent") == "0 -1 0 -1 0 -1"
    blood = np.argwhere(label_map.labels == Subtype.IPH)
    extent = [int(word) for word in image.GetMetaData("Segment3_Extent").split()]
    assert extent[::2] == blood.min(axis=0)[::-1].tolist()
    assert extent[1::2] == blood.max(axis=0)[::-1].tolist()


def test_uneven_seg_nrrd_without_its_record_warns_and_uses_the_nearest_affine(tmp_path):
    label_map = two_bleeds(GRIDS["mixed and tilted"])
    write_seg_nrrd(tmp_path / "a.seg.nrrd", label_map)
    image = read_nrrd(tmp_path / "a.seg.nrrd")
    keys = {key: value.split(GRID_KEY)[0] for key, value in image.keys.items() if key != GRID_KEY}
    write_nrrd(tmp_path / "b.seg.nrrd", Nrrd(image.array, image.directions_lps, image.origin_lps, keys))

    read = read_seg_nrrd(tmp_path / "b.seg.nrrd")

    assert read.warnings[0].code == "io.even_steps_assumed"
    assert np.array_equal(read.label_map.labels, label_map.labels)
    assert np.allclose(read.label_map.grid.nearest_affine_ras, label_map.grid.nearest_affine_ras)


def test_record_of_a_moved_file_is_not_used(tmp_path):
    label_map = two_bleeds(GRIDS["even"])
    write_seg_nrrd(tmp_path / "a.seg.nrrd", label_map)
    image = read_nrrd(tmp_path / "a.seg.nrrd")
    moved = Nrrd(image.array, image.directions_lps, image.origin_lps + np.array([0.4, 0, 0]), image.keys)
    write_nrrd(tmp_path / "b.seg.nrrd", moved)

    read = read_seg_nrrd(tmp_path / "b.seg.nrrd")

    assert len(read.warnings) == 1
    assert read.label_map.grid.positions_mm[0] == pytest.approx(label_map.grid.positions_mm[0] + [0.4, 0, 0])


def test_file_cropped_to_the_bleeds_is_put_back_on_the_whole_grid(tmp_path):
    label_map = two_bleeds(GRIDS["mixed and tilted"])
    write_seg_nrrd(tmp_path / "a.seg.nrrd", label_map)
    image = read_nrrd(tmp_path / "a.seg.nrrd")
    box = tuple(slice(axis.min(), axis.max() + 1) for axis in np.nonzero(label_map.labels))
    start = np.array([axis.start for axis in reversed(box)])
    cropped = Nrrd(image.array[box], image.directions_lps, image.origin_lps + start @ image.directions_lps, image.keys)
    write_nrrd(tmp_path / "b.seg.nrrd", cropped)

    assert_same(read_seg_nrrd(tmp_path / "b.seg.nrrd"), label_map)


def test_overlapping_layers_count_a_voxel_once(tmp_path):
    grid = GRIDS["even"]
    iph, ivh = ellipsoid_mask(grid, (0, 0, 0), (15, 15, 15)), ellipsoid_mask(grid, (8, 0, 0), (15, 15, 15))
    header = [
        "NRRD0004", "type: unsigned char", "dimension: 4", "space: left-posterior-superior",
        "sizes: 2 " + " ".join(str(size) for size in reversed(grid.shape)),
        "space directions: none (0.9,0,0) (0,0.8,0) (0,0,5)", "kinds: list domain domain domain", "encoding: raw",
        "space origin: (-49.05,-47.6,-47.5)",
        "Segment0_ID:=Segment_1", "Segment0_Name:=Intraparenchymal hemorrhage", "Segment0_LabelValue:=1",
        "Segment0_Layer:=0",
        "Segment1_ID:=IVH", "Segment1_LabelValue:=1", "Segment1_Layer:=1",
    ]  # fmt: skip
    data = np.stack([iph, ivh], axis=-1).astype(np.uint8).tobytes()
    (tmp_path / "edited.seg.nrrd").write_bytes("\n".join(header).encode() + b"\n\n" + data)

    read = read_seg_nrrd(tmp_path / "edited.seg.nrrd")

    assert np.array_equal(read.label_map.labels == Subtype.IVH, ivh)
    assert np.array_equal(read.label_map.labels == Subtype.IPH, iph & ~ivh)
    assert "io.segments_overlap" in [warning.code for warning in read.warnings]
    volumes = measure(read.label_map).volumes_ml
    assert volumes["total"] == pytest.approx((iph | ivh).sum() * 0.9 * 0.8 * 5 / 1000)


@pytest.mark.parametrize("content", [b"", b"NRRD0004\ntype: uint8\n", b"NRRD0004\ntype: uint8\n\n123", b"hello\n\n"])
def test_damaged_nrrd_is_refused_by_name(tmp_path, content):
    (tmp_path / "bad.seg.nrrd").write_bytes(content)
    with raises(InputError, "io.damaged", path=tmp_path / "bad.seg.nrrd"):
        read_seg_nrrd(tmp_path / "bad.seg.nrrd")


def test_equal_label_maps_give_equal_files(tmp_path):
    label_map = two_bleeds(GRIDS["mixed and tilted"])
    for name in ("a.seg.nrrd", "b.seg.nrrd"):
        write_seg_nrrd(tmp_path / name, label_map)
    first, second = ((tmp_path / name).read_bytes() for name in ("a.seg.nrrd", "b.seg.nrrd"))
    assert first == second
    assert b"#" not in first.split(b"\n\n")[0]


def test_names_with_letters_beyond_ascii_are_kept(tmp_path):
    header = (
        "NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\n"
        "space directions: (1,0,0) (0,1,0) (0,0.2,3)\nencoding: raw\nspace origin: (0,0,0)\nSegment0_Name:=Ödem\n\n"
    )
    (tmp_path / "a.seg.nrrd").write_bytes(header.encode() + bytes(8))
    assert read_nrrd(tmp_path / "a.seg.nrrd").keys["Segment0_Name"] == "Ödem"


@pytest.mark.parametrize("field", ["data file", "datafile"])
def test_nrrd_with_its_data_elsewhere_is_refused_by_name(tmp_path, field):
    (tmp_path / "data.raw").write_bytes(bytes(8))
    header = (
        "NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\n"
        f"space directions: (1,0,0) (0,1,0) (0,0,3)\nencoding: raw\nspace origin: (0,0,0)\n{field}: {{}}\n\n"
    )
    (tmp_path / "a.seg.nrrd").write_text(header.format(tmp_path / "data.raw"), encoding="utf-8")
    with raises(InputError, "io.damaged", path=tmp_path / "a.seg.nrrd"):
        read_seg_nrrd(tmp_path / "a.seg.nrrd")


def test_truncated_nrrd_is_refused_by_name(tmp_path):
    write_seg_nrrd(tmp_path / "a.seg.nrrd", two_bleeds(GRIDS["even"]))
    (tmp_path / "b.seg.nrrd").write_bytes((tmp_path / "a.seg.nrrd").read_bytes()[:-40])
    with raises(InputError, "io.damaged", path=tmp_path / "b.seg.nrrd"):
        read_seg_nrrd(tmp_path / "b.seg.nrrd")


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_nifti_comes_back(tmp_path, grid):
    label_map = two_bleeds(grid)
    write_labels_nifti(tmp_path / "labels.nii.gz", label_map)

    read = read_labels_nifti(tmp_path / "labels.nii.gz")
    assert read.warnings == ()
    assert np.array_equal(read.label_map.labels, label_map.labels)
    assert read.label_map.grid.matches(grid, tolerance_mm=1e-4)
    assert measure(read.label_map).volumes_ml == pytest.approx(measure(label_map).volumes_ml, rel=1e-5)
    assert sidecar_path(tmp_path / "labels.nii.gz").exists() is not grid.is_regular


def test_sidecar_of_an_earlier_run_is_removed(tmp_path):
    write_labels_nifti(tmp_path / "labels.nii.gz", two_bleeds(GRIDS["mixed and tilted"]))
    assert (tmp_path / "labels.json").exists()
    write_labels_nifti(tmp_path / "labels.nii.gz", two_bleeds(GRIDS["even"]))
    assert not (tmp_path / "labels.json").exists()


@pytest.mark.parametrize(("axes", "flips"), ORDERS, ids=lambda value: "".join(str(part) for part in value))
def test_all_axis_orders_lie_on_the_input_grid_and_keep_volume(tmp_path, axes, flips):
    """The input's array is the head's, with axes exchanged and flipped, and slightly oblique and sheared in all."""
    shape = np.array([44, 50, 24])
    base = np.eye(4)
    base[:3, :3] = Rotation.from_euler("x", 12, degrees=True).as_matrix() @ np.diag([1.6, 1.5, 4.0])
    base[1, 2] += 0.7
    base[:3, 3] = base[:3, :3] @ (-(shape - 1) / 2)
    affine = base[:, [*axes, 3]]
    sizes = shape[list(axes)]
    for axis in np.flatnonzero(np.array(flips) < 0):
        affine[:, 3] += affine[:, axis] * (sizes[axis] - 1)
        affine[:, axis] *= -1
    hu = np.full(sizes, -1000, dtype=np.int16)
    hu[tuple(slice(2, -2) for _ in range(3))] = 1200
    nibabel.save(nibabel.Nifti1Image(hu, affine), tmp_path / "ct.nii.gz")
    radii_mm = (22.0, 24.0, 26.0)
    centre_lps = (4.0, -3.0, 2.0)

    volume = read_ct(tmp_path / "ct.nii.gz")
    label_map = labelled(volume.grid, (Subtype.EDH, ellipsoid_mask(volume.grid, centre_lps, radii_mm)))
    write_labels_nifti(tmp_path / "labels.nii.gz", label_map, volume.source)
    write_seg_nrrd(tmp_path / "a.seg.nrrd", label_map)

    stored = nibabel.load(tmp_path / "labels.nii.gz")
    assert np.allclose(stored.affine, nibabel.load(tmp_path / "ct.nii.gz").affine, atol=1e-5)
    index = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1)
    ras = index @ affine[:3, :3].T + affine[:3, 3]
    inside = (((ras * [-1, -1, 1] - centre_lps) / radii_mm) ** 2).sum(axis=-1)
    truth = inside <= 1
    sure = np.abs(inside - 1) > 1e-4
    assert np.array_equal(np.asarray(stored.dataobj)[sure] == Subtype.EDH, truth[sure])
    for read in (read_labels_nifti(tmp_path / "labels.nii.gz"), read_seg_nrrd(tmp_path / "a.seg.nrrd")):
        assert np.array_equal(read.label_map.labels, label_map.labels)
        assert read.label_map.grid.matches(volume.grid, tolerance_mm=1e-3)
        assert measure(read.label_map).volumes_ml["EDH"] == pytest.approx(ellipsoid_ml(radii_mm), rel=0.01)


def test_nifti_of_probabilities_is_refused(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.full((8, 8, 8), 0.3, np.float32), np.eye(4)), tmp_path / "p.nii.gz")
    with raises(InputError, "io.not_a_label_map", name="p.nii.gz"):
        read_labels_nifti(tmp_path / "p.nii.gz")


def test_damaged_nifti_is_refused_by_name(tmp_path):
    (tmp_path / "bad.nii.gz").write_bytes(b"not a nifti")
    with raises(InputError, "io.label_nifti_damaged", name="bad.nii.gz"):
        read_labels_nifti(tmp_path / "bad.nii.gz")


@pytest.mark.parametrize("from_end", [1, 6])  # length, checksum
def test_a_changed_byte_of_a_compressed_nifti_is_refused_by_name(tmp_path, from_end):
    path = tmp_path / "a.nii.gz"
    write_labels_nifti(path, two_bleeds(GRIDS["even"]))
    content = bytearray(path.read_bytes())
    content[-from_end] ^= 0x10
    path.write_bytes(content)
    with raises(InputError, "io.label_nifti_damaged", name="a.nii.gz"):
        read_labels_nifti(path)


def test_uneven_nifti_without_its_sidecar_warns(tmp_path):
    write_labels_nifti(tmp_path / "labels.nii.gz", two_bleeds(GRIDS["mixed and tilted"]))
    (tmp_path / "labels.json").unlink()

    (warning,) = read_labels_nifti(tmp_path / "labels.nii.gz").warnings
    assert warning == message("io.even_steps_assumed", name="labels.nii.gz", step_mm=4.74)
