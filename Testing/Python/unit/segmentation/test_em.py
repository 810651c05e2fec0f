# SPDX-License-Identifier: Apache-2.0
"""The mixture model alone and inside boxes, on heads of known content and on real ones."""

from __future__ import annotations

import numpy as np
import pytest
from builders.affine_files import AXIS_ORDERS, in_axis_order, write_nifti
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.no_models import install_without_models
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_hu

from ICHSegmentationLib import read_ct, segment
from ICHSegmentationLib.core.errors import CancelledError, InputError, NotAHeadError
from ICHSegmentationLib.core.lesion_boxes import LesionBox, lesion_boxes
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.preprocessing.head import intracranial_mask
from ICHSegmentationLib.research.training.data.clot import derive_clot
from ICHSegmentationLib.research.training.datasets.phe_sich import SPACING_MM, read_case

pytestmark = pytest.mark.slow

UNEVEN = [4.0] * 16 + [7.0] * 12


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


def codes(result):
    return [getattr(warning, "code", "") for warning in result.warnings]


def noisy_head(grid) -> CTVolume:
    noise = np.random.default_rng(3).normal(0, 4, grid.shape)
    return CTVolume(np.rint(head_hu(grid) + noise).astype(np.int16), grid)


@pytest.fixture(scope="module")
def a_grid():
    return head_grid(UNEVEN, tilt_deg=12, rows=130, columns=112, spacing_mm=(1.6, 1.6))


@pytest.fixture(scope="module")
def a_head(a_grid):
    return noisy_head(a_grid)


@pytest.fixture(scope="module")
def a_clot(a_grid):
    return ellipsoid_mask(a_grid, CLOT_CENTRE_MM, CLOT_RADII_MM)


@pytest.fixture(scope="module")
def a_box(a_grid, a_clot):
    (box,) = lesion_boxes(labelled(a_grid, (Subtype.SDH, a_clot)))
    return box


def test_alone_it_finds_blood_without_a_subtype_and_says_what_it_is(a_head, a_clot):
    result = segment(a_head, "em")
    assert np.unique(result.label_map.labels).tolist() == [0, UNKNOWN_SUBTYPE]
    assert dice(result.label_map.labels > 0, a_clot) > 0.93
    (box,) = result.boxes
    assert box.subtype == "ICH"
    assert box.confidence > 0.9
    assert (result.model.name, result.model.sha256, result.runtime.backend) == ("em", "", "numpy")
    assert "segmentation.brightness_only" in codes(result)
    assert not any("No trained model" in warning for warning in result.warnings)


def test_the_same_scan_gives_the_same_labels(a_head):
    first, second = (segment(a_head, "em").label_map.labels for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_head_without_blood_is_left_alone(a_grid, a_head, a_clot):
    hu = a_head.hu.copy()
    hu[a_clot] -= 30
    assert not segment(CTVolume(hu, a_grid), "em").label_map.labels.any()


def test_calcification_is_not_blood(a_grid, a_head, a_clot):
    hu = a_head.hu.copy()
    hu[a_clot] = 300
    assert not segment(CTVolume(hu, a_grid), "em").label_map.labels.any()


def test_in_a_box_blood_has_the_box_s_subtype_and_stays_inside(a_head, a_clot, a_box):
    result = segment(a_head, "em", boxes=[a_box])
    labels = result.label_map.labels
    assert np.unique(labels).tolist() == [0, Subtype.SDH]
    assert dice(labels > 0, a_clot) > 0.95
    region, inside = a_box.voxels(a_head.grid)
    assert (labels[region][inside] > 0).sum() == (labels > 0).sum()
    assert result.boxes == (a_box,)
    assert "segmentation.brightness_in_boxes" in codes(result)


def test_half_a_box_gives_half_a_clot(a_head, a_clot, a_box):
    first, last = a_box.slices
    half = LesionBox(**(a_box.model_dump() | {"slices": (first, (first + last) // 2)}))
    labels = segment(a_head, "em", boxes=[half]).label_map.labels
    assert not labels[half.slices[1] + 1 :].any()
    assert dice(labels[: half.slices[1] + 1] > 0, a_clot[: half.slices[1] + 1]) > 0.95


def test_blood_too_faint_to_be_found_alone_is_found_in_a_box(a_grid, a_head, a_clot, a_box):
    hu = a_head.hu.copy()
    hu[a_clot] -= 20
    faint = CTVolume(hu, a_grid)
    assert dice(segment(faint, "em").label_map.labels > 0, a_clot) < 0.3
    assert dice(segment(faint, "em", boxes=[a_box]).label_map.labels > 0, a_clot) > 0.8


def test_no_box_gives_empty_labels(a_head):
    result = segment(a_head, "em", boxes=[])
    assert not result.label_map.labels.any()
    assert result.boxes == ()


def test_a_box_outside_the_head_gives_nothing_there(a_head):
    corner, opposite = a_head.grid.points_mm(np.array([[10, 0, 0], [12, 8, 8]])).tolist()
    box = LesionBox(subtype="IPH", from_lps_mm=corner, to_lps_mm=opposite, slices=(10, 12))
    assert not segment(a_head, "em", boxes=[box]).label_map.labels.any()


@pytest.mark.parametrize(("order", "flips"), AXIS_ORDERS)
def test_every_axis_order_gives_the_clot_in_its_place(tmp_path, order, flips):
    grid = head_grid([5.0] * 33, oblique_deg=(6, -4, 9), rows=72, columns=64, spacing_mm=(2.8, 2.8))
    stored, affine = in_axis_order(noisy_head(grid).hu, grid.affine_ras, order, flips)
    clot = np.where(ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM), 500, -500).astype(np.int16)
    mask, _ = in_axis_order(clot, grid.affine_ras, order, flips)
    volume = read_ct(write_nifti(tmp_path / "ct.nii.gz", stored, affine))
    truth = read_ct(write_nifti(tmp_path / "truth.nii.gz", mask, affine)).hu > 0
    (box,) = lesion_boxes(labelled(volume.grid, (Subtype.IPH, truth)))
    assert dice(segment(volume, "em").label_map.labels > 0, truth) > 0.85
    assert dice(segment(volume, "em", boxes=[box]).label_map.labels > 0, truth) > 0.9


def test_what_is_not_a_head_is_refused(a_grid):
    air = CTVolume(np.full(a_grid.shape, -1000, dtype=np.int16), a_grid)
    with pytest.raises(NotAHeadError):
        segment(air, "em")
    with pytest.raises(NotAHeadError):
        segment(air, "em", boxes=[])
    assert not segment(air, "em", force=True).label_map.labels.any()


@pytest.mark.parametrize("stage", ["preprocess", "infer", "postprocess"])
def test_it_stops_when_asked(a_head, stage):
    seen = []
    with pytest.raises(CancelledError):
        segment(a_head, "em", progress=lambda name, _: seen.append(name), cancel=lambda: stage in seen)
    assert seen[-1] == stage


def test_a_system_that_does_not_take_boxes_says_which_does(a_head, a_box):
    with raises(InputError, "segmentation.no_boxes_taken", name="transhardnet-compact", alternative="em"):
        segment(a_head, "transhardnet-compact", boxes=[a_box])


def test_it_stands_in_where_no_model_is_installed(a_head, a_clot, monkeypatch, tmp_path):
    install_without_models(tmp_path, monkeypatch)
    result = segment(a_head)
    assert result.model.name == "em"
    assert result.warnings[0].code == "pipeline.no_trained_model"
    assert dice(result.label_map.labels > 0, a_clot) > 0.93


@pytest.mark.parametrize("name", ["0056", "0119"])
def test_a_real_clot_is_found_alone_and_in_its_box(shared_data, name):
    case = read_case(shared_data / "phe-sich", name)
    inside = intracranial_mask(case.hu, SPACING_MM[1:])
    clot = derive_clot(np.clip(case.hu, 0, 80), case.edema, inside, SPACING_MM)
    box, *_ = lesion_boxes(labelled(case.grid, (Subtype.IPH, clot)))
    volume = CTVolume(case.hu, case.grid)
    assert dice(segment(volume, "em").label_map.labels > 0, clot) > 0.9
    assert dice(segment(volume, "em", boxes=[box]).label_map.labels > 0, clot) > 0.92
