# SPDX-License-Identifier: Apache-2.0
"""Boxes by a detector, masks by a second network, on any stack; both networks are stand-ins that see brightness."""

from __future__ import annotations

import numpy as np
import pytest
from builders.affine_files import AXIS_ORDERS, in_axis_order, write_nifti
from builders.companions import install_companion
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_hu, head_volume, model_entry
from scipy import ndimage

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.errors import InputError, MissingModelError, ModelError
from ICHSegmentationLib.core.lesion_boxes import in_plane, lesion_boxes
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.preprocessing.box_crops import CROP_PX, CropSampling
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.research.training.boxes.targets import target_maps, true_boxes
from ICHSegmentationLib.segmentation import two_stage
from ICHSegmentationLib.segmentation.boxes.segmentation import label_boxes, label_union
from ICHSegmentationLib.systems import build_segmenter

pytestmark = pytest.mark.slow

SHARES = {"preprocess": 0.4, "infer": 0.4, "postprocess": 0.2}
INFO = RuntimeInfo(device="cpu", backend="torch", threads=1, precision="f32")
DETECTOR = model_entry(name="finder", system="detector", score_threshold=0.5)


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


class BrightCrops:
    """Probability of blood rises from 0 to 1 around 45 HU."""

    info = INFO
    warnings = ()

    def __init__(self):
        self.shapes = []

    def probabilities(self, images, **_):
        self.shapes.append(images.shape)
        blood = np.clip((images[:, :1] * 80 - 40) / 10, 0, 1)
        return np.concatenate([1 - blood, blood], axis=1)


class BrightBoxes:
    """Says what a perfect detector would of what is bright and away from bone; calls it SDH."""

    info = INFO
    warnings = ()
    blind = False

    def probabilities(self, images, **_):
        answers = []
        for image in images:
            hu = image[len(image) // 2] * 80
            blood = (hu > 45) & ~ndimage.binary_dilation(hu > 70, iterations=6) & (not self.blind)
            maps = target_maps(true_boxes(blood.astype(np.uint8) * Subtype.SDH), hu.shape)
            kinds = np.stack([maps[0] == kind for kind in range(1, 6)])
            answers.append(np.concatenate([kinds, maps[1:5], np.maximum(maps[5:], 1e-3)]).astype(np.float32))
        return np.stack(answers)


@pytest.fixture
def a_detector(monkeypatch):
    """An installed detector."""
    detector = BrightBoxes()
    install_companion(monkeypatch, DETECTOR, detector)
    return detector


def second_stage(runtime=None, **changes):
    values = {"name": "inside", "system": "two_stage", "classes": ("background", "ICH"), "neighbours": 0}
    entry = model_entry(**(values | {"crop_px": CROP_PX, "detector": "finder"} | changes))
    return build_segmenter(entry, runtime or BrightCrops())


def segment(segmenter, volume):
    return segmenter.segment(volume, Stages(SHARES), force=False)


# The crop


def test_a_crop_shows_the_box_with_its_margin_and_comes_back():
    spec = InputSpec((0.0, 80.0), 0.8, 256, 0, 0.0)
    rows_mm, columns_mm = np.arange(200) * 0.45, np.arange(180) * 0.5
    rows, columns = np.meshgrid(rows_mm, columns_mm, indexing="ij")
    disc = np.hypot(rows - 40, columns - 50) <= 15
    sampling = CropSampling.around(rows_mm, columns_mm, disc, spec)
    extents = [(axis[0], axis[-1]) for axis in (sampling.crop_rows_mm, sampling.crop_columns_mm)]
    for middle, (first, last) in zip((40, 50), extents, strict=True):
        assert (first + last) / 2 == pytest.approx(middle, abs=0.3)
        assert last - first == pytest.approx(30 * 1.2, abs=1.0)
    crop = sampling.to_crop(disc)
    assert crop.shape == (CROP_PX, CROP_PX)
    assert dice(sampling.to_source(crop) >= 0.5, disc) > 0.97


def test_a_small_box_is_shown_with_what_lies_around_it():
    spec = InputSpec((0.0, 80.0), 0.8, 256, 0, 0.0)
    axis_mm = np.arange(100) * 0.5
    dot = np.zeros((100, 100), dtype=bool)
    dot[50:53, 40:43] = True
    sampling = CropSampling.around(axis_mm, axis_mm, dot, spec)
    assert np.ptp(sampling.crop_rows_mm) == pytest.approx(16, abs=0.1)


# Inside a box


@pytest.mark.parametrize("tilt_deg", [0, 18])
@pytest.mark.parametrize("steps_mm", [[5.0] * 33, [4.0] * 20 + [7.0] * 12, [1.5] * 108])
def test_blood_in_a_box_is_found_in_place(steps_mm, tilt_deg):
    grid = head_grid(steps_mm, tilt_deg=tilt_deg, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    volume, clot = head_volume(grid), ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    (box,) = lesion_boxes(labelled(grid, (Subtype.EDH, clot)))
    runtime = BrightCrops()
    labels = label_boxes(second_stage(runtime), volume, [box], lambda _: None).labels
    assert np.unique(labels).tolist() == [0, Subtype.EDH]
    assert dice(labels > 0, clot) > 0.93
    assert runtime.shapes == [(box.slices[1] - box.slices[0] + 1, 1, CROP_PX, CROP_PX)]


@pytest.mark.parametrize(("order", "flips"), AXIS_ORDERS[::5])
def test_every_axis_order_gives_the_clot_in_its_box(tmp_path, order, flips):
    grid = head_grid([5.0] * 33, oblique_deg=(6, -4, 9), rows=72, columns=64, spacing_mm=(2.8, 2.8))
    clot = np.where(ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM), 500, -500).astype(np.int16)
    files = [write_nifti(tmp_path / f"{name}.nii.gz", *in_axis_order(array, grid.affine_ras, order, flips))
             for name, array in (("ct", head_hu(grid)), ("clot", clot))]  # fmt: skip
    volume, truth = read_ct(files[0]), read_ct(files[1]).hu > 0
    (box,) = lesion_boxes(labelled(volume.grid, (Subtype.IPH, truth)))
    assert dice(label_boxes(second_stage(), volume, [box], lambda _: None).labels > 0, truth) > 0.9


# With the detector


@pytest.mark.usefixtures("a_detector")
@pytest.mark.parametrize("tilt_deg", [0, 18])
def test_boxes_are_found_linked_and_filled(tilt_deg):
    grid = head_grid([4.0] * 20 + [7.0] * 12, tilt_deg=tilt_deg, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    clot = ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    result = segment(second_stage(), head_volume(grid))
    assert result.further_models == (DETECTOR,)
    assert np.unique(result.label_map.labels).tolist() == [0, Subtype.SDH]
    assert dice(result.label_map.labels > 0, clot) > 0.9
    (box,) = result.boxes
    assert box.subtype == "SDH"
    assert box.confidence > 0.9
    (true,) = lesion_boxes(labelled(grid, (Subtype.SDH, clot)))
    np.testing.assert_allclose(box.edges(grid), true.edges(grid), atol=2)
    np.testing.assert_allclose(box.slices, true.slices, atol=1)


@pytest.mark.usefixtures("a_detector")
@pytest.mark.parametrize(
    ("order", "flips"), [(order, flips) for order, flips in AXIS_ORDERS if order[2] == 2 or flips == (True,) * 3]
)
def test_boxes_come_back_to_the_files_own_slices(tmp_path, order, flips):
    grid = head_grid([5.0] * 33, rows=72, columns=64, spacing_mm=(2.8, 2.8))
    clot = np.where(ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM), 500, -500).astype(np.int16)
    files = [write_nifti(tmp_path / f"{name}.nii.gz", *in_axis_order(array, grid.affine_ras, order, flips))
             for name, array in (("ct", head_hu(grid)), ("clot", clot))]  # fmt: skip
    volume, truth = read_ct(files[0]), read_ct(files[1]).hu > 0
    if two_stage.CanonicalOrientation.of(volume.grid).axes[0] == 0:
        assert dice(segment(second_stage(pixel_mm=1.6), volume).label_map.labels > 0, truth) > 0.85
    else:
        with raises(InputError, "segmentation.axial_slices_only", name="inside"):
            segment(second_stage(pixel_mm=1.6), volume)


class PaddedBoxes(BrightBoxes):
    """Marks blood in the padding around a small image as well."""

    def probabilities(self, images, **_):
        answers = []
        for image in images:
            blood = np.zeros(image.shape[1:], dtype=np.uint8)
            blood[:12, :12] = blood[-12:, -12:] = Subtype.SAH
            blood[100:130, :120] = Subtype.SDH
            maps = target_maps(true_boxes(blood), blood.shape)
            kinds = np.stack([maps[0] == kind for kind in range(1, 6)])
            answers.append(np.concatenate([kinds, maps[1:5], np.maximum(maps[5:], 1e-3)]).astype(np.float32))
        return np.stack(answers)


@pytest.mark.parametrize("joining", ["boxes", "union"])
@pytest.mark.parametrize("tilt_deg", [0, 18])
def test_boxes_of_the_detector_are_clipped_to_a_small_image(monkeypatch, joining, tilt_deg):
    install_companion(monkeypatch, DETECTOR, PaddedBoxes())
    grid = head_grid([5.0] * 12, tilt_deg=tilt_deg, rows=80, columns=64, spacing_mm=(1.6, 1.6))
    result = second_stage(joining=joining).segment(head_volume(grid), Stages(SHARES), force=True)
    assert {box.subtype for box in result.boxes} >= {"SDH"}
    offsets = in_plane(grid, grid.positions_mm) - 0.5
    for box in result.boxes:
        assert (box.edges(grid)[0] >= offsets.min(axis=0) - 0.01).all()
        assert (box.edges(grid)[1] <= offsets.max(axis=0) + grid.shape[1:] + 0.01).all()
        assert box.voxels(grid).inside.any()


def test_no_box_gives_empty_labels_and_no_error(a_detector):
    a_detector.blind = True
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    result = segment(second_stage(), head_volume(grid))
    assert not result.label_map.labels.any()
    assert result.boxes == ()


def test_the_union_of_the_boxes_takes_what_lies_between_them_too():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    middle = ellipsoid_mask(grid, (0, 0, 0), (9, 9, 12))
    left, right = (ellipsoid_mask(grid, (side, 0, 0), (8, 8, 12)) for side in (30, -30))
    hu = np.where(middle | left | right, 60, np.minimum(head_hu(grid), 900)).astype(np.int16)
    hu[ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM) & ~(middle | left | right)] = 30
    volume = head_volume(grid).__class__(hu, grid)
    boxes = lesion_boxes(labelled(grid, (Subtype.IPH, left), (Subtype.IVH, right)))
    apart = label_boxes(second_stage(), volume, boxes, lambda _: None).labels
    joined = label_union(second_stage(), volume, boxes, lambda _: None).labels
    assert dice(apart == Subtype.IPH, left) > 0.9
    assert dice(apart == Subtype.IVH, right) > 0.9
    assert not apart[middle].any()
    assert dice((joined == Subtype.IPH) & left, left) > 0.85
    assert dice((joined == Subtype.IVH) & right, right) > 0.85
    seen = middle & (left | right).any(axis=(1, 2))[:, None, None]
    assert joined[seen].astype(bool).mean() > 0.8


def test_a_detector_that_is_not_installed_is_named(monkeypatch):
    install_companion(monkeypatch, None)
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    with raises(MissingModelError, "segmentation.detector_missing", name="inside", detector="finder"):
        segment(second_stage(), head_volume(grid))


def test_a_detector_alone_does_not_segment():
    with raises(ModelError, "systems.boxes_only", name="finder"):
        build_segmenter(DETECTOR, BrightBoxes())
